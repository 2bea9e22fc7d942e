"""What a report says more closely: by link, by hour and day, and against campaigns like it."""
