"""The documents of outreach, their indexes and queries: one module per subject."""
