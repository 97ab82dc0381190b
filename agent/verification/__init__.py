"""Deriving again what a run claims, with no model."""
