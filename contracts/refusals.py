"""A decision that says no: one error for every service, with a stable code and what to do."""


class RefusedError(Exception):
    """A decision that says no; `code` is stable and `advice` says what to do."""

    code = "refused"
    advice = "与现有记录不符。The request does not fit what is known."
    field: str | None = None
    """Which field is wrong, if it is one."""
    version: int | None = None
    """The current version of what was to be decided about, if it is known."""
    status: int = 409
    """The HTTP status; 409 says that the request contradicts the present state."""
