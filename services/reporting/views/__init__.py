"""The documents that reporting reads, their indexes and queries: one module per subject."""
