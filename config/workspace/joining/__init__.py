"""How somebody comes to the team: invitations, and ways to a new password."""
