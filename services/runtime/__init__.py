"""The runtime that every service is built on; it knows no service."""
