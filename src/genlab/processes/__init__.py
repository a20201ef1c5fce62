"""What is done to data on the way to noise."""
