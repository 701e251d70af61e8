"""The documents that registration reads, their indexes and queries: one module per subject."""
