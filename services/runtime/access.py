"""Who may do what: bearer tokens with a role and a division, whose code is a scope by prefix. The default is no."""

import json
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


class Role(StrEnum):
    """What a caller is: each route names the roles it admits."""

    CLERK = "clerk"
    HEALTH_WORKER = "health_worker"
    SUPERVISOR = "supervisor"
    DISTRICT = "district"
    INTEGRATOR = "integrator"
    ADMIN = "admin"


Within = Callable[[str, str], bool]
"""Says whether a scope covers a division."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: verified by the token's signature."""

    subject: str
    role: Role
    division: str
    within: Within = covers

    def covers(self, division: str) -> bool:
        """Say whether a division lies within the scope: 320507 covers 320507001, and what was merged into it."""
        return self.within(self.division, division)

    def must_cover(self, division: str) -> None:
        """Refuse a caller whose scope does not cover a division."""
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
    """Sign a token for a local account (ES256, RFC 7519); deployments have an OpenID Connect provider instead."""
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
        """Give the caller that a token speaks for, or refuse it."""
        try:
            claims = self._decode(token)
            self._claims.validate(dict(claims))
            return Caller(str(claims["sub"]), Role(claims["role"]), _scope(claims["division"]), self._within)
        except (JoseError, ValueError, KeyError) as error:
            raise Problem(401, "bad_token", "Sign in again: the token is missing, false or out of date.") from error

    def _verify_signature(self, token: str) -> dict[str, Any]:
        return dict(jwt.decode(token, self._keys, algorithms=[ALGORITHM]).claims)


def _scope(value: Any) -> str:
    if not isinstance(value, str) or not (value == "" or value.isdecimal()) or len(value) > 12:
        raise ValueError("division")
    return value


async def sign_in(request: Request, bearer: Annotated[Bearer | None, Depends(BEARER)]) -> Caller:
    """Return who asks, by the token; raise a problem with status 401 if there is none that is valid."""
    return _caller_of(request.app.state.gate, bearer.credentials if bearer else "")


def _caller_of(gate: Gate, token: str) -> Caller:
    if not token:
        raise Problem(401, "no_token", "Send the header 'Authorization: Bearer <token>'.")
    return gate.verify(token)


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
        admission.check(_caller_of(scope["app"].state.gate, token if scheme.lower() == "bearer" else ""))


def _admission_in(dependant: Dependant) -> Admission | None:
    if isinstance(dependant.call, Admission):
        return dependant.call
    return next((found for one in dependant.dependencies if (found := _admission_in(one))), None)
