"""What is about nobody contributes by itself: on its day, or for as long as it stands."""

from typing import Any

import pytest

from services.reporting.domain.days import OPEN, day_from
from services.reporting.domain.things import count_thing

STREET = "320507001"


def counted(collection: str, **row: Any) -> dict[str, tuple[str, str, int]]:
    """Return by measure from when to when a row counts, and how much."""
    found = count_thing(collection, {"street": STREET, **row}).contributions
    assert {each.division for each in found} <= {STREET}
    assert len({each.measure for each in found}) == len(found)
    return {
        each.measure: (day(each.since), "" if each.until == OPEN else day(each.until), each.weight) for each in found
    }


def day(number: int) -> str:
    return day_from(number).isoformat()


def test_a_board_counts_while_it_stands() -> None:
    assert counted("boards", installed_on="2026-01-05", removed_on=None) == {"board": ("2026-01-05", "", 1)}
    assert counted("boards", installed_on="2026-01-05", removed_on="2026-06-01") == {
        "board": ("2026-01-05", "2026-06-01", 1)
    }


def test_an_institution_belongs_to_the_network_from_when_it_joined_until_it_closes() -> None:
    row = {"kind": "school", "opened_on": "2019-09-01", "joined_on": "2026-03-01", "closed_on": "2026-09-01"}

    assert counted("institutions", **row) == {
        "institution": ("2019-09-01", "2026-09-01", 1),
        "institution.joined": ("2026-03-01", "2026-09-01", 1),
    }
    assert counted("institutions", **{**row, "joined_on": None}).keys() == {"institution"}
    assert counted("institutions", **{**row, "joined_on": "2010-01-01"})["institution.joined"][0] == "2019-09-01"


def test_who_works_with_a_hazard_counts_and_who_was_trained_before_it_counts_twice() -> None:
    training = {"kind": "pre_job", "held_on": "2026-02-20", "in_time": True, "withdrawn": False}
    row = {"since": "2026-03-01", "until": "2026-09-01"}

    assert counted("exposures", **row, trainings=[training]) == {
        "exposure": ("2026-03-01", "2026-09-01", 1),
        "exposure.pre_job": ("2026-03-01", "2026-09-01", 1),
    }
    for change in ({"kind": "yearly"}, {"in_time": False}, {"withdrawn": True}):
        assert counted("exposures", **row, trainings=[training | change]).keys() == {"exposure"}


def test_of_copies_those_handed_out_count_and_those_that_came_in_do_not() -> None:
    row = {"kind": "handbook", "quantity": 30, "moved_on": "2026-05-04"}

    assert counted("movements", **row, direction="received") == {}
    assert counted("movements", **row, direction="handed_out") == {
        "material.handed_out": ("2026-05-04", "", 30),
        "material.handed_out.handbook": ("2026-05-04", "", 30),
    }


def test_the_use_of_prescriptions_counts_on_the_last_day_of_its_month() -> None:
    found = counted("prescription_uses", setting="ward", month="2024-02", patients=100, given=0)

    assert found == {"prescription_use.patients.ward": ("2024-02-29", "", 100)}


@pytest.mark.parametrize(
    ("institution", "measure"), [(None, "survey.knowledge"), ("7" * 32, "survey.institution.knowledge")]
)
def test_answers_count_by_person_and_by_item_apart_from_those_of_institutions(
    institution: str | None, measure: str
) -> None:
    score = {"measure": "knowledge", "right": 7, "answered": 9, "points": 7, "possible": 10, "passed": True}
    row = {"institution_id": institution, "literacy": False, "answered_on": "2026-05-04", "scores": [score]}

    found = counted("survey_answers", **row)

    assert found == {
        f"{measure}.persons": ("2026-05-04", "", 1),
        f"{measure}.passed": ("2026-05-04", "", 1),
        f"{measure}.answered": ("2026-05-04", "", 9),
        f"{measure}.right": ("2026-05-04", "", 7),
    }
    failed = counted("survey_answers", **{**row, "scores": [{**score, "passed": False, "right": 0}]})
    assert failed.keys() == {f"{measure}.persons", f"{measure}.answered"}


def test_a_literacy_test_counts_as_one_and_in_no_rate() -> None:
    score = {"measure": "knowledge", "right": 7, "answered": 9, "points": 7, "possible": 10, "passed": True}
    row = {"institution_id": None, "literacy": True, "answered_on": "2026-05-04", "scores": [score]}

    assert counted("survey_answers", **row) == {"survey.literacy": ("2026-05-04", "", 1)}


def test_a_training_that_was_recorded_by_mistake_counts_nowhere() -> None:
    row = {"kind": "pre_job", "held_on": "2026-05-04", "took_part": 12}

    assert counted("trainings", **row, withdrawn=True) == {}
    assert counted("trainings", **row, withdrawn=False) == {
        "training": ("2026-05-04", "", 1),
        "training.took_part": ("2026-05-04", "", 12),
    }


def test_plays_articles_and_changes_of_boards_count_on_their_day() -> None:
    assert counted("plays", played_on="2026-05-04", times=3, minutes=0) == {"play": ("2026-05-04", "", 3)}
    assert counted("articles", submitted_on="2026-05-04") == {"article": ("2026-05-04", "", 1)}
    assert counted("board_issues", changed_on="2026-05-04") == {"board.changed": ("2026-05-04", "", 1)}
