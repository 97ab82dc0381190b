"""Training data out of a run: rows from its journal, filters that count what they take, formats, and the card."""
