"""Operators make challengers. Each file holds one; `base.py` says what they see and what they return."""
