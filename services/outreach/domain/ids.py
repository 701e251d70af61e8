"""Ids of what has no natural one: from the request that made it, so that a repeated request makes nothing twice."""

from hashlib import sha256


def id_from(subject: str, cause: str) -> str:
    """Return the id of what a request made (32 hexadecimal digits)."""
    return sha256(f"{subject}|{cause}".encode()).hexdigest()[:32]
