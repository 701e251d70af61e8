"""What the demo's provider has granted: codes that are good once, refresh tokens that are good once each."""

import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from deploy.local.accounts import Account

CODE_SECONDS = 60.0
REFRESH_SECONDS = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asked for when it sent somebody here."""

    challenge: str
    nonce: str
    redirect_uri: str


@dataclass(slots=True)
class Grant:
    """That somebody let a client in; every token for it is void with it."""

    account: Account
    asked: Asked
    ends: float
    void: bool = False


@dataclass(slots=True)
class Grants:
    """The grants of this process; who signed in before it started signs in anew."""

    _by_code: dict[str, Grant] = field(default_factory=dict)
    _by_refresh: dict[str, Grant] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def give_code(self, account: Account, asked: Asked) -> str:
        """Return a code for a client whom somebody let in."""
        code = secrets.token_urlsafe(32)
        self._by_code[code] = Grant(account, asked, time.monotonic() + CODE_SECONDS)
        return code

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> Grant | None:
        """Return what a code was given for; None if it is wrong, late, or another's. Used twice it is void."""
        grant = self._by_code.get(code)
        if grant is None or self._is_used(code, grant) or time.monotonic() > grant.ends:
            return None
        if (_challenge(verifier), redirect_uri) != (grant.asked.challenge, grant.asked.redirect_uri):
            return None
        grant.ends = time.monotonic() + REFRESH_SECONDS
        return grant

    def give_refresh(self, grant: Grant) -> str:
        """Return a token by which a grant is renewed, once."""
        refresh = secrets.token_urlsafe(32)
        self._by_refresh[refresh] = grant
        return refresh

    def renew(self, refresh: str) -> Grant | None:
        """Return the grant of a refresh token; None if it is void. One that is used twice was stolen: all is void."""
        grant = self._by_refresh.get(refresh)
        if grant is None or self._is_used(refresh, grant) or time.monotonic() > grant.ends:
            return None
        return grant

    def revoke(self, refresh: str) -> None:
        """Make a grant void, by any refresh token that it ever had."""
        if grant := self._by_refresh.get(refresh):
            grant.void = True

    def _is_used(self, token: str, grant: Grant) -> bool:
        grant.void |= token in self._used
        self._used.add(token)
        return grant.void


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
