"""The checks of promises, by what they look at."""
