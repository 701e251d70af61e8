"""Pure functions of reporting: the traces of people who moved, and the scores of districts that exchange notices."""
