"""What is seen of many people at once."""
