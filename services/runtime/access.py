"""Verify who is calling and what they may do: a bearer token has a role and a division. The default is to refuse."""

import json
import re
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
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
from services.runtime.problems import Problem

BEARER = HTTPBearer(auto_error=False, description="A token with a role and a division; `make token` prints one.")
ALGORITHM = "ES256"
AUDIENCE = "houniao"
LIFETIME = 12 * 3600
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

    def covers(self, division: str) -> bool:
        """Return whether the scope covers a division: 320507 covers 320507001 and divisions merged into it."""
        return self.within(self.division, division)

    def must_cover(self, division: str) -> None:
        """Raise Problem (403) if the scope does not cover a division."""
        if not self.covers(division):
            raise Problem(403, "outside_your_division", f"Your token covers {self.division or 'all'}, not {division}.")


def issue(
    private_jwk: str,
    *,
    subject: str,
    role: str,
    division: str,
    issuer: str = "houniao-local",
    lifetime: int = LIFETIME,
) -> str:
    """Return a signed token (ES256, RFC 7519) for a local account; deployments use an OpenID Connect provider."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": subject,
        "role": Role(role).value,
        "division": division,
        "iat": now,
        "exp": now + lifetime,
    }
    return jwt.encode({"alg": ALGORITHM}, claims, ECKey.import_key(json.loads(private_jwk)))


class Gate:
    """Verifies tokens against the public keys that the deployment trusts."""

    def __init__(self, jwks: str, issuer: str, within: Within = covers) -> None:
        self._within = within
        keys = json.loads(jwks)
        self._keys = KeySet.import_key_set(keys) if keys["keys"] else KeySet([])
        self._claims = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": AUDIENCE},
            sub={"essential": True},
            exp={"essential": True},
        )
        self._decode = lru_cache(maxsize=1024)(self._verify_signature)

    def verify(self, token: str) -> Caller:
        """Return the caller that a token was issued to; raise Problem (401) if the token is not valid."""
        try:
            claims = self._decode(token)
            self._claims.validate(dict(claims))
            role = Role(claims["role"])
            return Caller(str(claims["sub"]), role, _scope(claims["division"], role), self._within)
        # RecursionError: a header or payload nested too deep to be read
        except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise Problem(401, "bad_token", "Sign in again: the token is missing, false or out of date.") from error

    def _verify_signature(self, token: str) -> dict[str, Any]:
        return dict(jwt.decode(token, self._keys, algorithms=[ALGORITHM]).claims)


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
        self._admitted = admitted

    async def __call__(self, caller: Annotated[Caller, Depends(sign_in)]) -> Caller:
        """Return the caller if the route is for one like that."""
        return self.check(caller)

    def check(self, caller: Caller) -> Caller:
        """Return the caller; raise a problem with status 403 if the role is another."""
        if caller.role not in self._admitted:
            raise Problem(403, "not_your_role", f"This is for: {', '.join(sorted(self._admitted))}.")
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


def _admission_in(dependant: Dependant) -> Admission | None:
    if isinstance(dependant.call, Admission):
        return dependant.call
    return next((found for one in dependant.dependencies if (found := _admission_in(one))), None)
