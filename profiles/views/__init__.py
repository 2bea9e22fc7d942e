"""The console's pages about people and what comes in."""
