"""What a survey says as a table: every rate that is told has a line, in percent, and nothing else has."""

from hypothesis import given

from contracts.outreach.surveys import AnswerSheet
from services.outreach.domain.survey_results import changes_of, groups_of, items_of, rates_of
from services.outreach.intake.survey_tables import HEADINGS, write_table
from tests.support.survey_answers import QUESTIONNAIRE, answered, tallies_of


@given(before=answered(), sheets=answered())
def test_every_rate_that_is_told_has_a_line(before: list[AnswerSheet], sheets: list[AnswerSheet]) -> None:
    tallies = tallies_of(sheets)
    measures, items = rates_of(tallies.everybody, "street_2021"), items_of(QUESTIONNAIRE, tallies)
    groups, _ = groups_of(tallies)
    changes = changes_of(tallies_of(before).everybody, tallies.everybody)

    headings, *lines = write_table(measures, items, groups, changes)

    rates = [*measures, *(one for group in groups for one in group.measures)]
    told = sum((one.by_item is not None) + (one.by_person is not None) for one in rates)
    assert headings == list(HEADINGS)
    assert len(lines) == told + sum(item.right is not None for item in items) + len(changes)
    for line in lines:
        assert len(line) == len(HEADINGS)
        middle, low, high = map(float, line[5:8])
        assert low <= middle <= high
