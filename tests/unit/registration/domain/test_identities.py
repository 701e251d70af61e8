"""What a further report changes of an identity: filled stays filled, newer contact details count, names stay."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reference.identity import DocumentType, Sex
from services.registration.domain.identities import (
    CONTACT_DETAILS,
    Identity,
    TakenIn,
    is_another_child,
    mask,
    mask_name,
    take_in,
)

DAY = date(2026, 3, 1)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
RECORDED: dict[str, Any] = {
    "name": "李小满",
    "document_type": DocumentType.ID_CARD,
    "document_number": "36098119800101001X",
    "phone": "13812345678",
    "address": "采莲路1号",
    "employer": "某厂",
    "birth": date(1980, 1, 1),
    "sex": Sex.MALE,
}


def identity(**changes: Any) -> Identity:
    return Identity(**{**RECORDED, **changes})


def after(changes: dict[str, Any], on: date = DAY, **recorded: Any) -> TakenIn:
    """Take in a report that says some things differently from what is recorded."""
    return take_in(identity(**recorded), DAY, identity(**recorded | changes), on)


def test_the_first_report_is_recorded_as_it_is() -> None:
    assert take_in(None, None, identity(), DAY) == TakenIn(identity(), DAY)


def test_the_same_again_changes_nothing() -> None:
    assert after({}) == TakenIn(identity(), DAY)


@pytest.mark.parametrize(
    ("says", "on", "updated", "differs"),
    [
        ({"phone": ""}, AFTER, (), ()),
        ({"phone": "", "address": "", "employer": ""}, DAY, (), ()),
        ({"hukou_address": "丰城市某村"}, DAY, ("hukou_address",), ()),
        ({"hukou_address": "丰城市某村"}, BEFORE, ("hukou_address",), ()),
        ({"phone": "13900000000"}, DAY, ("phone",), ()),
        ({"phone": "13900000000", "employer": "新厂"}, AFTER, ("phone", "employer"), ()),
        ({"phone": "13900000000"}, BEFORE, (), ("phone",)),
        ({"hukou_division": "360981"}, DAY, ("hukou_division",), ()),
        ({"birth": date(1980, 1, 2)}, AFTER, (), ("birth",)),
        ({"sex": Sex.FEMALE}, AFTER, (), ("sex",)),
        ({"sex": Sex.UNKNOWN}, AFTER, (), ()),
        ({"sex": Sex.UNSPECIFIED, "birth": None}, AFTER, (), ()),
        ({"document_type": DocumentType.HK_MACAO_TAIWAN_RESIDENCE}, AFTER, (), ("document_type",)),
    ],
)
def test_each_field_of_a_report_is_recorded_or_kept_or_told(
    says: dict[str, Any], on: date, updated: tuple[str, ...], differs: tuple[str, ...]
) -> None:
    taken = after(says, on)

    assert (taken.updated, taken.differs, taken.name_differs) == (updated, differs, False)
    assert taken.identity == identity(**{field: says[field] for field in updated})
    assert taken.as_of == max(on, DAY)


def test_what_was_unknown_is_filled_in() -> None:
    taken = after({"birth": date(1980, 1, 1), "sex": Sex.MALE}, BEFORE, birth=None, sex=Sex.UNKNOWN)

    assert (taken.identity, taken.updated) == (identity(), ("birth", "sex"))


def test_an_approval_stays_as_it_was_given_first() -> None:
    approved = {"override_reason": "证件磨损", "approved_by": "supervisor-1"}

    assert after(
        {"override_reason": "另有原因", "approved_by": "supervisor-2"}, AFTER, **approved
    ).identity == identity(**approved)


@pytest.mark.parametrize("name", ["李 小满", "李小满 ", "李·小满"])
def test_a_name_typed_differently_is_the_same_name(name: str) -> None:
    assert after({"name": name}) == TakenIn(identity(), DAY)


def test_another_name_is_told_and_its_report_changes_nothing() -> None:
    taken = after({"name": "王大暑", "phone": "13900000000", "hukou_address": "丰城市某村"}, AFTER)

    assert taken == TakenIn(identity(), DAY, (), ("phone", "hukou_address"), name_differs=True)


@pytest.mark.parametrize(
    ("says", "another"),
    [
        ({}, False),
        ({"name": "婴 一"}, False),
        ({"sex": Sex.UNKNOWN}, False),
        ({"name": "婴二"}, True),
        ({"sex": Sex.MALE}, True),
        ({"document_type": DocumentType.ID_CARD, "name": "婴二"}, False),
    ],
)
def test_a_child_under_its_guardian_is_another_by_name_or_sex(says: dict[str, Any], another: bool) -> None:
    recorded = {"name": "婴一", "sex": Sex.FEMALE, "document_type": DocumentType.GUARDIAN}

    assert is_another_child(identity(**recorded), identity(**recorded | says)) is another


def some(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


REPORTS = st.tuples(
    st.builds(
        identity,
        name=some("李小满", "李 小满", "王大暑"),
        phone=some("", "1", "2"),
        address=some("", "甲", "乙"),
        hukou_address=some("", "丙", "丁"),
        employer=some("", "戊", "己"),
        hukou_division=some(None, "360981", "341204"),
        birth=some(None, date(1980, 1, 1), date(1980, 1, 2)),
        sex=st.sampled_from(Sex),
    ),
    st.dates(BEFORE, AFTER),
)
EMPTY = ("", None, Sex.UNKNOWN, Sex.UNSPECIFIED)
FILLED = (*CONTACT_DETAILS, "birth")


def differing(one: Identity, other: Identity) -> set[str]:
    return {field for field in Identity.model_fields if getattr(one, field) != getattr(other, field)}


@given(st.lists(REPORTS, min_size=1, max_size=8))
def test_no_reports_in_any_order_empty_a_field_or_change_a_name_or_hide_what_they_did(
    reports: list[tuple[Identity, date]],
) -> None:
    recorded, as_of = None, None
    for reported, on in reports:
        taken = take_in(recorded, as_of, reported, on)
        if recorded is not None:
            assert differing(taken.identity, recorded) == set(taken.updated), "what changed is named, and nothing else"
            assert taken.identity.name == recorded.name
            assert all(getattr(taken.identity, field) for field in FILLED if getattr(recorded, field))
            assert all(getattr(reported, field) for field in (*taken.updated, *taken.differs))
            unrecorded = differing(reported, taken.identity) - {"name"}
            assert {field for field in unrecorded if getattr(reported, field) not in EMPTY} == set(taken.differs), (
                "what is not recorded as reported is told"
            )
        recorded, as_of = taken.identity, taken.as_of


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("李小满", "李*满"),
        ("王伟", "王*"),
        ("欧阳小满", "欧**满"),
        ("阿布都·艾力", "阿****力"),
        ("甲", "甲*"),
        ("Li Xiaoman", "L********n"),
    ],
)
def test_of_a_masked_name_the_first_and_the_last_character_are_seen(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_a_masked_identity_says_nothing_but_name_sex_and_year() -> None:
    told = mask("p", identity()).model_dump()

    assert told == {"person_id": "p", "name": "李*满", "sex": Sex.MALE, "birth_year": 1980}
    assert mask("p", identity(birth=None)).birth_year is None
