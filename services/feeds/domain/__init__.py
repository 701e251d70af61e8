"""How a fact becomes an entry of a feed."""
