"""Pure decisions on activities, and the criteria of audiences."""
