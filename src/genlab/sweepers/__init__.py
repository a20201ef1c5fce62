"""Which jobs a sweep has: a Hydra sweeper in each file."""
