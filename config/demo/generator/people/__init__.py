"""Who the customers are, what they carry, and when they come."""
