"""Tasks that a run makes itself: evolved from others, or written for an answer. The environment checks each."""
