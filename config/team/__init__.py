"""Roles on screens, and the team over REST: roles, members, invitations and API keys."""
