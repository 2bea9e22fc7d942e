"""What pages and answers of every app lean on: links, rows, kept sentences, errors in words."""
