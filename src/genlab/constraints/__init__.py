"""What is imposed on a sample between the steps of a solver."""
