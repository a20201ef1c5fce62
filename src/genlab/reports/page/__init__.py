"""The HTML page of a report: one file, no server, no network."""
