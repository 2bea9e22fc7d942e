"""Objects that users make: changed from what was seen, used by others, put away."""
