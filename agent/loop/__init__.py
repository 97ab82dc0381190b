"""The loop: sessions, the graph of an iteration, the sealed test."""
