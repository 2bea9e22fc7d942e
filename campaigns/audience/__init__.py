"""Who is asked about: people of a segment, or one, as portions that the gate has judged."""
