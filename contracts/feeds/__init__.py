"""The facts that feeds publishes: which other system gets what of whom, for which purpose."""
