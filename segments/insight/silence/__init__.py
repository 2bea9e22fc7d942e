"""What rules read, and no longer comes as it did: noticed before people drop out."""
