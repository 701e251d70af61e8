"""What is hurt loses nothing and doubles nothing."""
