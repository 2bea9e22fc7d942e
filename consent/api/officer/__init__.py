"""What officers look after: retention, the data map, incidents."""
