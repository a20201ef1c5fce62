"""The run folder: its files, its status, its lock, and the store that finds it again."""
