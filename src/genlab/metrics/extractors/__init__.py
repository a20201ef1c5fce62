"""Networks that turn pictures into the features that metrics compare."""
