"""Console pages of segments."""
