"""Where the jobs of a sweep run: a Hydra launcher in each file."""
