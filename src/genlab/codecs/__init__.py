"""Data <-> what a model sees."""
