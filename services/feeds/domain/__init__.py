"""Pure functions that turn a fact into an entry of a feed."""
