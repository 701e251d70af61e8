"""Settings: what the environment says, and the names that follow from it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.runtime.settings import Settings, load_settings

TOLD = {"MONGODB_URL": "mongodb://user:secret@localhost", "RABBITMQ_URL": "amqp://user:secret@localhost/houniao"}


def told(monkeypatch: pytest.MonkeyPatch, **more: str) -> Settings:
    for name, value in {**TOLD, **more}.items():
        monkeypatch.setenv(name, value)
    return load_settings("registration")


def test_the_servers_must_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MONGODB_URL", raising=False)
    monkeypatch.delenv("RABBITMQ_URL", raising=False)

    with pytest.raises(ValidationError, match="MONGODB_URL"):
        load_settings("registration")


def test_without_more_an_instance_serves_every_district_locally(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(monkeypatch)

    assert (settings.env, settings.host, settings.log) == ("local", "127.0.0.1", "json")
    assert settings.districts == ()
    assert (settings.database_name("archives"), settings.queue_name("archives")) == ("houniao_archives", "archives")


def test_an_instance_for_a_district_is_named_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(monkeypatch, HOUNIAO_DISTRICTS=" 320507 ,")

    assert settings.districts == ("320507",)
    assert settings.database_name("archives") == "houniao_archives_320507"
    assert settings.queue_name("archives") == "archives.320507"


def test_an_instance_for_several_districts_is_named_after_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(monkeypatch, HOUNIAO_DISTRICTS="320507,320812")

    assert settings.districts == ("320507", "320812")
    assert settings.suffix == "320507-320812"


def test_an_instance_with_a_name_of_its_own_bears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(monkeypatch, HOUNIAO_DISTRICTS="320507", HOUNIAO_INSTANCE="blue")

    assert settings.database_name("feeds") == "houniao_feeds_blue"


def test_an_empty_path_means_the_built_in_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, HOUNIAO_DEADLINES="").deadlines is None
    assert told(monkeypatch, HOUNIAO_DEADLINES="/own.csv").deadlines == Path("/own.csv")
    assert told(monkeypatch, HOUNIAO_DIVISIONS="").divisions is None
    assert told(monkeypatch, HOUNIAO_DIVISIONS="/data").divisions == Path("/data")


@pytest.mark.parametrize("told_wrong", [{"HOUNIAO_LOG": "loud"}, {"HOUNIAO_ENV": "moon"}, {"HOUNIAO_PORT": "http"}])
def test_a_word_that_is_not_known_is_refused(told_wrong: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError):
        told(monkeypatch, **told_wrong)


def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = told(monkeypatch)

    assert "secret" not in repr(settings)
    assert "secret" not in settings.model_dump_json()
