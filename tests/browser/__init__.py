"""Stories at the console, in a browser."""
