"""The documents that outreach reads, their indexes and queries: one module per subject."""
