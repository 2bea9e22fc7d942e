"""Writing the demo into the installation, as if it had all come in at its time."""
