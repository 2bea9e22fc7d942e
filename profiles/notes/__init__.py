"""Notes on people: written, changed and taken away by their author, told on the timeline."""
