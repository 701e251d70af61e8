"""The documents that registration reads and writes, their indexes and queries: one module per subject."""
