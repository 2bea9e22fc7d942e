"""Who works here as what: roles made, changed and taken away, and members given others."""
