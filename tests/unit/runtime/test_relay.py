"""Which messages a batch of commits becomes: one for each routing key, in order, none too large."""

from typing import Any

import pytest

from services.runtime import relay
from services.runtime.journal import events_under, routing_keys_of
from services.runtime.relay import _make_messages, _routing_keys, _split

HERE, THERE = "a.v1.320507", "a.v1.320812"


def commit(*facts: dict[str, Any]) -> dict[str, Any]:
    return {"_id": "stream#1", "facts": list(facts)}


def fact(event: str, *also: str, key: str = HERE) -> dict[str, Any]:
    return {"id": event, "key": key, "event": event} | ({"also": list(also)} if also else {})


def test_events_of_one_key_go_together_in_the_order_in_which_they_were_recorded() -> None:
    batch = [commit(fact("one"), fact("two", key=THERE)), commit(fact("three"))]

    assert list(_make_messages(batch)) == [(HERE, ["one", "three"]), (THERE, ["two"])]


def test_what_two_districts_must_hear_goes_to_each() -> None:
    both = fact("one", THERE)

    assert routing_keys_of(both) == (HERE, THERE)
    assert list(_routing_keys(commit(both, fact("two")))) == [HERE, THERE, HERE]
    assert list(_make_messages([commit(both)])) == [(HERE, ["one"]), (THERE, ["one"])]
    assert events_under(commit(both, fact("two")), THERE) == ["one"]
    assert events_under(commit(both, fact("two")), HERE) == ["one", "two"]


@pytest.mark.parametrize(
    ("events", "parts"),
    [
        ([], []),
        (["aaaa", "bbbb"], [["aaaa", "bbbb"]]),
        (["aaaa", "bbbbb"], [["aaaa"], ["bbbbb"]]),
        (["aaaa", "bbbb", "c", "d"], [["aaaa", "bbbb"], ["c", "d"]]),
        (["a" * 9, "b"], [["a" * 9], ["b"]]),
        (["候鸟", "aa"], [["候鸟", "aa"]]),
        (["候鸟", "aaa"], [["候鸟"], ["aaa"]]),
    ],
    ids=["none", "just fits", "a byte too many", "counted anew", "one that is too large", "bytes", "bytes too many"],
)
def test_a_message_is_as_large_as_may_be_and_counted_in_bytes(
    events: list[str], parts: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LARGEST_MESSAGE", 8)

    assert list(_split(events)) == parts
