"""Access: a token says who is asking, for which role and division; the default is no."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
import structlog
from fastapi import Depends, FastAPI
from httpx import ASGITransport, AsyncClient, Response
from joserfc.jwk import ECKey, KeySet, OctKey
from joserfc.jws import JWSRegistry, serialize_compact

from services.runtime.access import EVERYWHERE, Caller, Gate, Role, allow, issue
from services.runtime.logs import REPEATING
from services.runtime.problems import Problem, refuse_clearly

ISSUER = "houniao-local"


def make_key() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)


KEY = make_key()
PRIVATE = json.dumps(KEY.as_dict(private=True))
PUBLIC = json.dumps(KeySet([KEY]).as_dict(private=False))


def encoded(part: Any) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def token(**more: Any) -> str:
    return issue(
        PRIVATE, **{"services": ["registration"], "subject": "wang", "role": "clerk", "division": "320507001", **more}
    )


NOW = int(time.time())


class SignsAnything(JWSRegistry):
    """Signs whatever header it is given, as who forges a token would."""

    def check_header(self, header: Mapping[str, Any]) -> None:
        """Find nothing wrong."""


def signed(key: Any = KEY, algorithm: str = "ES256", header: Mapping[str, Any] | None = None, **more: Any) -> str:
    """Return a token with other claims, or with something else in its header; None leaves a claim out."""
    claims = {
        "iss": ISSUER,
        "aud": ["houniao-registration"],
        "sub": "wang",
        "role": "clerk",
        "division": "320507001",
        "iat": NOW,
        "exp": NOW + 3600,
        **more,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    headed = {name: value for name, value in {"typ": "at+jwt", **(header or {})}.items() if value is not None}
    said = json.dumps(kept).encode()
    return serialize_compact({"alg": algorithm, **headed}, said, key, registry=SignsAnything(algorithms=[algorithm]))


@pytest.fixture(autouse=True)
def at_the_moment_of_the_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be the moment at which the tokens were made, however long other tests take before."""
    monkeypatch.setattr(time, "time", lambda: NOW)


def test_a_good_token_says_who_is_asking() -> None:
    caller = Gate(PUBLIC, ISSUER, "registration").verify(token())

    assert caller == Caller("wang", Role.CLERK, "320507001")


OTHER = make_key()
GOOD: Mapping[str, str] = {
    "as issued": token(),
    "as signed here": signed(),
    "one audience as a text": signed(aud="houniao-registration"),
    "several audiences": signed(aud=["houniao-archives", "houniao-registration"]),
    "key id": signed(header={"kid": KEY.kid}),
    "kind in full": signed(header={"typ": "application/at+jwt"}),
    "kind in capitals": signed(header={"typ": "AT+JWT"}),
    "issuer's clock a little ahead": signed(iat=NOW + 20, nbf=NOW + 20),
    "as long as may be": signed(exp=NOW + 12 * 3600),
    "of a service, for a month": signed(role="service", division="", exp=NOW + 31 * 86400),
}
FALSE: Mapping[str, str] = {
    "expired": token(lifetime=-1),
    "expires now": signed(iat=NOW - 3600, exp=NOW),
    "wrong issuer": token(issuer="somebody-else"),
    "several issuers": signed(iss=[ISSUER]),
    "another system": signed(aud="another-system"),
    "another service": token(services=["archives"]),
    "all services but this": token(services=["archives", "outreach", "reporting", "feeds"]),
    "the former audience of all": signed(aud="houniao"),
    "audience in other letters": signed(aud="Houniao-Registration"),
    "audience a part": signed(aud="houniao-registration-2"),
    "audience an object": signed(aud={"houniao-registration": True}),
    "no audience": signed(aud=None),
    "no expiry": signed(exp=None),
    "expiry a text": signed(exp=str(NOW + 3600)),
    "expiry true": signed(exp=True),
    "expiry endless": signed(exp=float("inf")),
    "expiry no number": signed(exp=float("nan")),
    "no issue": signed(iat=None),
    "issue a text": signed(iat=str(NOW)),
    "issue no number": signed(iat=float("nan")),
    "issued tomorrow": signed(iat=NOW + 86400, exp=NOW + 90000),
    "issued in two minutes": signed(iat=NOW + 120),
    "over as soon as it is issued": signed(iat=NOW + 20, exp=NOW + 20),
    "good from tomorrow": signed(nbf=NOW + 86400),
    "good from in two minutes": signed(nbf=NOW + 120),
    "good from a text": signed(nbf=str(NOW)),
    "a second too long": signed(exp=NOW + 12 * 3600 + 1),
    "ten years": signed(exp=NOW + 3650 * 86400),
    "a day before it was issued": signed(iat=NOW - 86400, exp=NOW + 60),
    "of a service, for longer": signed(role="service", division="", exp=NOW + 31 * 86400 + 1),
    "of an admin, for a month": signed(role="admin", division="", exp=NOW + 31 * 86400),
    "no kind": signed(header={"typ": None}),
    "an ID token": signed(header={"typ": "JWT"}),
    "a logout token": signed(header={"typ": "logout+jwt"}),
    "a proof": signed(header={"typ": "dpop+jwt"}),
    "kind an array": signed(header={"typ": ["at+jwt"]}),
    "a key in the header": signed(OTHER, header={"jwk": OTHER.as_dict(private=False)}),
    "our own key in the header": signed(header={"jwk": KEY.as_dict(private=False)}),
    "keys at an address": signed(header={"jku": "https://example.org/keys.json"}),
    "a certificate at an address": signed(header={"x5u": "https://example.org/certificate.pem"}),
    "a certificate": signed(header={"x5c": ["MIIB"]}),
    "something critical": signed(header={"crit": ["exp"], "exp": NOW}),
    "nothing critical": signed(header={"crit": []}),
    "a payload that is not encoded": signed(header={"b64": True, "crit": ["b64"]}),
    "compressed": signed(header={"zip": "DEF"}),
    "a word of its own": signed(header={"debug": True}),
    "id of no key": signed(header={"kid": "../../etc/passwd"}),
    "no subject": signed(sub=None),
    "empty subject": signed(sub=""),
    "subject a number": signed(sub=7),
    "subject an object": signed(sub={"name": "wang"}),
    "subject endless": signed(sub="x" * 256),
    "unknown role": signed(role="emperor"),
    "several roles": signed(role=["clerk", "admin"]),
    "no role": signed(role=None),
    "no division": signed(division=None),
    "division not digits": signed(division="32x"),
    "division a number": signed(division=320507001),
    "several divisions": signed(division=["320507001", ""]),
    "wrong key": signed(OTHER),
    "public key as secret": signed(OctKey.import_key(json.dumps(KEY.as_dict(private=False))), "HS256"),
    "empty": "",
    "garbage": "a.b.c",
    "not ascii": "你好",
    "signature changed": token()[:-4] + "AAAA",
    "signature left out": token().rpartition(".")[0] + ".",
    "algorithm none": ".".join(["eyJhbGciOiJub25lIn0", token().split(".")[1], ""]),
    "algorithm none of the kind": f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{token().split('.')[1]}.",
    "five parts": token() + ".a.b",
    "as JSON": json.dumps({"payload": token().split(".")[1], "signatures": []}),
}


@pytest.mark.parametrize("good", GOOD)
def test_a_token_that_is_in_order_lets_in(good: str) -> None:
    assert Gate(PUBLIC, ISSUER, "registration").verify(GOOD[good]).subject == "wang"


def test_a_subject_has_up_to_255_characters() -> None:
    assert Gate(PUBLIC, ISSUER, "registration").verify(signed(sub="x" * 255)).subject == "x" * 255


@pytest.mark.parametrize("false", FALSE)
def test_a_token_that_is_not_in_order_is_refused(false: str) -> None:
    gate = Gate(PUBLIC, ISSUER, "registration")

    with pytest.raises(Problem) as refusal:
        gate.verify(FALSE[false])

    assert (refusal.value.status, refusal.value.code) == (401, "bad_token")
    assert str(refusal.value.detail) == "Sign in again: the token is missing, false or out of date."


@pytest.mark.parametrize(("hours", "lets_in"), [(1, True), (0.5, False)])
def test_how_long_a_token_may_be_is_set(hours: float, lets_in: bool) -> None:
    gate = Gate(PUBLIC, ISSUER, "registration", longest=hours * 3600)

    if lets_in:
        assert gate.verify(signed()).subject == "wang"
    else:
        with pytest.raises(Problem, match="bad_token"):
            gate.verify(signed())


def test_a_token_is_told_to_the_log_when_it_is_first_taken() -> None:
    REPEATING.begin_anew()
    gate, first, second = Gate(PUBLIC, ISSUER, "registration"), token(), token(subject="zhang")

    with structlog.testing.capture_logs() as lines:
        for bearer in (first, first, second, first):
            gate.verify(bearer)

    assert [(line["event"], line["subject"], line["role"], line["division"]) for line in lines] == [
        ("signed in", "wang", "clerk", "320507001"),
        ("signed in", "zhang", "clerk", "320507001"),
    ]


def test_a_token_that_was_good_a_moment_ago_is_refused_once_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(PUBLIC, ISSUER, "registration")
    short = token(lifetime=60)
    gate.verify(short)

    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)

    with pytest.raises(Problem, match="bad_token"):
        gate.verify(short)


@pytest.mark.parametrize("scope", ["32", "3205", "320507", "320507001", "320507001001"])
def test_a_scope_is_a_province_city_district_street_or_village(scope: str) -> None:
    assert Gate(PUBLIC, ISSUER, "registration").verify(token(division=scope)).division == scope


@pytest.mark.parametrize(
    "scope", ["3", "320", "32050", "3205071", "32050701", "3205070010", "32050700100", "3" * 13, "３２０５０７", "32\n"]
)
def test_any_other_number_of_digits_is_no_scope(scope: str) -> None:
    with pytest.raises(Problem, match="bad_token"):
        Gate(PUBLIC, ISSUER, "registration").verify(token(division=scope))


@pytest.mark.parametrize("role", sorted(Role))
def test_the_whole_country_is_an_admins_alone(role: Role) -> None:
    gate, everywhere = Gate(PUBLIC, ISSUER, "registration"), token(role=role, division="")

    if role in EVERYWHERE:
        assert gate.verify(everywhere).covers("320507001")
    else:
        with pytest.raises(Problem, match="bad_token"):
            gate.verify(everywhere)


@pytest.mark.parametrize("depth", [10, 1_000, 100_000])
@pytest.mark.parametrize("part", ["header", "payload", "signed payload"])
def test_a_deeply_nested_token_is_refused(part: str, depth: int) -> None:
    nested = b'{"alg":"ES256","division":' + b"[" * depth + b"]" * depth + b"}"
    header, payload, signature = token().split(".")
    encoded = urlsafe_b64encode(nested).rstrip(b"=").decode()
    bad = {
        "header": f"{encoded}.{payload}.{signature}",
        "payload": f"{header}.{encoded}.{signature}",
        "signed payload": serialize_compact({"alg": "ES256"}, nested, KEY),
    }

    with pytest.raises(Problem, match="bad_token"):
        Gate(PUBLIC, ISSUER, "registration").verify(bad[part])


@pytest.mark.parametrize("header", [b"[]", b"null", b'{"alg":["ES256"]}', b'{"alg":"ES256","crit":5}', b"1e999"])
def test_a_token_whose_header_is_of_another_shape_is_refused(header: bytes) -> None:
    _, payload, signature = token().split(".")

    with pytest.raises(Problem, match="bad_token"):
        Gate(PUBLIC, ISSUER, "registration").verify(
            f"{urlsafe_b64encode(header).rstrip(b'=').decode()}.{payload}.{signature}"
        )


def test_who_trusts_no_key_lets_nobody_in() -> None:
    with pytest.raises(Problem, match="bad_token"):
        Gate('{"keys": []}', ISSUER, "registration").verify(token())


@pytest.mark.parametrize(
    ("scope", "division", "covered"),
    [
        ("320507001", "320507001", True),
        ("320507", "320507001", True),
        ("", "320507001", True),
        ("320507001", "320507002", False),
        ("320507001", "320507", False),
        ("320507", "32", False),
        ("320507", "320508001", False),
        ("320507001001", "320507001", False),
        ("320507001001", "320507", False),
        ("320507001001", "320507001001", True),
    ],
)
def test_a_division_is_a_scope_by_prefix(scope: str, division: str, covered: bool) -> None:
    caller = Caller("wang", Role.CLERK, scope)

    assert caller.covers(division) is covered
    if not covered:
        with pytest.raises(Problem, match="outside_your_division"):
            caller.must_cover(division)


def test_a_caller_covers_what_the_deployment_says_is_within() -> None:
    gate = Gate(PUBLIC, ISSUER, "registration", lambda scope, division: (scope, division) == ("320507001", "320599001"))

    caller = gate.verify(token())

    assert caller.covers("320599001")
    assert not caller.covers("320507001")


def make_app() -> FastAPI:
    app = FastAPI()
    app.state.gate = Gate(PUBLIC, ISSUER, "registration")
    refuse_clearly(app)

    @app.get("/lists")
    async def lists(caller: Caller = Depends(allow(Role.CLERK))) -> str:  # noqa: B008  # how FastAPI declares it
        return caller.subject

    @app.get("/nobody")
    async def nobody(caller: Caller = Depends(allow())) -> str:  # noqa: B008  # how FastAPI declares it
        return caller.subject

    return app


async def ask(path: str, authorization: str | None) -> Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with AsyncClient(transport=ASGITransport(app=make_app()), base_url="http://test") as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic d2FuZzpwdw==", "wang"])
async def test_without_a_bearer_token_nobody_is_let_in(header: str | None) -> None:
    answer = await ask("/lists", header)

    assert (answer.status_code, answer.json()["code"]) == (401, "no_token")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_scheme_may_be_written_in_any_case() -> None:
    answer = await ask("/lists", f"bearer {token()}")

    assert (answer.status_code, answer.json()) == (200, "wang")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CLERK, Role.ADMIN}))
async def test_a_role_that_is_not_named_is_not_admitted(role: Role) -> None:
    answer = await ask("/lists", f"Bearer {token(role=role)}")

    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_role")


async def test_an_admin_is_admitted_everywhere_and_alone_where_nobody_is_named() -> None:
    admin = await ask("/nobody", f"Bearer {token(role='admin', division='')}")
    clerk = await ask("/nobody", f"Bearer {token()}")

    assert (admin.status_code, clerk.status_code) == (200, 403)


def test_a_token_can_not_be_issued_for_a_role_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="emperor"):
        token(role="emperor")
