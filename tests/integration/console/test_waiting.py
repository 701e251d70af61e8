"""The keys to what waits on a device for a connection: a person's own, on that device, until it forgets its number."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from deploy.local.stack import Stack
from tests.support.console import CLERK, KEY, OTHER_KEY, Browser, console_at_work
from tests.support.problems import assert_problem

DEVICE, ANOTHER = "a1" * 32, "b2" * 32


async def keys_for(browser: Browser, device: str = DEVICE) -> list[dict[str, Any]]:
    answer = await browser.post("/session/keys", json={"device": device})
    assert answer.status_code == 200, answer.text
    keys: list[dict[str, Any]] = answer.json()["keys"]
    return keys


async def test_a_person_has_the_same_keys_on_a_device_whenever_they_sign_in(stack: Stack) -> None:
    async with console_at_work(stack) as console:
        async with console.browser(CLERK) as browser:
            first = await keys_for(browser)
        async with console.browser(CLERK) as browser:
            again = await keys_for(browser)

    assert first == again


async def test_nobody_else_and_no_other_device_has_them(stack: Stack) -> None:
    async with console_at_work(stack) as console:
        async with console.browser(CLERK) as browser:
            own, elsewhere = await keys_for(browser), await keys_for(browser, ANOTHER)
        async with console.browser("health-demo.health_worker") as browser:
            others = await keys_for(browser)

    assert len({key["d"] for key in (*own, *elsewhere, *others)}) == 3


async def test_while_keys_are_exchanged_what_was_sealed_before_is_opened_still(stack: Stack) -> None:
    async with console_at_work(stack) as console, console.browser(CLERK) as browser:
        before = await keys_for(browser)
    async with console_at_work(stack, session_keys=f"{OTHER_KEY},{KEY}") as console, console.browser(CLERK) as browser:
        new, old = await keys_for(browser)

    assert [old] == before
    assert new != old


async def test_the_public_part_belongs_to_the_private_one(stack: Stack) -> None:
    async with console_at_work(stack) as console, console.browser(CLERK) as browser:
        [key] = await keys_for(browser)

    private = ECKey.import_key(key).private_key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    derived = ec.derive_private_key(private.private_numbers().private_value, ec.SECP256R1())
    assert derived.public_key() == private.public_key()


@pytest.mark.parametrize("device", ["", "a1" * 31, "A1" * 32, "g1" * 32, None])
async def test_a_device_without_a_number_gets_none(stack: Stack, device: str | None) -> None:
    async with console_at_work(stack) as console, console.browser(CLERK) as browser:
        assert_problem(await browser.post("/session/keys", json={"device": device}), 422, "malformed")


async def test_whoever_is_not_signed_in_or_asks_from_another_site_gets_none(stack: Stack) -> None:
    async with console_at_work(stack) as console:
        async with console.browser() as browser:
            assert_problem(await browser.post("/session/keys", json={"device": DEVICE}), 401, "no_session")
        async with console.browser(CLERK) as browser:
            elsewhere = {"Sec-Fetch-Site": "cross-site"}
            refused = await browser.post("/session/keys", json={"device": DEVICE}, headers=elsewhere)
            assert_problem(refused, 403, "cross_site")
