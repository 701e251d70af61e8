"""Signing in and out in the browser, by way of the provider."""

import secrets
import time
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from contracts.reference.divisions import Divisions
from services.console.provider import NotGrantedError, Provider
from services.console.sealing import NotSealedError
from services.console.session import SESSION, SIGN_IN, NoSessionError, Session, SessionsHere
from services.console.settings import ConsoleSettings
from services.runtime.access import Role
from services.runtime.logs import get_log
from services.runtime.problems import Problem, refuses, tell_refusal

SIGN_IN_WITHIN = 600
"""Seconds that somebody has to sign in at the provider."""
LONGEST_PATH = 500
COUNTRY = "全国"

router = APIRouter(tags=["session"])


class Whoever(BaseModel):
    """Who is signed in, and until when (seconds since 1970) without renewal."""

    subject: str
    name: str
    role: Role
    division: str
    division_name: str
    expires_at: int
    address: str
    """Where accounts are looked after."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What a browser comes back with from the provider (RFC 6749, RFC 9207)."""

    state: Annotated[str, Query(max_length=200)] = ""
    code: Annotated[str, Query(max_length=2000)] = ""
    iss: Annotated[str, Query(max_length=LONGEST_PATH)] = ""

    def answers(self, state: str, provider: str) -> bool:
        """Return whether there is a code, for what this browser was sent for and by the provider it was sent to."""
        known = secrets.compare_digest(self.state.encode(), state.encode())
        return bool(self.code) and known and self.iss in {"", provider}


async def _settings(request: Request) -> ConsoleSettings:
    settings: ConsoleSettings = request.app.state.settings
    return settings


async def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider


async def _divisions(request: Request) -> Divisions:
    divisions: Divisions = request.app.state.divisions
    return divisions


SettingsHere = Annotated[ConsoleSettings, Depends(_settings)]
ProviderHere = Annotated[Provider, Depends(_provider)]
DivisionsHere = Annotated[Divisions, Depends(_divisions)]
NEEDS_SESSION = refuses(no_session=401, session_over=401, provider_away=502)


@router.get(
    "/session",
    summary="Who is signed in?",
    response_model=Whoever,
    responses={204: {"description": "Nobody is"}, **refuses(session_over=401, provider_away=502)},
)
async def get_session(
    request: Request, sessions: SessionsHere, settings: SettingsHere, divisions: DivisionsHere
) -> Response | Whoever:
    """Return whoever is signed in, if anybody is; asking renews a session that is about to run out."""
    try:
        signed_in = await sessions.of(request)
    except NoSessionError:
        return Response(status_code=204)
    caller = signed_in.caller
    return Whoever(
        subject=caller.subject,
        name=signed_in.session.name,
        role=caller.role,
        division=caller.division,
        division_name=divisions.name(caller.division) if caller.division else COUNTRY,
        expires_at=int(caller.ends_at),
        address=settings.provider,
    )


@router.get("/sign-in", include_in_schema=False)
async def begin(
    request: Request,
    settings: SettingsHere,
    provider: ProviderHere,
    sessions: SessionsHere,
    to: Annotated[str, Query(max_length=LONGEST_PATH)] = "/",
    choose: bool = False,
) -> Response:
    """Send a browser to the provider; what it comes back with is good for this browser alone."""
    if request.headers.get("host") != urlsplit(settings.console_url).netloc:
        return _see(f"{settings.console_url}/sign-in?{urlencode({'to': to, 'choose': choose})}")
    begun = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    try:
        answer = _see(await provider.address_for(**begun, choose=choose), 302)
    except Problem as problem:
        return _not_signed_in(request, problem)
    sessions.cookies.put(answer, SIGN_IN, {**begun, "to": _own_path(to)}, SIGN_IN_WITHIN)
    return answer


@router.get("/signed-in", include_in_schema=False)
async def finish(
    request: Request,
    settings: SettingsHere,
    provider: ProviderHere,
    sessions: SessionsHere,
    granted: Annotated[Granted, Depends()],
) -> Response:
    """Take what the provider gave a browser, if this browser was sent there, and let it in."""
    try:
        begun = sessions.cookies.read(request, SIGN_IN)
        if not granted.answers(str(begun["state"]), settings.provider):
            raise NotGrantedError
        tokens = await provider.redeem(granted.code, verifier=str(begun["verifier"]), nonce=str(begun["nonce"]))
        if sessions.admit(tokens.access).subject != tokens.subject:
            raise NotGrantedError
        answer = _see(str(begun["to"]))
        session = Session(tokens.access, tokens.refresh, tokens.name, time.time())
        sessions.cookies.put(answer, SESSION, asdict(session))
    except NotSealedError:
        answer = _not_signed_in(request, NotGrantedError())
    except Problem as problem:
        answer = _not_signed_in(request, problem)
    sessions.cookies.drop(answer, SIGN_IN)
    return answer


@router.post("/sign-out", status_code=204, summary="Sign out", responses=refuses(cross_site=403, no_session=401))
async def sign_out(request: Request, provider: ProviderHere, sessions: SessionsHere) -> Response:
    """Take the session away from the browser, and have the provider renew it no more."""
    answer = Response(status_code=204)
    sessions.cookies.drop(answer, SESSION)
    try:
        session = sessions.newest(sessions.open(request))
    except Problem:
        return answer  # it is over already
    sessions.forget(session)
    try:
        await provider.revoke(session.refresh)
    except Problem as error:
        get_log().warning("not revoked", code=error.code)
    return answer


def _see(address: str, status: int = 303) -> Response:
    return RedirectResponse(address, status)


def _own_path(to: str) -> str:
    """Return a path of the console's own, with its query; the beginning for anything that leads elsewhere."""
    own = to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() and "\\" not in to
    return to if own else "/"


def _not_signed_in(request: Request, problem: Problem) -> Response:
    """Tell the log who was not let in, and show a person the page that says so."""
    tell_refusal(request.scope, problem.status, problem.code)
    return _see(f"/signed-out?why={problem.code}")
