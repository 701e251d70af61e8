"""Houniao in containers: what `docker compose up` needs besides images."""
