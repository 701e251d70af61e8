"""The refusal of a request by a domain rule: one error for every service, with a stable code and advice."""


class RefusedError(Exception):
    """A domain rule refuses a request; `code` is stable, `advice` tells the user what to do."""

    code = "refused"
    advice = "与现有记录不符。The request does not fit what is known."
    field: str | None = None
    """The field that is wrong, if one is."""
    version: int | None = None
    """The current version of the subject of the request, if it is known."""
    snapshot: str | None = None
    """Where what is not told any more one by one is told as counts, if that is what the request asks for."""
    status: int = 409
    """The HTTP status; 409 says that the request contradicts the present state."""
