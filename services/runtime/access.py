"""Verify who is calling and what they may do: a bearer token has a role and a division. The default is to refuse."""

import json
import logging
import math
import re
import time
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials as Bearer
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from starlette.datastructures import Headers
from starlette.types import Scope

from contracts.reference.divisions import covers
from services.runtime.logs import REPEATING
from services.runtime.problems import Problem

BEARER = HTTPBearer(auto_error=False, description="A token with a role and a division; `make token` prints one.")
ALGORITHM = "ES256"
KINDS = frozenset({"at+jwt", "application/at+jwt"})
"""What the header of a token says it is (RFC 9068): an access token, nothing else that the issuer signs."""
HEADER = frozenset({"alg", "typ", "kid"})
"""What a header may have: nothing that names a key of its own, or that must be understood beside these."""
LIFETIME = 12 * 3600
SERVICE_LIFETIME = 31 * 24 * 3600
"""Seconds from its issue to its end that a token for another service of ours may have, which nobody signs in for."""
SKEW = 30
"""Seconds by which the issuer's clock may be ahead."""
LONGEST_SUBJECT = 255
SCOPE = re.compile(r"(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?")
"""A province, city, district, street or village (GB/T 2260, GB/T 10114); empty, the whole country.

A village covers what is kept under its 12 digits alone, not the street around it.
"""


class Role(StrEnum):
    """The role of a caller; each route lists the roles it admits. `service` is another service of ours."""

    CLERK = "clerk"
    HEALTH_WORKER = "health_worker"
    SUPERVISOR = "supervisor"
    DISTRICT = "district"
    INTEGRATOR = "integrator"
    ADMIN = "admin"
    SERVICE = "service"


EVERYWHERE = (Role.ADMIN, Role.SERVICE)
"""The roles whose scope may be the whole country."""
Within = Callable[[str, str], bool]
"""From the codes of a scope and a division: whether the scope covers the division."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request, as the verified token says."""

    subject: str
    role: Role
    division: str
    within: Within = covers
    ends_at: float = field(default=math.inf, compare=False)
    """When the token is over, in seconds since 1970."""

    def covers(self, division: str) -> bool:
        """Return whether the scope covers a division: 320507 covers 320507001 and divisions merged into it."""
        return self.within(self.division, division)

    def must_cover(self, division: str) -> None:
        """Raise Problem (403) if the scope does not cover a division."""
        if not self.covers(division):
            raise Problem(403, "outside_your_division", f"Your token covers {self.division or 'all'}, not {division}.")


def audience_of(service: str) -> str:
    """Return the audience of tokens for a service."""
    return f"houniao-{service}"


def issue(  # noqa: PLR0913  # each is a claim
    private_jwk: str,
    *,
    services: Iterable[str],
    subject: str,
    role: str,
    division: str,
    issuer: str = "houniao-local",
    lifetime: int = LIFETIME,
) -> str:
    """Return a signed token (ES256, RFC 9068) for a local account; deployments use an OpenID Connect provider."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": [audience_of(service) for service in services],
        "sub": subject,
        "role": Role(role).value,
        "division": division,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt"}, claims, ECKey.import_key(json.loads(private_jwk)))


class Gate:
    """Verifies tokens for one service against the public keys that the deployment trusts."""

    def __init__(
        self, jwks: str, issuer: str, service: str, within: Within = covers, longest: float = LIFETIME
    ) -> None:
        self._within = within
        self._longest = longest
        keys = json.loads(jwks)
        self._keys = KeySet.import_key_set(keys) if keys["keys"] else KeySet([])
        self._claims = jwt.JWTClaimsRegistry(
            leeway=SKEW,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience_of(service)},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        self._decode = lru_cache(maxsize=1024)(self._verify_signature)
        self._tell = lru_cache(maxsize=1024)(_tell_sign_in)

    def verify(self, token: str) -> Caller:
        """Return the caller that a token was issued to; raise Problem (401) if the token is not valid."""
        try:
            claims = self._decode(token)
            self._claims.validate(dict(claims))
            role = Role(claims["role"])
            self._must_be_in_time(claims["iat"], claims["exp"], role)
            scope = _scope(claims["division"], role)
            caller = Caller(_subject(claims["sub"]), role, scope, self._within, claims["exp"])
        # RecursionError: a header or payload nested too deep to be read
        except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise _bad_token() from error
        self._tell(caller, claims["iat"])
        return caller

    def ends_at(self, token: str) -> float:
        """Return when a token ends, in seconds since 1970; raise Problem (401) if nobody whom we trust signed it."""
        try:
            return float(self._decode(token)["exp"])
        except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise _bad_token() from error

    def _verify_signature(self, token: str) -> dict[str, Any]:
        read = jwt.decode(token, self._keys, algorithms=[ALGORITHM])
        if not read.header.keys() <= HEADER or str(read.header.get("typ")).lower() not in KINDS:
            raise ValueError("header")
        return dict(read.claims)

    def _must_be_in_time(self, issued: float, ends: float, role: Role) -> None:
        """Raise ValueError if a token is over, or was given for longer than tokens may be."""
        longest = SERVICE_LIFETIME if role == Role.SERVICE else self._longest
        if not (time.time() < ends and 0 < ends - issued <= longest):
            raise ValueError("exp")


def _bad_token() -> Problem:
    return Problem(401, "bad_token", "Sign in again: the token is missing, false or out of date.")


def _tell_sign_in(caller: Caller, _: float) -> None:
    """Write into the log that a token was taken, the first time that it is."""
    told = {"subject": caller.subject, "role": caller.role.value, "division": caller.division}
    REPEATING.tell(caller.subject, logging.INFO, "signed in", told)


def _subject(value: str) -> str:
    if len(value) > LONGEST_SUBJECT:
        raise ValueError("sub")
    return value


def _scope(value: Any, role: Role) -> str:
    """Return the division of a token; raise ValueError if it is no scope, or the whole country for a person's role."""
    if not isinstance(value, str) or not SCOPE.fullmatch(value) or (value == "" and role not in EVERYWHERE):
        raise ValueError("division")
    return value


async def sign_in(request: Request, bearer: Annotated[Bearer | None, Depends(BEARER)]) -> Caller:
    """Return the caller by the token of a request; raise Problem (401) without a valid one."""
    return _caller_of(request.scope, bearer.credentials if bearer else "")


def _caller_of(scope: Scope, token: str) -> Caller:
    """Return the caller and note it in the request's scope, so that the log can tell who was refused."""
    if not token:
        raise Problem(401, "no_token", "Send the header 'Authorization: Bearer <token>'.")
    gate: Gate = scope["app"].state.gate
    scope["caller"] = caller = gate.verify(token)
    return caller


class Admission:
    """The dependency of a route that admits callers of some roles."""

    def __init__(self, admitted: AbstractSet[Role]) -> None:
        self.admitted = admitted

    async def __call__(self, caller: Annotated[Caller, Depends(sign_in)]) -> Caller:
        """Return the caller if the route is for one like that."""
        return self.check(caller)

    def check(self, caller: Caller) -> Caller:
        """Return the caller; raise a problem with status 403 if the role is another."""
        if caller.role not in self.admitted:
            raise Problem(403, "not_your_role", f"This is for: {', '.join(sorted(self.admitted))}.")
        return caller


def allow(*roles: Role) -> Admission:
    """Return a dependency that admits callers of the given roles; an admin is admitted everywhere."""
    return Admission({*roles, Role.ADMIN})


def admit_early(route: APIRoute, scope: Scope) -> None:
    """Raise a problem unless a route admits the caller, which takes nothing of a request but its headers."""
    admission = _admission_in(route.dependant)
    if admission is not None:
        scheme, token = get_authorization_scheme_param(Headers(scope=scope).get("authorization"))
        admission.check(_caller_of(scope, token if scheme.lower() == "bearer" else ""))


def roles_admitted(route: APIRoute) -> AbstractSet[Role]:
    """Return the roles that a route admits: none where it does not ask who is asking."""
    admission = _admission_in(route.dependant)
    return admission.admitted if admission else frozenset()


def _admission_in(dependant: Dependant) -> Admission | None:
    if isinstance(dependant.call, Admission):
        return dependant.call
    return next((found for one in dependant.dependencies if (found := _admission_in(one))), None)
