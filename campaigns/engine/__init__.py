"""Campaigns as they run: who enters, who is due, what each step does with all who are at it."""
