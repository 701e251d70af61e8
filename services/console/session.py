"""Who is signed in: the sealed cookie that a browser keeps, opened for each request and renewed before it runs out."""

import asyncio
import time
from dataclasses import asdict, dataclass, replace
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.provider import NotGrantedError, Provider, ProviderAwayError
from services.console.sealing import LONGEST, Kind, NotSealedError, Seal
from services.console.settings import ConsoleSettings
from services.runtime.access import Caller, Gate, Role
from services.runtime.problems import Problem

RENEWED_BEFORE = 60.0
"""Seconds before its end from which an access token is renewed."""
REMEMBERED_FOR = 60.0
"""Seconds for which requests that still come with the old cookie are given what it was renewed to."""
NOBODY = "尚未登录，请先登录。You are not signed in; sign in first."
OVER = "登录已过期，请重新登录。Your session is over; sign in again."
SESSION: Kind = "session"
SIGN_IN: Kind = "sign-in"
TOO_LONG = "登录服务的令牌过长，请联系管理员。The provider's tokens are too long for a cookie; shorten their claims."


@dataclass(frozen=True, slots=True)
class Session:
    """What the cookie says: the tokens, the person's name, and when they signed in (seconds since 1970)."""

    access: str
    refresh: str
    name: str
    since: float


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who sends a request, and the session by which they do."""

    caller: Caller
    session: Session


class NoSessionError(Problem):
    """Nobody is signed in: there is no cookie, or none of ours."""

    def __init__(self) -> None:
        super().__init__(401, "no_session", NOBODY)


class SessionOverError(Problem):
    """The session can't be renewed; signing in again is the only way."""

    def __init__(self) -> None:
        super().__init__(401, "session_over", OVER)


class Cookies:
    """Names, seals and flags of the cookies."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self._seal = Seal(settings.session_keys)
        self._secure = settings.secure

    def name_of(self, kind: Kind) -> str:
        """Return the name of a kind's cookie; by TLS one that no other host can have set."""
        return f"{'__Host-' if self._secure else ''}houniao-{kind}"

    def put(self, response: Response, kind: Kind, told: dict[str, object], seconds: int | None = None) -> None:
        """Let an answer give the browser a cookie to keep, until it is closed or for so many seconds."""
        sealed = self._seal.seal(kind, told)
        if len(sealed) > LONGEST:
            raise Problem(
                502, "tokens_too_long", "The provider's tokens are too long for a cookie; shorten their claims."
            )
        response.set_cookie(
            self.name_of(kind), sealed, max_age=seconds, secure=self._secure, httponly=True, samesite="lax"
        )

    def drop(self, response: Response, kind: Kind) -> None:
        """Let an answer take a cookie away."""
        response.delete_cookie(self.name_of(kind), secure=self._secure, httponly=True, samesite="lax")

    def read(self, request: Request, kind: Kind) -> dict[str, object]:
        """Return what a request's cookie says; raise NotSealedError without one of ours."""
        return self._seal.open(kind, request.cookies.get(self.name_of(kind), ""))


class Sessions:
    """Opens sessions and renews them, each once however many requests come at the same time."""

    def __init__(self, settings: ConsoleSettings, gate: Gate, provider: Provider) -> None:
        self.cookies = Cookies(settings)
        self._lasts = settings.session_hours * 3600
        self._gate = gate
        self._provider = provider
        self._renewing: dict[str, asyncio.Task[Session]] = {}

    def open(self, request: Request) -> Session:
        """Return the session of a request as its cookie says; raise Problem (401) if there is none or it is over."""
        try:
            session = Session(**self.cookies.read(request, SESSION))  # type: ignore[arg-type]  # as it was sealed
        except (NotSealedError, TypeError) as error:
            raise NoSessionError from error
        if time.time() - session.since > self._lasts:
            raise SessionOverError
        return session

    async def of(self, request: Request) -> SignedIn:
        """Return who sends a request, their session renewed if it is about to run out; raise Problem (401)."""
        session = self.open(request)
        if self._ends_at(session) - time.time() < RENEWED_BEFORE:
            renewed = await self._renewed(session)
            if renewed is not session:
                request.scope["renewed"] = renewed
            session = renewed
        request.scope["caller"] = caller = self.admit(session.access)
        return SignedIn(caller, session)

    def admit(self, access: str) -> Caller:
        """Return whom an access token is of; raise Problem (401) if it is no person's or not for the console."""
        try:
            caller = self._gate.verify(access)
        except Problem as error:
            raise SessionOverError from error
        if caller.role is Role.SERVICE:
            raise SessionOverError
        return caller

    def newest(self, session: Session) -> Session:
        """Return what a session was renewed to meanwhile, else itself."""
        return _renewed_by(self._renewing.get(session.refresh)) or session

    def forget(self, session: Session) -> None:
        """Give a session to nobody any more who comes with the cookie before: it is signed out."""
        for refresh, task in list(self._renewing.items()):
            if _renewed_by(task) == session:
                del self._renewing[refresh]

    def _ends_at(self, session: Session) -> float:
        try:
            return self._gate.ends_at(session.access)
        except Problem as error:
            raise SessionOverError from error

    async def _renewed(self, session: Session) -> Session:
        """Return a session renewed; as it is while the provider is away and it has not run out."""
        if not session.refresh:
            if self._ends_at(session) > time.time():
                return session
            raise SessionOverError
        try:
            return await asyncio.shield(self._renewal_of(session))
        except NotGrantedError as error:
            raise SessionOverError from error
        except ProviderAwayError:
            self._renewing.pop(session.refresh, None)
            if self._ends_at(session) > time.time():
                return session
            raise

    def _renewal_of(self, session: Session) -> asyncio.Task[Session]:
        task = self._renewing.get(session.refresh)
        if task is None:
            task = self._renewing[session.refresh] = asyncio.create_task(self._ask(session))
            asyncio.get_running_loop().call_later(REMEMBERED_FOR, self._renewing.pop, session.refresh, None)
        return task

    async def _ask(self, session: Session) -> Session:
        tokens = await self._provider.renew(session.refresh)
        return replace(session, access=tokens.access, refresh=tokens.refresh)


def _renewed_by(task: asyncio.Task[Session] | None) -> Session | None:
    return task.result() if task and task.done() and not task.exception() else None


class KeepRenewed:
    """Gives a browser the cookie of a session that was renewed while its request was answered."""

    def __init__(self, app: ASGIApp, cookies: Cookies) -> None:
        self._app = app
        self._cookies = cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the cookie."""

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and (session := scope.get("renewed")):
                given = Response()
                self._cookies.put(given, SESSION, asdict(session))
                MutableHeaders(scope=message).append("set-cookie", given.headers["set-cookie"])
            await send(message)

        await self._app(scope, receive, with_cookie)


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


SessionsHere = Annotated[Sessions, Depends(_sessions)]


async def _signed_in(request: Request, sessions: SessionsHere) -> SignedIn:
    return await sessions.of(request)


SignedInHere = Annotated[SignedIn, Depends(_signed_in)]
