"""The documents of feeds, their indexes and queries."""
