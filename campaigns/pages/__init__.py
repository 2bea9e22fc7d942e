"""Console pages about campaigns and messages."""
