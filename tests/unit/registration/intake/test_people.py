"""People of all kinds at the doors: children without a document, numbers that a supervisor approves, households."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reference.divisions import Divisions
from contracts.reference.identity import Document, DocumentType, Sex, guarded_number, number_problem, person_id
from contracts.registration.stays import Category
from services.registration.domain.arrivals import Arrival, Departure
from services.registration.intake.checks import check_arrival, check_departure, check_household
from services.registration.intake.documents import keep_apart
from services.registration.intake.refusals import Refusal
from services.registration.intake.reports import ArrivalReport, DepartureReport, HouseholdReport
from services.registration.intake.vocabulary import RELATIONSHIPS
from tests.support.registers import full_width, id_number

KEY = bytes(range(32))
TODAY = date(2026, 11, 20)
STREET = "320507001"
AROUND: dict[str, Any] = {"street": STREET, "today": TODAY, "divisions": Divisions.load()}
MOTHER = id_number("310110", date(1990, 5, 6), 22)
FATHER = id_number("310110", date(1988, 5, 6), 31)
OTHER_CHECK = "0" if MOTHER[17] != "0" else "1"
FALSE = MOTHER[:17] + OTHER_CHECK
ADULT = {
    "name": "王芳",
    "sex": "女",
    "document_type": "居民身份证",
    "document_number": MOTHER,
    "arrived_on": "2026-11-18",
    "origin": "上海市杨浦区",
    "address": "采莲路64号",
}
CHILD = {
    "name": "王小宝",
    "sex": "男",
    "document_type": "监护人",
    "guardian_document_number": MOTHER,
    "birth": "2026-03-01",
    "arrived_on": "2026-11-18",
    "origin": "上海市杨浦区",
}
WHY = {"override": {"reason": "派出所证明号码有误"}}


def check(report: dict[str, Any], **around: Any) -> Arrival | Refusal:
    return check_arrival(ArrivalReport.model_validate(report), **AROUND, **around)


def accept(report: dict[str, Any], **around: Any) -> Arrival:
    arrival = check(report, **around)
    assert isinstance(arrival, Arrival), arrival
    return arrival


def refused(found: object) -> tuple[str, str]:
    assert isinstance(found, Refusal), found
    return found.code.value, found.field


def household(*members: dict[str, Any], head: dict[str, Any] = ADULT, **around: Any) -> list[Arrival] | Refusal:
    return check_household(HouseholdReport.model_validate({**head, "members": members}), **AROUND, **around)


def live_together(*members: dict[str, Any], head: dict[str, Any] = ADULT, **around: Any) -> list[Arrival]:
    arrivals = household(*members, head=head, **around)
    assert isinstance(arrivals, list), arrivals
    return arrivals


def leave(report: dict[str, Any]) -> Departure | Refusal:
    said = {name: typed for name, typed in report.items() if name in DepartureReport.model_fields}
    told = {"document_type": "居民身份证", "document_number": MOTHER, "left_on": "2026-11-18", **said}
    return check_departure(DepartureReport.model_validate(told), **AROUND)


def left(report: dict[str, Any]) -> Departure:
    departure = leave(report)
    assert isinstance(departure, Departure), departure
    return departure


def test_a_child_without_a_document_is_known_by_its_guardian() -> None:
    child = accept(CHILD)

    assert child.document == Document(
        DocumentType.GUARDIAN, guarded_number(Document(DocumentType.ID_CARD, MOTHER), date(2026, 3, 1))
    )
    assert child.guardian == Document(DocumentType.ID_CARD, MOTHER)
    assert (child.birth, child.sex, child.warnings) == (date(2026, 3, 1), Sex.MALE, ())
    assert accept({**CHILD, "sex": ""}).warnings == ("unknown_sex",)


def test_the_guardians_number_may_stand_where_the_childs_would() -> None:
    typed = {**CHILD, "guardian_document_number": "", "document_number": full_width(MOTHER)}

    assert accept(typed).document == accept(CHILD).document


def test_a_guardian_may_have_any_document() -> None:
    child = accept({**CHILD, "guardian_document_type": "护照", "guardian_document_number": "e16661604"})

    assert child.guardian == Document(DocumentType.PASSPORT, "E16661604")


def test_twins_are_two_by_their_order() -> None:
    first, second = (accept({**CHILD, "birth_order": order}) for order in ("1", "老二"))

    assert first.document == accept(CHILD).document
    assert person_id(KEY, *first.document) != person_id(KEY, *second.document)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"birth": ""}, ("missing", "birth")),
        ({"birth": "2026-02-30"}, ("bad_date", "birth")),
        ({"birth": "2026-12-01"}, ("future_date", "birth")),
        ({"birth": "1990-05-06"}, ("birth_mismatch", "birth")),
        ({"guardian_document_number": ""}, ("missing", "guardian_document_number")),
        ({"guardian_document_number": FALSE}, ("id_checksum", "guardian_document_number")),
        (
            {"guardian_document_type": "护照", "guardian_document_number": "无"},
            ("bad_number", "guardian_document_number"),
        ),
        ({"guardian_document_type": "学生证"}, ("bad_document_type", "guardian_document_type")),
        ({"guardian_document_type": "监护人"}, ("bad_document_type", "guardian_document_type")),
        ({"birth_order": "0"}, ("bad_number", "birth_order")),
        ({"birth_order": "若干"}, ("bad_number", "birth_order")),
        ({"name": ""}, ("missing", "name")),
    ],
)
def test_what_stands_for_a_childs_document_is_checked(changes: dict[str, str], expected: tuple[str, str]) -> None:
    assert refused(check({**CHILD, **changes})) == expected


def test_a_number_that_fails_its_check_takes_a_supervisor_and_a_reason() -> None:
    report = {**ADULT, "document_number": FALSE, **WHY}

    assert refused(check({**report, "override": None})) == ("id_checksum", "document_number")
    assert refused(check({**report, "override": None}, approver="chief")) == ("id_checksum", "document_number")
    assert refused(check(report)) == ("override_not_allowed", "override")
    assert refused(check({**report, "override": {"reason": " "}}, approver="chief")) == ("missing", "override")
    arrival = accept(report, approver="chief")
    assert arrival.unverified
    assert (arrival.override_reason, arrival.approved_by) == ("派出所证明号码有误", "chief")
    assert (arrival.document_number, arrival.birth, arrival.sex) == (FALSE, date(1990, 5, 6), Sex.FEMALE)
    assert not accept(ADULT, approver="chief").unverified


def test_who_is_unverified_is_never_taken_for_somebody_else() -> None:
    report = {**ADULT, "document_number": FALSE, **WHY}
    unverified = accept(report, approver="chief").document
    again = accept({**report, "name": "王 芳", "arrived_on": "2026-11-19"}, approver="another").document
    others = [
        accept({**report, "name": "李芳"}, approver="chief").document,
        check_arrival(ArrivalReport.model_validate(report), **{**AROUND, "street": "320507002"}, approver="chief"),
        accept({**report, "document_number": MOTHER}, approver="chief").document,
        accept(ADULT).document,
    ]

    assert unverified == again
    documents = [other.document if isinstance(other, Arrival) else other for other in others]
    assert len({person_id(KEY, *document) for document in (unverified, *documents)}) == 5  # type: ignore[misc]  # tuples of two and of three


def test_a_number_that_was_issued_wrong_or_twice_can_be_approved_too() -> None:
    wrong = accept({**ADULT, "birth": "1991-06-07", "sex": "男", **WHY}, approver="chief")

    assert (wrong.birth, wrong.sex, wrong.unverified) == (date(1991, 6, 7), Sex.MALE, True)
    assert refused(check({**ADULT, "birth": "1991-06-07"})) == ("birth_mismatch", "birth")


@pytest.mark.parametrize(
    "number", [MOTHER[:17], MOTHER + "1", "3.10110E+17", "无号码", "110105" + "1" * 12, FALSE, MOTHER]
)
def test_of_an_approved_number_nothing_need_be_right_but_then_the_birth_is_asked_for(number: str) -> None:
    report = {**ADULT, "document_number": number, "birth": "1990-05-06", **WHY}

    arrival = accept(report, approver="chief")

    assert (arrival.birth, arrival.unverified) == (date(1990, 5, 6), True)
    bare = check({**report, "birth": ""}, approver="chief")
    assert isinstance(bare, Arrival) or refused(bare) in (("missing", "birth"), ("future_date", "birth"))


def test_a_passport_number_that_is_none_is_not_approved() -> None:
    report = {**ADULT, "document_type": "护照", "document_number": "无", "birth": "1990-05-06", **WHY}

    assert refused(check(report, approver="chief")) == ("bad_number", "document_number")


@pytest.mark.parametrize("number", ["000000201805020000", "1" * 18, id_number("310110", date(1990, 5, 6), 0)])
def test_a_placeholder_is_refused_wherever_a_number_is_typed_and_no_approval_helps(number: str) -> None:
    assert refused(check({**ADULT, "document_number": number})) == ("placeholder_number", "document_number")
    approved = check({**ADULT, "document_number": number, **WHY}, approver="chief")
    assert refused(approved) == ("placeholder_number", "document_number")
    guarded = {**CHILD, "guardian_document_number": number}
    assert refused(check(guarded)) == ("placeholder_number", "guardian_document_number")
    assert refused(check({**guarded, **WHY}, approver="chief")) == ("placeholder_number", "guardian_document_number")
    linked = accept({**ADULT, "household_document_number": number})
    assert (linked.head, linked.warnings) == (None, ("unknown_household",))
    assert refused(leave({"document_number": number})) == ("placeholder_number", "document_number")
    staying = {"household": True, "staying": [{"document_type": "身份证", "document_number": number}]}
    assert refused(leave(staying)) == ("placeholder_number", "staying.0.document_number")


def test_the_last_serial_number_is_a_placeholder_where_no_area_is_or_was() -> None:
    nowhere, gone, here = (id_number(area, date(1990, 5, 6), 999) for area in ("329999", "320802", "310110"))
    hong_kong = id_number("810000", date(1990, 5, 6), 999)

    assert refused(check({**ADULT, "document_number": nowhere})) == ("placeholder_number", "document_number")
    assert accept({**ADULT, "household_document_number": nowhere}).warnings == ("unknown_household",)
    for number in (gone, here, hong_kong):
        assert accept({**ADULT, "document_number": number, "sex": ""}).document_number == number
    approved = accept({**ADULT, "document_number": nowhere, **WHY}, approver="chief")
    assert approved.unverified  # the area may be older than the tables
    other_serial = id_number("329999", date(1990, 5, 6), 998)
    assert accept({**ADULT, "document_number": other_serial, "sex": ""}).document_number == other_serial


@pytest.mark.parametrize("document_type", ["外国人永久居留身份证", "居民身份证", "护照", "港澳台居民居住证"])
def test_a_foreigner_is_one_person_under_whatever_the_card_was_typed(document_type: str) -> None:
    card = Document(DocumentType.FOREIGN_PERMANENT_RESIDENCE, "931840198507040010")
    typed = {"name": "Tomas Berg", "sex": "", "document_type": document_type, "document_number": card.number}

    arrival = accept({**ADULT, **typed})

    assert (arrival.document, arrival.birth, arrival.sex) == (card, date(1985, 7, 4), Sex.MALE)
    assert left({**typed, "name": ""}).document == card
    child = {**CHILD, "guardian_document_type": document_type, "guardian_document_number": card.number}
    assert accept(child).guardian == card
    head = {"household_document_type": document_type, "household_document_number": card.number}
    assert accept({**ADULT, **head}).head == card


def test_a_9_number_that_fails_its_check_is_refused_as_what_it_was_typed_for() -> None:
    wrong = "931840198507040011"

    assert refused(check({**ADULT, "document_number": wrong})) == ("id_checksum", "document_number")
    assert refused(check({**ADULT, "document_type": "护照", "document_number": wrong})) == (
        "bad_number",
        "document_number",
    )


def test_a_household_is_checked_member_by_member_and_inherits_what_is_said_once() -> None:
    father = {"name": "李强", "document_type": "身份证", "document_number": FATHER, "relationship": "配偶"}
    baby = {"name": "王小宝", "document_type": "监护人", "birth": "2026-03-01", "sex": "男", "relationship": "儿子"}

    mother, spouse, child = live_together(
        {**father, "address": "别处1号"}, baby, head={**ADULT, "community": "第7社区"}
    )

    assert [arrival.relationship for arrival in (mother, spouse, child)] == ["02", "10", "20"]
    assert {arrival.head for arrival in (mother, spouse, child)} == {Document(DocumentType.ID_CARD, MOTHER)}
    assert {arrival.started_on for arrival in (mother, spouse, child)} == {date(2026, 11, 18)}
    assert {arrival.origin for arrival in (mother, spouse, child)} == {"310110"}
    assert {arrival.community for arrival in (mother, spouse, child)} == {"第7社区"}
    assert [arrival.address for arrival in (mother, spouse, child)] == ["采莲路64号", "别处1号", "采莲路64号"]
    assert child.guardian == mother.document
    assert spouse.guardian is None


def test_who_comes_alone_is_no_household() -> None:
    assert live_together() == [accept(ADULT)]
    assert accept(ADULT).head is None


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ({"document_number": FALSE}, ("id_checksum", "members.1.document_number")),
        ({"name": "12"}, ("bad_name", "members.1.name")),
        ({"document_number": ""}, ("missing", "members.1.document_number")),
        ({"arrived_on": "2027-01-01"}, ("future_date", "members.1.arrived_on")),
        ({"document_number": MOTHER}, ("named_twice", "members.1.document_number")),
        (WHY, ("override_not_allowed", "members.1.override")),
        ({"document_type": "监护人", "document_number": ""}, ("missing", "members.1.birth")),
    ],
)
def test_a_refused_member_refuses_the_whole_report_by_name(member: dict[str, Any], expected: tuple[str, str]) -> None:
    spouse = {"name": "李强", "document_type": "身份证", "document_number": FATHER}
    third = {"name": "李二", "document_type": "身份证", "document_number": id_number("310110", date(2001, 1, 1), 5)}

    assert refused(household(spouse, {**third, **member})) == expected


def test_twins_without_their_order_are_not_taken_for_one() -> None:
    twin = {"name": "王小宝", "document_type": "监护人", "birth": "2026-03-01"}

    assert refused(household(twin, {**twin, "name": "王二宝"})) == ("named_twice", "members.1.document_number")
    assert len(live_together(twin, {**twin, "name": "王二宝", "birth_order": "2"})) == 3


def test_the_child_of_an_unverified_head_is_unverified_too() -> None:
    head = {**ADULT, "document_number": FALSE, **WHY}
    baby = {"name": "王小宝", "document_type": "监护人", "birth": "2026-03-01"}

    mother, child = live_together(baby, head=head, approver="chief")

    assert mother.unverified
    assert child.unverified
    assert child.head == mother.document


def test_a_row_is_linked_to_the_head_whom_it_names() -> None:
    head = accept({**ADULT, "relationship": "户主"})
    child = accept({**ADULT, "document_number": FATHER, "sex": "", "household_document_number": f" {MOTHER.lower()} "})
    other = accept({**CHILD, "household_document_number": "E16661604", "household_document_type": "护照"})

    assert head.head == child.head == Document(DocumentType.ID_CARD, MOTHER)
    assert other.head == Document(DocumentType.PASSPORT, "E16661604")


@pytest.mark.parametrize("number", [FALSE, "无", "123"])
def test_a_head_who_can_not_be_read_links_nobody_and_is_told(number: str) -> None:
    arrival = accept({**ADULT, "household_document_number": number})

    assert (arrival.head, arrival.warnings) == (None, ("unknown_household",))


def test_relationships_are_said_in_words_or_codes() -> None:
    for word, code in {
        "户主": "02",
        "妻": "12",
        "长子": "22",
        "次女": "33",
        "外婆": "64",
        "52": "52",
        "同事": "99",
    }.items():
        assert accept({**ADULT, "relationship": f" {word} "}).relationship == code
    assert accept({**ADULT, "relationship": "邻居"}).warnings == ("unknown_relationship",)
    assert set(RELATIONSHIPS.values()) <= set(RELATIONSHIPS)
    assert len(set(RELATIONSHIPS.values())) == 84


def test_what_the_office_reports_of_a_person_is_read() -> None:
    arrival = accept({**ADULT, "disabled": "肢体残疾", "left_behind": "否", "hardship": "低保户"})

    assert arrival.categories == (Category.DISABLED, Category.HARDSHIP)
    assert arrival.warnings == ()
    assert accept({**ADULT, "left_behind": " 是 "}).categories == (Category.LEFT_BEHIND,)
    assert accept({**ADULT, "disabled": "待定"}).warnings == ("unknown_disabled",)


def test_a_departure_may_be_for_a_season() -> None:
    assert left({"returning_on": "2027年2月20日"}).returning_on == date(2027, 2, 20)
    assert left({}).returning_on is None
    assert refused(leave({"returning_on": "2026-11-18"})) == ("returns_before_leaving", "returning_on")
    assert refused(leave({"returning_on": "2026-11-17"})) == ("returns_before_leaving", "returning_on")
    assert refused(leave({"returning_on": "年后"})) == ("bad_date", "returning_on")


def test_a_child_without_a_document_can_leave_alone_or_stay_behind() -> None:
    child = {"document_type": "监护人", "birth": "2026-03-01"}
    known = accept(CHILD).document

    alone = left({**child, "document_number": "", "guardian_document_number": MOTHER})
    behind = left({"household": True, "staying": [child, {"document_type": "护照", "document_number": "e16661604"}]})

    assert alone.document == known
    assert behind.staying == (known, Document(DocumentType.PASSPORT, "E16661604"))
    assert behind.household
    assert refused(leave({"staying": [{"document_type": "护照", "document_number": "无"}]})) == (
        "bad_number",
        "staying.0.document_number",
    )


def test_who_is_unverified_leaves_by_number_and_name() -> None:
    arrived = accept({**ADULT, "document_number": FALSE, **WHY}, approver="chief")

    departed = left({"document_number": FALSE, "unverified": True, "name": "王　芳"})

    assert departed.document == arrived.document
    assert refused(leave({"document_number": FALSE})) == ("id_checksum", "document_number")
    assert refused(leave({"document_number": FALSE, "unverified": True})) == ("missing", "name")


typed = st.text(max_size=20) | st.sampled_from(
    ["监护人", "护照", "身份证", MOTHER, FALSE, "2026-03-01", "2", "户主", "是"]
)


@given(
    report=st.dictionaries(st.sampled_from(sorted(ArrivalReport.model_fields.keys() - {"override"})), typed),
    member=st.dictionaries(st.sampled_from(sorted(ArrivalReport.model_fields.keys() - {"override"})), typed),
    approver=st.sampled_from([None, "chief"]),
    override=st.sampled_from([None, {"reason": ""}, {"reason": "错号"}]),
)
def test_whatever_is_typed_of_a_household_is_decided(
    report: dict[str, str], member: dict[str, str], approver: str | None, override: dict[str, str] | None
) -> None:
    head = {**ADULT, **report, "override": override}

    found = household({**CHILD, **member}, head=head, approver=approver)

    if isinstance(found, Refusal):
        assert found.field.removeprefix("members.0.") in {*ArrivalReport.model_fields, "street"}
        return
    for arrival in found:
        assert arrival.unverified or number_problem(arrival.document_type, arrival.document_number) is None
        assert arrival.unverified == bool(arrival.override_reason)
        assert arrival.birth <= TODAY
    assert len({person_id(KEY, *arrival.document) for arrival in found}) == 2


@given(name=st.text(min_size=1, max_size=8), street=st.sampled_from(["320507001", "320507002"]))
def test_whoever_is_kept_apart_has_an_id_of_their_own(name: str, street: str) -> None:
    document = Document(DocumentType.ID_CARD, MOTHER)

    assert person_id(KEY, *keep_apart(document, street, name)) != person_id(KEY, *document)
    assert accept(ADULT)._replace(apart="x").unverified
