"""What servers and services are told: permissions that end at the own queue, and secrets only where they are needed."""

import json
import re
import stat
import subprocess
from pathlib import Path

import pytest

from deploy.docker.settings import write_settings
from deploy.local.credentials import issuer_jwk, public_keys
from deploy.local.issuer import IssuerSettings
from deploy.local.stack import SERVICE_PORTS
from deploy.rabbitmq.definitions import (
    DEMO_OFFICES,
    SERVICES,
    definitions,
    integrator_definitions,
    integrator_queue,
    integrator_stream,
    users,
)
from services.console.settings import ConsoleSettings
from services.runtime.access import Gate, Role

PASSWORDS = dict.fromkeys(users(), "secret")


def permission(user: str, action: str) -> re.Pattern[str]:
    found = [entry for entry in definitions(PASSWORDS)["permissions"] if entry["user"] == user]
    assert len(found) == 1
    return re.compile(found[0][action])


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("action", ["write", "read"])
def test_a_service_may_touch_its_own_queues_and_no_others(service: str, action: str) -> None:
    allowed = permission(service, action)

    assert all(allowed.search(name) for name in (service, f"{service}.dead", f"{service}.320507"))
    others = [name for other in SERVICES if other != service for name in (other, f"{other}.dead")]
    assert not any(allowed.search(name) for name in (*others, f"{service}2", f"x{service}", "office.320507001"))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_declares_nothing(service: str) -> None:
    assert not any(
        permission(service, "configure").search(name) for name in (service, f"{service}.x", "events", "amq.gen-x")
    )


def test_what_waits_of_reports_is_limited_and_no_dead_letter_is() -> None:
    [policy] = definitions(PASSWORDS)["policies"]
    limited = re.compile(policy["pattern"])

    assert all(limited.search(name) for name in ("registration.offices", "registration.offices.320507"))
    others = ("registration.offices.dead", "registration.offices.320507.dead", "registration", "archives.offices")
    assert not any(limited.search(name) for name in others)
    assert policy["definition"] == {"max-length-bytes": 512 * 1024 * 1024}


def test_only_registration_answers_offices() -> None:
    assert [service for service in SERVICES if permission(service, "write").search("amq.default")] == ["registration"]


def test_definitions_hold_no_password() -> None:
    assert "secret" not in json.dumps(definitions(PASSWORDS))


def test_every_demo_office_has_a_nine_digit_street() -> None:
    assert all(re.fullmatch(r"\d{9}", street) for street in DEMO_OFFICES)


def test_each_container_gets_its_own_secrets_which_survive_a_second_start(tmp_path: Path) -> None:
    write_settings(tmp_path)
    first = {file: file.read_text() for file in tmp_path.rglob("*") if file.is_file()}

    write_settings(tmp_path)

    again = {file: file.read_text() for file in first}
    token = tmp_path / "outreach" / "registration-token"
    assert {file for file in first if again[file] != first[file]} == {token}, "which lasts from a start on"
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in first)
    assert [s for s in SERVICE_PORTS if "PERSON_KEY" in first[tmp_path / s / "environment"]] == ["registration"]


def test_outreach_alone_has_a_token_of_a_service_for_the_whole_country(tmp_path: Path) -> None:
    write_settings(tmp_path)

    (token,) = tmp_path.rglob("registration-token")
    caller = Gate(public_keys(issuer_jwk(tmp_path / "settings")), "houniao-local", "registration").verify(
        token.read_text()
    )

    assert token.parent.name == "outreach"
    assert (caller.role, caller.division) == (Role.SERVICE, "")


def test_the_issuer_alone_signs_and_the_console_alone_seals_sessions(tmp_path: Path) -> None:
    write_settings(tmp_path)

    told = {
        folder.name: (folder / "environment").read_text()
        for folder in tmp_path.iterdir()
        if folder.name != "settings" and (folder / "environment").exists()
    }
    assert [name for name, text in told.items() if "HOUNIAO_ISSUER_KEY" in text] == ["issuer"]
    assert [name for name, text in told.items() if "HOUNIAO_SESSION_KEYS" in text] == ["console"]
    assert sorted(name for name, text in told.items() if "HOUNIAO_CLIENT_SECRET" in text) == ["console", "issuer"]


def test_what_a_container_of_the_front_is_told_is_what_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_settings(tmp_path)

    for name, settings in (("issuer", IssuerSettings), ("console", ConsoleSettings)):
        read = settings(_env_file=tmp_path / name / "environment")
        assert read.console_url == "http://127.0.0.1:8000"


def test_a_container_reads_its_environment_with_a_shell(tmp_path: Path) -> None:
    write_settings(tmp_path)

    shown = subprocess.run(
        ["sh", "-c", '. "$0"; printf %s "$HOUNIAO_JWKS"', tmp_path / "feeds" / "environment"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert json.loads(shown)["keys"][0]["crv"] == "P-256"


def test_an_integrator_reads_its_own_queue_and_stream_by_their_whole_names() -> None:
    [_, told] = integrator_definitions({"0a1b": "secret"})["permissions"]
    read = re.compile(told["read"])

    assert (told["configure"], told["write"]) == ("^$", "^$")
    assert all(read.search(name) for name in (integrator_queue("0a1b"), integrator_stream("0a1b")))
    others = ("integrator.0a1b2", "integratorx0a1b", "xintegrator.0a1b", "integrator.0a1b.stream.x", "audiences", "")
    assert not any(read.search(name) for name in others)


def test_what_is_made_for_an_integrator_holds_no_password() -> None:
    assert "secret" not in json.dumps(integrator_definitions({"0a1b": "secret"}))
