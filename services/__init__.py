"""The services of Houniao; they share a runtime and the contracts, and no database."""
