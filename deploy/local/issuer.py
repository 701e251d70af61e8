"""The demo's OpenID Connect provider, `python -m deploy.local.issuer`: whoever chooses an account is signed in.

It has no passwords, so it refuses to run in production; everything else is as strict as a provider should be.
"""

import html
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import Field, SecretStr, model_validator

from deploy.local.accounts import ACCOUNTS, Account
from deploy.local.credentials import public_keys
from deploy.local.grants import Asked, Grant, Grants
from deploy.local.stack import AUDIENCES
from services.runtime.access import ALGORITHM, Gate, issue
from services.runtime.application import make_application
from services.runtime.health import make_health
from services.runtime.logs import configure_logs
from services.runtime.serving import serve_until_stopped
from services.runtime.settings import WebSettings

NAME = "issuer"
SCOPES = ("openid", "profile")


class IssuerSettings(WebSettings):
    """What the provider is told."""

    issuer_key: SecretStr
    """The private key (JWK) that tokens are signed with."""
    issuer_url: str = Field(default="http://127.0.0.1:8009", pattern=r"^https?://[^/?#@\s]+$")
    console_url: str = Field(default="http://127.0.0.1:8000", pattern=r"^https?://[^/?#@\s]+$")
    access_seconds: int = 900
    """For how long an access token is good."""
    client_id: str = "houniao-console"
    client_secret: SecretStr

    @model_validator(mode="after")
    def _must_not_be_real(self) -> Self:
        if self.env == "production":
            raise ValueError("The demo's provider asks for no password; it does not run where HOUNIAO_ENV=production")
        return self


class Issuer:
    """The provider: its settings, its key and what it granted."""

    def __init__(self, settings: IssuerSettings) -> None:
        self.settings = settings
        self.grants = Grants()
        self._key = settings.issuer_key.get_secret_value()

    def describe(self) -> dict[str, Any]:
        """Return the description of the provider (OpenID Connect Discovery 1.0)."""
        at = self.settings.issuer_url
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "revocation_endpoint": f"{at}/revoke",
            "jwks_uri": f"{at}/jwks",
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["select_account"],
            "authorization_response_iss_parameter_supported": True,
        }

    def tokens_of(self, grant: Grant) -> dict[str, Any]:
        """Return the tokens of a grant: access for every service and the console, refresh, and who it is."""
        account = grant.account
        access = issue(
            self._key,
            services=AUDIENCES,
            subject=account.subject,
            role=account.role,
            division=account.division,
            issuer=self.settings.issuer,
            lifetime=self.settings.access_seconds,
        )
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.settings.access_seconds,
            "scope": " ".join(SCOPES),
            "refresh_token": self.grants.give_refresh(grant),
            "id_token": self._id_token(account, grant.asked.nonce),
        }

    def _id_token(self, account: Account, nonce: str) -> str:
        now = int(time.time())
        told = {
            "iss": self.settings.issuer_url,
            "aud": self.settings.client_id,
            "sub": account.subject,
            "name": account.name,
            "nonce": nonce,
            "iat": now,
            "exp": now + self.settings.access_seconds,
        }
        key = ECKey.import_key(json.loads(self._key))
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}, told, key)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client sends somebody here for."""

    client_id: Annotated[str, Query(max_length=200)] = ""
    redirect_uri: Annotated[str, Query(max_length=500)] = ""
    response_type: Annotated[str, Query(max_length=50)] = ""
    scope: Annotated[str, Query(max_length=200)] = ""
    state: Annotated[str, Query(max_length=500)] = ""
    nonce: Annotated[str, Query(max_length=500)] = ""
    code_challenge: Annotated[str, Query(max_length=200)] = ""
    code_challenge_method: Annotated[str, Query(max_length=20)] = ""
    prompt: Annotated[str, Query(max_length=50)] = ""

    def is_from(self, settings: IssuerSettings) -> bool:
        """Return whether it is from our client and leads back to it."""
        known = (settings.client_id, f"{settings.console_url}/signed-in")
        return (self.client_id, self.redirect_uri) == known

    def wrong(self) -> str:
        """Return the code of what is wrong with it (RFC 6749, OpenID Connect Core 1.0); "" if nothing is."""
        if self.response_type != "code":
            return "unsupported_response_type"
        if "openid" not in self.scope.split():
            return "invalid_scope"
        if not self.state or not self.nonce or len(self.code_challenge) != 43 or self.code_challenge_method != "S256":
            return "invalid_request"
        return "login_required" if self.prompt == "none" else ""


async def _issuer(request: Request) -> Issuer:
    issuer: Issuer = request.app.state.issuer
    return issuer


IssuerHere = Annotated[Issuer, Depends(_issuer)]
WantedHere = Annotated[Wanted, Depends()]
router = APIRouter()


@router.get("/.well-known/openid-configuration")
async def describe(issuer: IssuerHere) -> dict[str, Any]:
    """Return the description of the provider."""
    return issuer.describe()


@router.get("/jwks")
async def list_keys(issuer: IssuerHere) -> dict[str, Any]:
    """Return the public keys."""
    keys: dict[str, Any] = json.loads(public_keys(issuer.settings.issuer_key.get_secret_value()))
    return keys


@router.get("/authorize")
async def ask_who(issuer: IssuerHere, wanted: WantedHere, request: Request) -> Response:
    """Show the accounts to choose from."""
    if refused := _refused(issuer, wanted):
        return refused
    return _page(_accounts(request.url.query), issuer.settings.console_url)


@router.post("/authorize")
async def let_in(issuer: IssuerHere, wanted: WantedHere, account: Annotated[str, Form(max_length=100)]) -> Response:
    """Send whoever chose an account back to the client, with a code."""
    chosen = next((each for each in ACCOUNTS if each.key == account), None)
    if refused := _refused(issuer, wanted):
        return refused
    if chosen is None:
        return _back(issuer, wanted, error="access_denied")
    asked = Asked(wanted.code_challenge, wanted.nonce, wanted.redirect_uri)
    return _back(issuer, wanted, code=issuer.grants.give_code(chosen, asked))


BASIC = HTTPBasic(auto_error=False)


async def _client(issuer: IssuerHere, sent: Annotated[HTTPBasicCredentials | None, Depends(BASIC)]) -> bool:
    settings = issuer.settings
    known = f"{settings.client_id}:{settings.client_secret.get_secret_value()}"
    return sent is not None and secrets.compare_digest(f"{sent.username}:{sent.password}".encode(), known.encode())


IsClient = Annotated[bool, Depends(_client)]
Text = Annotated[str, Form(max_length=500)]


@router.post("/token")
async def give_tokens(  # noqa: PLR0913, PLR0917  # each is a parameter of the request
    issuer: IssuerHere,
    is_client: IsClient,
    grant_type: Text = "",
    code: Text = "",
    code_verifier: Text = "",
    redirect_uri: Text = "",
    refresh_token: Text = "",
) -> Response:
    """Return tokens for a code or a refresh token."""
    if not is_client:
        return _error("invalid_client", 401)
    match grant_type:
        case "authorization_code":
            grant = issuer.grants.redeem(code, code_verifier, redirect_uri)
        case "refresh_token":
            grant = issuer.grants.renew(refresh_token)
        case _:
            return _error("unsupported_grant_type")
    return JSONResponse(issuer.tokens_of(grant)) if grant else _error("invalid_grant")


@router.post("/revoke")
async def revoke(issuer: IssuerHere, is_client: IsClient, token: Text = "") -> Response:
    """Make a refresh token void, and whatever came of it (RFC 7009)."""
    if not is_client:
        return _error("invalid_client", 401)
    issuer.grants.revoke(token)
    return Response()


def _refused(issuer: Issuer, wanted: Wanted) -> Response | None:
    if not wanted.is_from(issuer.settings):
        return _page("<p>未知的应用或返回地址。Unknown client or redirect_uri.</p>", "", 400)
    return _back(issuer, wanted, error=wrong) if (wrong := wanted.wrong()) else None


def _back(issuer: Issuer, wanted: Wanted, **told: str) -> Response:
    answer = {**told, "state": wanted.state, "iss": issuer.settings.issuer_url}
    return RedirectResponse(f"{wanted.redirect_uri}?{urlencode(answer)}", 303)


def _error(code: str, status: int = 400) -> Response:
    return JSONResponse({"error": code}, status)


def _accounts(query: str) -> str:
    buttons = "".join(
        f'<button name="account" value="{each.key}"><b>{each.name}</b><span>{each.post}</span></button>'
        for each in ACCOUNTS
    )
    return f'<form method="post" action="/authorize?{html.escape(query)}">{buttons}</form>'


_STYLE = (
    "body{font:15px/1.5 PingFang SC,Microsoft YaHei,Noto Sans CJK SC,sans-serif;background:#f4f6f8;color:#1f2a37;"
    "max-width:460px;margin:48px auto;padding:0 16px}h1{font-size:22px;margin:0}p{color:#4b5768}"
    "button{display:block;width:100%;text-align:left;font:inherit;margin:8px 0;padding:12px 16px;background:#fff;"
    "border:1px solid #dfe4ea;border-radius:8px;cursor:pointer}button:hover,button:focus{border-color:#14507a}"
    "b{display:block;color:#14507a}span{color:#4b5768}"
)


def _page(body: str, leads_to: str, status: int = 200) -> Response:
    text = (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>候鸟 演示登录</title><style>{_STYLE}</style><h1>候鸟 · 演示登录</h1>"
        f"<p>选择一个演示账号，无需密码。Choose a demo account; there is no password.</p>{body}</html>"
    )
    policy = f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {leads_to}; frame-ancestors 'none'"
    return HTMLResponse(text, status, headers={"Content-Security-Policy": policy})


def build(settings: IssuerSettings) -> FastAPI:
    """Return the provider's HTTP application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    async def find_troubles() -> list[str]:
        return []

    gate = Gate(settings.jwks, settings.issuer, NAME)
    about = "The demo's OpenID Connect provider."
    app = make_application(NAME, settings, gate, lifespan, router, make_health(find_troubles), about=about)
    app.state.issuer = Issuer(settings)
    return app


if __name__ == "__main__":
    configure_logs("json", NAME)  # before the settings are read
    told = IssuerSettings()
    serve_until_stopped(build(told), NAME, told)
