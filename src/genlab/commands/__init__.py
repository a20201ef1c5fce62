"""The verbs: each composes a config, builds the parts, and runs."""
