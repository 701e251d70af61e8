"""Everything that people contribute has a name under which it can be asked for, and so does what counts things."""

from hypothesis import given, settings

from services.reporting.domain.measures import MEASURES, is_about_people, is_measure
from tests.support.drawn_lives import Told, lives
from tests.support.drawn_numbers import contributions_of, rows_of
from tests.support.oracle import Life


@settings(max_examples=50, deadline=None)
@given(drawn=lives())
def test_whatever_somebody_contributes_can_be_explained(drawn: tuple[Life, list[Told], bool]) -> None:
    _, streams, merged = drawn

    measures = {each.measure for each in contributions_of(rows_of(streams), merged)}

    assert [name for name in measures if not is_measure(name) or not is_about_people(name)] == []


def test_each_name_is_listed_once_and_nothing_else_is_a_measure() -> None:
    assert len(MEASURES) == len({*MEASURES})
    assert not is_measure("residents")
    assert not is_measure("flow.in.<script>")
