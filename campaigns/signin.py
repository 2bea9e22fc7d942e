"""What this app signs in at the registries of lower apps."""
