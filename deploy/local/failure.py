"""The error for a local stack that can't go on, which tells the user what to do."""


class LocalStackError(Exception):
    """The local stack can't do this; the message says why and what to do."""
