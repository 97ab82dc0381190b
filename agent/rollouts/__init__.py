"""Having programs answer tasks, and what they are shown."""
