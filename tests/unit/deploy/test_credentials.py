"""The local stack's secrets: those of an earlier version are completed, and the sealing keys change step by step."""

import json
from pathlib import Path

from deploy.local.credentials import KeyStep, change_sealing_keys, load


def keys(folder: Path) -> list[str]:
    return load(folder).sealing_keys.split(",")


def test_what_an_earlier_version_did_not_know_is_made_once_and_the_rest_stays(tmp_path: Path) -> None:
    before = load(tmp_path)
    file = tmp_path / "credentials.json"
    stored = json.loads(file.read_text())
    del stored["access_log_keys"]
    file.write_text(json.dumps(stored))

    completed = load(tmp_path)

    assert completed.access_log_keys.keys() == before.access_log_keys.keys()
    assert completed.person_key == before.person_key
    assert load(tmp_path) == completed
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_sealing_key_is_added_put_first_and_left_alone(tmp_path: Path) -> None:
    [old] = keys(tmp_path)

    change_sealing_keys(tmp_path, KeyStep.ADD)
    added = keys(tmp_path)
    change_sealing_keys(tmp_path, KeyStep.FIRST)
    first = keys(tmp_path)
    change_sealing_keys(tmp_path, KeyStep.DROP)

    assert added[0] == old
    assert first == added[::-1]
    assert keys(tmp_path) == [added[1]] != [old]
