"""What a person is told when the local stack can't go on, and what to do about it."""


class LocalStackError(Exception):
    """The local stack can't do this; the message says why and what to do."""
