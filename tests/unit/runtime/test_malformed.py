"""What is wrong with a request is told by field, in Chinese and English, without what was typed."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.archives.api.archives import ClosingRequest, CompletionRequest
from services.archives.api.entries import EntryRequest
from services.outreach.api.activities import HoldRequest, PlanRequest
from services.registration.amqp import NamedReply
from services.registration.api.arrivals import ArrivalRequest, DepartureRequest
from services.registration.api.conflicts import ResolutionRequest
from services.registration.api.people import Lookup
from services.registration.api.stays import Correction
from services.runtime.malformed import FieldError, explain, list_fields

STREET, PERSON, MOMENT = "320507001", "0" * 32, "2026-01-01T08:00:00+08:00"
ENTRY = {"street": STREET, "measured_at": MOMENT}
READING = {"systolic": 120, "diastolic": 80}


def told(asked: Any, sent: Any) -> list[FieldError]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(asked).validate_python(sent, from_attributes=True)
    return [explain(found, asked) for found in refused.value.errors()]


def only(asked: Any, sent: Any) -> FieldError:
    (wrong,) = told(asked, sent)
    return wrong


def is_told_in_both_languages(wrong: FieldError) -> bool:
    return any("一" <= letter <= "龥" for letter in wrong.advice) and " must " in wrong.advice


@pytest.mark.parametrize(
    ("asked", "sent", "field", "code", "hint"),
    [
        (ArrivalRequest, {"street": STREET, "phone": 13912345678}, "phone", "string_type", "应为文本，请加引号。"),
        (ArrivalRequest, {"street": STREET, "name": True}, "name", "string_type", "must be text, in quotes."),
        (ArrivalRequest, {"street": STREET, "note": "长" * 1001}, "note", "string_too_long", "1000"),
        (ArrivalRequest, {"street": "３２０５０７００１"}, "street", "string_pattern_mismatch", "^[0-9]{9}$"),
        (ArrivalRequest, {"street": STREET, "members": {}}, "members", "tuple_type", "must be an array [ ]."),
        (ArrivalRequest, {"street": STREET, "members": [7]}, "members.0", "model_attributes_type", "应为对象 { }。"),
        (ArrivalRequest, {"street": STREET, "members": [{}] * 31}, "members", "too_long", "30"),
        (ArrivalRequest, [], "body", "model_attributes_type", "must be an object { }."),
        (DepartureRequest, {"street": STREET, "household": "maybe"}, "household", "bool_parsing", "true"),
        (ClosingRequest, {"street": STREET, "closed_on": 20260601, "reason": "lost"}, "closed_on", None, "2026-11-18"),
        (ClosingRequest, {"street": STREET, "closed_on": "6月1日", "reason": "lost"}, "closed_on", None, "应为日期"),
        (
            ClosingRequest,
            {"street": STREET, "closed_on": "2026-02-30", "reason": "lost"},
            "closed_on",
            None,
            "应为日期",
        ),
        (ClosingRequest, {"street": STREET, "closed_on": "2026-06-01", "reason": "x"}, "reason", None, "lost, moved, "),
        (EntryRequest, {**ENTRY, "measured_at": 1717200000, "content": READING}, "measured_at", None, "时区"),
        (EntryRequest, {**ENTRY, "content": {"kind": "x"}}, "content.kind", "union_tag_invalid", "physical_exam"),
        (EntryRequest, {**ENTRY, "content": {**READING, "systolic": 500}}, "content.systolic", None, "不能大于 300"),
        (EntryRequest, {**ENTRY, "content": {**READING, "systolic": "高"}}, "content.systolic", "int_parsing", "12"),
        (EntryRequest, {**ENTRY, "content": {"systolic": 120}}, "content.diastolic", "missing", None),
        (HoldRequest, {"held_on": "2026-06-01", "attendance": -1}, "attendance", "greater_than_equal", "不能小于 0"),
        (
            PlanRequest,
            {"street": STREET, "kind": "x", "topic": "y", "planned_on": "2026-06-01"},
            "kind",
            "enum",
            "lecture",
        ),
        (Lookup, {"document_type": "id_card", "document_number": "1", "reason": "x"}, "reason", None, "至少 2 个字"),
        (ResolutionRequest, {"stay_id": PERSON}, "action", "missing", None),
        (ResolutionRequest, {"action": "forget"}, "action", "union_tag_invalid", "still_here"),
        (ResolutionRequest, {"action": "retract", "stay_id": "x"}, "stay_id", "string_pattern_mismatch", None),
    ],
)
def test_a_field_is_named_as_the_sender_sees_it_with_what_belongs_there(
    asked: Any, sent: Any, field: str, code: str | None, hint: str | None
) -> None:
    wrong = only(asked, sent)

    assert wrong.field == field
    assert code in {None, wrong.code}
    assert (hint or "") in wrong.advice
    assert wrong.code == "missing" or is_told_in_both_languages(wrong)


@pytest.mark.parametrize(
    ("asked", "sent", "field", "meant"),
    [
        (ArrivalRequest, {"street": STREET, "telephone": "1"}, "telephone", "phone"),
        (ArrivalRequest, {"street": STREET, "Mobile": "1"}, "Mobile", "phone"),
        (ArrivalRequest, {"street": STREET, "联系电话": "1"}, "联系电话", "phone"),
        (ArrivalRequest, {"street": STREET, "add_ress": "1"}, "add_ress", "address"),
        (ArrivalRequest, {"street": STREET, "addr": "1"}, "addr", "address"),
        (ArrivalRequest, {"street": STREET, "documentNumber": "1"}, "documentNumber", "document_number"),
        (ArrivalRequest, {"street": STREET, "idcard": "1"}, "idcard", "document_number"),
        (ArrivalRequest, {"street": STREET, "gender": "1"}, "gender", "sex"),
        (ArrivalRequest, {"street": STREET, "birthday": "1"}, "birthday", "birth"),
        (ArrivalRequest, {"street": STREET, "members": [{"tel": "1"}]}, "members.0.tel", "phone"),
        (
            DepartureRequest,
            {"street": STREET, "staying": [{"id_number": "1"}]},
            "staying.0.id_number",
            "document_number",
        ),
        (EntryRequest, {**ENTRY, "content": {**READING, "pulse": 1}}, "content.pulse", "heart_rate"),
        (CompletionRequest, {"street": STREET, "committee": "001", "basic": {"smokin": 1}}, "basic.smokin", "smoking"),
        (Correction, {"origins": None}, "origins", "origin"),
        (
            ResolutionRequest,
            {"action": "correct", "stay_id": PERSON, "correction": {"start_on": "2026-06-01"}},
            "correction.start_on",
            "started_on",
        ),
    ],
)
def test_a_key_that_is_not_known_is_named_with_the_nearest_one_that_is(
    asked: Any, sent: Any, field: str, meant: str
) -> None:
    wrong = only(asked, sent)

    assert (wrong.field, wrong.code) == (field, "unknown_field")
    assert f"是否应为 {meant}？" in wrong.advice
    assert f"did you mean {meant}?" in wrong.advice


def test_a_key_that_is_like_nothing_is_named_alone() -> None:
    wrong = only(ArrivalRequest, {"street": STREET, "qqqq": "1"})

    assert wrong.advice == "没有 qqqq 这一项，请核对名称。 There is no field qqqq; check its name."


@pytest.mark.parametrize("key", ["13912345678", "phone13912345678", "李 小满", "x" * 41, "a.b", "<b>", ""])
def test_a_key_that_may_say_who_somebody_is_is_not_repeated(key: str) -> None:
    top = only(ArrivalRequest, {"street": STREET, key: "1"})
    member = only(ArrivalRequest, {"street": STREET, "members": [{key: "1"}]})

    assert (top.field, member.field) == ("body", "members.0")
    assert not key or key not in top.advice + member.advice


def test_what_was_typed_is_never_repeated() -> None:
    typed = "13912345678"
    sent = {"street": typed, "phone": int(typed), "members": [{"name": [typed]}, typed], "telephone": typed}

    assert typed not in repr(told(ArrivalRequest, sent))
    assert typed not in repr(told(EntryRequest, {**ENTRY, "content": {"kind": typed}}))


def test_a_rule_between_fields_is_told() -> None:
    wrong = only(NamedReply, {"notice_id": PERSON, "state": "rejected"})

    assert (wrong.field, wrong.code) == ("body", "value_error")
    assert "rejected 须填 reason" in wrong.advice
    assert "A rejection has a reason" in wrong.advice


def test_the_first_fields_are_named_once_each() -> None:
    wrong = [
        FieldError(field=field, code="missing", advice="") for field in ("name", "name", "street", "phone", "note")
    ]

    assert list_fields(wrong[:3]) == ("name, street", "name, street")
    assert list_fields(wrong) == ("name, street, phone 等项", "name, street, phone and others")
