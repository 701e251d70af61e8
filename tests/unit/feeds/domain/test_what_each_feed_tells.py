"""The register of feeds and what is kept for them say the same: every attribute, and nothing that is none."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from contracts.archives.archives import ArchiveFact, Closing, ClosingReason
from contracts.archives.enrolments import ChronicEnrolled
from contracts.envelope import Fact
from contracts.feeds.feeds import FEEDS, TOLD_FACTS, Attribute, FeedName, Told, name_told, told_type
from contracts.outreach.activities import ActivityHeld
from contracts.registration.notices import NoticeConfirmed, NoticeSent
from contracts.reporting.publications import IndicatorsPublished, PublishedValue
from contracts.reporting.reports import ReportSealed
from services.feeds.domain.entries import make_entries
from services.feeds.domain.telling import DAYS, LADDER
from tests.support.facts import envelop
from tests.support.samples import sample_of

TOLD = [(name, fact) for name, kind in FEEDS.items() for fact in kind.facts]
each_fact = pytest.mark.parametrize(("feed", "fact"), TOLD, ids=lambda value: getattr(value, "__name__", None))


def keep(fact: Fact) -> list[dict[str, Any]]:
    (event,) = envelop([fact])
    return [entry.kept["data"] for entry in make_entries(event)]


def test_every_fact_is_told_by_one_feed_under_its_own_name() -> None:
    assert len(set(TOLD_FACTS)) == len(TOLD_FACTS) == len(Told)
    assert {name_told(fact) for fact in TOLD_FACTS} == set(Told)
    assert len({told_type(fact.TYPE) for fact in TOLD_FACTS}) == len(TOLD_FACTS)


def test_every_attribute_is_of_some_feed_and_a_day_by_its_name() -> None:
    assert {attribute for kind in FEEDS.values() for attribute in kind.attributes} == set(Attribute)
    assert {"started_on", "moved_on", "held_on"} <= DAYS


@pytest.mark.parametrize("name", [name for name, kind in FEEDS.items() if kind.about_people])
def test_of_people_every_attribute_may_be_given_up(name: FeedName) -> None:
    assert FEEDS[name].attributes.keys() <= {*LADDER}


@each_fact
def test_what_is_kept_has_a_fitting_value_for_every_attribute(feed: FeedName, fact: type[Fact]) -> None:
    for entry in make_entries(sample_of(fact)):
        kept = dict(entry.kept["data"])
        born = kept.pop("birth_year", None)
        assert born is None or FEEDS[feed].tells_ages
        assert kept.keys() == {*map(str, FEEDS[feed].attributes)}
        for attribute, kind in FEEDS[feed].attributes.items():
            if kept[attribute] is not None:
                TypeAdapter(kind).validate_json(TypeAdapter(Any).dump_json(kept[attribute]), strict=True)


@each_fact
def test_an_entry_knows_whose_it_is_where_it_is_about_people(feed: FeedName, fact: type[Fact]) -> None:
    event = sample_of(fact)

    for entry in make_entries(event):
        assert entry.feed is feed
        assert entry.kept["person_id"] == (event.personid if FEEDS[feed].about_people else None)
        assert bool(event.personid) >= FEEDS[feed].about_people


def test_each_end_of_a_notice_names_the_other() -> None:
    notice = sample_of(NoticeSent).data.notice

    out, into = keep(NoticeSent(notice=notice))

    assert (out["direction"], out["other_district"]) == ("out", notice.addressee[:6])
    assert (into["direction"], into["other_district"]) == ("in", notice.sender[:6])
    assert (out["other_province"], into["other_province"]) == (notice.addressee[:2], notice.sender[:2])


def test_an_answer_is_told_at_both_ends_as_the_notice_was() -> None:
    answer = sample_of(NoticeConfirmed).data.answer

    out, into = keep(NoticeConfirmed(answer=answer))

    assert (out["other_district"], into["other_district"]) == (answer.answerer[:6], answer.sender[:6])
    assert out["state"] == into["state"] == "confirmed"


@pytest.mark.parametrize("kind", [fact for fact in FEEDS[FeedName.ARCHIVES].facts if issubclass(fact, ArchiveFact)])
def test_nothing_of_what_an_archive_holds_makes_a_difference(kind: type[ArchiveFact]) -> None:
    archive = sample_of(kind).data.archive
    emptied = archive.model_copy(update={"basic": None, "paper": None, "code": None, "aliases": ()})

    assert keep(kind(archive=archive)) == keep(kind(archive=emptied))


def test_why_and_when_an_archive_was_closed_is_kept_and_neither_by_whom_nor_where_to() -> None:
    archive = sample_of(FEEDS[FeedName.ARCHIVES].facts[0]).data.archive
    closing = {"closed_on": "2026-09-01", "closed_at": "2026-09-01T01:00:00Z", "closed_by": "nurse-7", "to": "341204"}
    closed = archive.model_copy(update={"closing": Closing(reason=ClosingReason.MOVED, **closing)})

    (kept,) = keep(FEEDS[FeedName.ARCHIVES].facts[0](archive=closed))

    assert (kept["reason"], kept["closed_on"]) == ("moved", "2026-09-01")
    assert "nurse-7" not in str(kept)
    assert "341204" not in str(kept)


def test_of_an_enrolment_the_condition_is_kept_and_no_grade() -> None:
    enrolment = sample_of(ChronicEnrolled).data.enrolment

    kept = [keep(ChronicEnrolled(enrolment=enrolment.model_copy(update={"grade": grade}))) for grade in (1, 3)]

    assert kept[0] == kept[1]
    assert kept[0][0]["condition"] == enrolment.condition.value


@pytest.mark.parametrize(("came", "kept"), [(None, None), (0, 0), (1, None), (4, None), (5, 5), (120, 120)])
def test_fewer_than_five_who_came_are_not_counted(came: int | None, kept: int | None) -> None:
    activity = sample_of(ActivityHeld).data.activity.model_copy(update={"attendance": came})

    assert keep(ActivityHeld(activity=activity))[0]["attendance"] == kept


def test_speakers_volunteers_and_money_are_not_kept() -> None:
    activity = sample_of(ActivityHeld).data.activity
    bare = activity.model_copy(update={"speakers": (), "volunteers": (), "budget": (), "evidence": ()})

    assert keep(ActivityHeld(activity=activity)) == keep(ActivityHeld(activity=bare))


def test_of_a_sealed_report_only_what_is_for_others_is_told() -> None:
    report = sample_of(ReportSealed).data.report
    inside = {file.sha256 for file in report.newest.files if not file.published}

    (kept,) = keep(ReportSealed(report=report))

    assert inside, "the sample has a file that is not for others"
    assert {file["sha256"] for file in kept["files"]} == {file.sha256 for file in report.newest.files if file.published}
    assert not [digest for digest in inside if digest in str(kept)]


def test_every_published_number_says_what_it_is_and_of_which_edition() -> None:
    publication = sample_of(IndicatorsPublished).data.publication

    told = keep(IndicatorsPublished(publication=publication))

    values = [PublishedValue.model_validate(one) for one in told]
    assert values == list(publication.values)
    assert {(one["report_id"], one["template"], one["period"], one["edition"]) for one in told} == {
        (publication.report_id, "monthly_flow", "2026-03", 1)
    }
    assert [one["street"] for one in told] == ["320507001"] * 3 + [None]


def test_of_a_suppressed_number_is_kept_that_it_is_suppressed_and_nothing_else() -> None:
    publication = sample_of(IndicatorsPublished).data.publication
    (hidden,) = [one for one in publication.values if one.suppressed]

    (told,) = keep(IndicatorsPublished(publication=publication.model_copy(update={"values": (hidden,)})))

    assert told["suppressed"] == ["value"]
    assert {told[name] for name in ("numerator", "denominator", "value")} == {None}


def test_what_is_of_no_street_is_told_with_none() -> None:
    publication = sample_of(IndicatorsPublished).data.publication
    value, divisions = publication.values[0], ("320507", "320507000", "320507001")
    values = tuple(value.model_copy(update={"division": division}) for division in divisions)

    told = keep(IndicatorsPublished(publication=publication.model_copy(update={"values": values})))

    assert [(one["division"], one["street"]) for one in told] == [
        ("320507", None),
        ("320507000", None),
        ("320507001", "320507001"),
    ]
