"""The ground floor: the installation's own records, and the tools that every app stands on."""
