"""Privacy, Data map: fields with their tags, and the register of processing."""
