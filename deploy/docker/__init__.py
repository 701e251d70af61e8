"""Houniao in containers: what `docker compose up` needs besides the images."""
