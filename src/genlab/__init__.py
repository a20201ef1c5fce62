"""genlab: configuration-driven experiments with generative models."""

__version__ = "0.1.0"

RESULTS_VERSION = 2
"""Raised by one whenever the same config would give other numbers; part of every run's fingerprint."""
