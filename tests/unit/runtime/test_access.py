"""Access: a token says who is asking, for which role and division; the default is no."""

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from httpx import ASGITransport, AsyncClient, Response
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from joserfc.jws import serialize_compact

from services.runtime.access import EVERYWHERE, Caller, Gate, Role, allow, issue
from services.runtime.problems import Problem, refuse_clearly

ISSUER = "houniao-local"


def make_key() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True, auto_kid=True)


KEY = make_key()
PRIVATE = json.dumps(KEY.as_dict(private=True))
PUBLIC = json.dumps(KeySet([KEY]).as_dict(private=False))


def token(**more: Any) -> str:
    return issue(PRIVATE, **{"subject": "wang", "role": "clerk", "division": "320507001", **more})


def signed(key: Any = KEY, algorithm: str = "ES256", **more: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": "houniao",
        "sub": "wang",
        "role": "clerk",
        "division": "320507001",
        "exp": int(time.time()) + 60,
        **more,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": algorithm}, kept, key, algorithms=[algorithm])


def test_a_good_token_says_who_is_asking() -> None:
    caller = Gate(PUBLIC, ISSUER).verify(token())

    assert caller == Caller("wang", Role.CLERK, "320507001")


@pytest.mark.parametrize(
    "bad",
    [
        token(lifetime=-1),
        token(issuer="somebody-else"),
        signed(aud="another-system"),
        signed(aud=None),
        signed(exp=None),
        signed(sub=None),
        signed(role="emperor"),
        signed(role=None),
        signed(division=None),
        signed(division="32x"),
        signed(division=320507001),
        signed(make_key()),
        signed(OctKey.import_key(json.dumps(KEY.as_dict(private=False))), "HS256"),
        "",
        "a.b.c",
        "你好",
        token()[:-4] + "AAAA",
        ".".join(["eyJhbGciOiJub25lIn0", token().split(".")[1], ""]),
    ],
    ids=[
        *("expired", "wrong issuer", "wrong audience", "no audience", "no expiry", "no subject", "unknown role"),
        *("no role", "no division", "division not digits", "division a number", "wrong key", "public key as secret"),
        *("empty", "garbage", "not ascii", "signature changed", "algorithm none"),
    ],
)
def test_a_token_that_is_not_in_order_is_refused(bad: str) -> None:
    gate = Gate(PUBLIC, ISSUER)

    with pytest.raises(Problem) as refusal:
        gate.verify(bad)

    assert (refusal.value.status, refusal.value.code) == (401, "bad_token")


def test_a_token_that_was_good_a_moment_ago_is_refused_once_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(PUBLIC, ISSUER)
    short = token(lifetime=60)
    gate.verify(short)

    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)

    with pytest.raises(Problem, match="bad_token"):
        gate.verify(short)


@pytest.mark.parametrize("scope", ["32", "3205", "320507", "320507001", "320507001001"])
def test_a_scope_is_a_province_city_district_street_or_village(scope: str) -> None:
    assert Gate(PUBLIC, ISSUER).verify(token(division=scope)).division == scope


@pytest.mark.parametrize(
    "scope", ["3", "320", "32050", "3205071", "32050701", "3205070010", "32050700100", "3" * 13, "３２０５０７", "32\n"]
)
def test_any_other_number_of_digits_is_no_scope(scope: str) -> None:
    with pytest.raises(Problem, match="bad_token"):
        Gate(PUBLIC, ISSUER).verify(token(division=scope))


@pytest.mark.parametrize("role", sorted(Role))
def test_the_whole_country_is_an_admins_alone(role: Role) -> None:
    gate, everywhere = Gate(PUBLIC, ISSUER), token(role=role, division="")

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
        Gate(PUBLIC, ISSUER).verify(bad[part])


@pytest.mark.parametrize("header", [b"[]", b"null", b'{"alg":["ES256"]}', b'{"alg":"ES256","crit":5}', b"1e999"])
def test_a_token_whose_header_is_of_another_shape_is_refused(header: bytes) -> None:
    _, payload, signature = token().split(".")

    with pytest.raises(Problem, match="bad_token"):
        Gate(PUBLIC, ISSUER).verify(f"{urlsafe_b64encode(header).rstrip(b'=').decode()}.{payload}.{signature}")


def test_who_trusts_no_key_lets_nobody_in() -> None:
    with pytest.raises(Problem, match="bad_token"):
        Gate('{"keys": []}', ISSUER).verify(token())


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
    gate = Gate(PUBLIC, ISSUER, lambda scope, division: (scope, division) == ("320507001", "320599001"))

    caller = gate.verify(token())

    assert caller.covers("320599001")
    assert not caller.covers("320507001")


def make_app() -> FastAPI:
    app = FastAPI()
    app.state.gate = Gate(PUBLIC, ISSUER)
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
