"""Single sign-on: what a provider's word makes of somebody here."""
