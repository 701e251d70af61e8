"""The OpenID Connect provider: where people sign in, and what it then gives us (code flow with PKCE, RFC 9700)."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.console.settings import ConsoleSettings
from services.runtime.problems import Problem

ALGORITHMS = ["ES256", "PS256", "RS256"]
"""What an ID token may be signed with."""
KNOWN_FOR = 300.0
"""Seconds for which the provider's description and keys are not asked for anew."""
SKEW = 30
AWAY = "登录服务暂时无法访问，请稍后重试。The sign-in service is away; try again in a moment."
REFUSED = "登录未完成，请重新登录。Signing in was not completed; sign in again."


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider gave for a person: an access token, what it is renewed with, and the person's name."""

    access: str
    refresh: str
    subject: str = ""
    name: str = ""


class ProviderAwayError(Problem):
    """The provider can't be reached, or answers what no provider does."""

    def __init__(self) -> None:
        super().__init__(502, "provider_away", AWAY)


class NotGrantedError(Problem):
    """The provider gives no tokens for what we have."""

    def __init__(self) -> None:
        super().__init__(401, "not_granted", REFUSED)


class Provider:
    """The provider as we know it from its description."""

    def __init__(self, settings: ConsoleSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._described: dict[str, Any] = {}
        self._keys = KeySet([])
        self._known_until = 0.0

    async def describe(self) -> Mapping[str, Any]:
        """Return the provider's description (OpenID Connect Discovery); raise ProviderAwayError without one."""
        if time.monotonic() >= self._known_until:
            told = await self._get(f"{self._settings.provider}/.well-known/openid-configuration")
            if told.get("issuer") != self._settings.provider:
                raise ProviderAwayError
            self._keys = _keys_of(await self._get(told["jwks_uri"]))
            self._described, self._known_until = told, time.monotonic() + KNOWN_FOR
        return self._described

    async def address_for(self, *, state: str, nonce: str, verifier: str, choose: bool) -> str:
        """Return where a person signs in; with `choose`, as one of several whom they may be."""
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect,
            "scope": self._settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            **({"prompt": "select_account"} if choose else {}),
        }
        return f"{(await self.describe())['authorization_endpoint']}?{urlencode(asked)}"

    async def redeem(self, code: str, *, verifier: str, nonce: str) -> Tokens:
        """Return the tokens for a code, of whom the ID token names; raise NotGrantedError for a wrong one."""
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect}
        given = await self._ask_for_tokens({**asked, "code_verifier": verifier})
        told = self._verify(given.get("id_token", ""), nonce)
        name = str(told.get("name") or told.get("preferred_username") or told["sub"])
        return Tokens(given["access_token"], given.get("refresh_token", ""), told["sub"], name)

    async def renew(self, refresh: str) -> Tokens:
        """Return new tokens; raise NotGrantedError if the old ones are void."""
        given = await self._ask_for_tokens({"grant_type": "refresh_token", "refresh_token": refresh})
        return Tokens(given["access_token"], given.get("refresh_token", refresh))

    async def revoke(self, refresh: str) -> None:
        """Have a refresh token made void (RFC 7009), where the provider does such a thing."""
        if endpoint := (await self.describe()).get("revocation_endpoint"):
            await self._post(endpoint, {"token": refresh, "token_type_hint": "refresh_token"})

    @property
    def _redirect(self) -> str:
        return f"{self._settings.console_url}/signed-in"

    async def _ask_for_tokens(self, asked: Mapping[str, str]) -> dict[str, Any]:
        answer = await self._post((await self.describe())["token_endpoint"], asked)
        if answer.is_client_error:
            raise NotGrantedError
        given: dict[str, Any] = _json(answer)
        if "access_token" not in given:
            raise ProviderAwayError
        return given

    def _verify(self, id_token: str, nonce: str) -> dict[str, Any]:
        expected = {
            "iss": {"essential": True, "value": self._settings.provider},
            "aud": {"essential": True, "value": self._settings.client_id},
            "nonce": {"essential": True, "value": nonce},
            "azp": {"value": self._settings.client_id},
            **{claim: {"essential": True} for claim in ("sub", "exp", "iat")},
        }
        try:
            told = jwt.decode(id_token, self._keys, algorithms=ALGORITHMS).claims
            jwt.JWTClaimsRegistry(leeway=SKEW, **expected).validate(told)  # type: ignore[arg-type]  # the claims' own shape
        except (JoseError, ValueError) as error:
            raise NotGrantedError from error
        return told

    async def _get(self, address: str) -> dict[str, Any]:
        try:
            return _json(await self._client.get(self._reached(address)))
        except httpx.HTTPError as error:
            raise ProviderAwayError from error

    async def _post(self, address: str, told: Mapping[str, str]) -> httpx.Response:
        secret = self._settings.client_secret.get_secret_value()
        try:
            return await self._client.post(
                self._reached(address), data=told, auth=(quote(self._settings.client_id), quote(secret))
            )
        except httpx.HTTPError as error:
            raise ProviderAwayError from error

    def _reached(self, address: str) -> str:
        """Return the address at which the console reaches what the provider names as browsers do."""
        own = self._settings.provider_address
        return address.replace(self._settings.provider, own, 1) if own else address


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _keys_of(told: dict[str, Any]) -> KeySet:
    try:
        return KeySet.import_key_set(told)  # type: ignore[arg-type]  # what it is not, is refused
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise ProviderAwayError from error


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.raise_for_status().json()
    except (httpx.HTTPStatusError, ValueError) as error:
        raise ProviderAwayError from error
    if not isinstance(told, dict):
        raise ProviderAwayError
    return told
