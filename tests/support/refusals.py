"""The refusals that a service may answer with."""

from contracts.refusals import RefusedError


def errors_of(service: str) -> list[type[RefusedError]]:
    """Return every refusal that the modules of a service define, as far as they are imported."""
    return [error for error in RefusedError.__subclasses__() if error.__module__.startswith(f"services.{service}.")]
