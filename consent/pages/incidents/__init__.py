"""Privacy, Incidents: the list, and the report of one."""
