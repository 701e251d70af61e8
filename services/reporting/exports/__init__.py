"""Reports as files: each module writes one form from what a report says."""
