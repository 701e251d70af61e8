"""For integrators: a follower of feeds to copy, and bridges from feeds and reports to systems of the field."""
