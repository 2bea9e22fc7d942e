"""Liquid for messages: environments, tags and filters of ours, limited and cached."""
