"""People taken out as files: asked for, made, handed over."""
