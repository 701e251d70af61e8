"""The documents that archives reads, their indexes and queries: one module per subject."""
