"""Questionnaires: published once an edition, with clear right answers; answers to them checked and scored."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outreach.messages import Language
from contracts.outreach.questionnaires import Measure, Questionnaire, Wording
from contracts.outreach.surveys import Chosen
from contracts.refusals import RefusedError
from services.outreach.domain import questionnaires
from tests.support.surveys import choices_of, choose, make_item, make_questionnaire, say

KNOWN = make_questionnaire()
K1 = KNOWN.questions[0]


def test_an_edition_is_published_once() -> None:
    fact = questionnaires.publish(None, KNOWN)

    assert fact is not None
    assert fact.questionnaire == KNOWN
    assert questionnaires.publish(KNOWN, KNOWN) is None


@pytest.mark.parametrize(
    ("known", "changed", "code"),
    [
        (KNOWN, {"threshold": 60}, "questionnaire_known"),
        (None, {"questions": (K1, K1)}, "codes_repeat"),
        (None, {"questions": (make_item("K1", Measure.KNOWLEDGE, "A", choices="AA"),)}, "codes_repeat"),
        (None, {"questions": (make_item("K1", Measure.KNOWLEDGE, "AA"),)}, "codes_repeat"),
        (None, {"wording": (*say("甲"), *say("乙"))}, "codes_repeat"),
        (None, {"questions": (K1.model_copy(update={"wording": (*say("甲"), *say("乙"))}),)}, "codes_repeat"),
        (None, {"questions": (make_item("K1", Measure.KNOWLEDGE),)}, "right_answer_unclear"),
        (None, {"questions": (make_item("K1", Measure.KNOWLEDGE, "D"),)}, "right_answer_unclear"),
        (None, {"questions": (make_item("S1", Measure.NEED, "A"),)}, "right_answer_unclear"),
        (None, {"questions": (K1.model_copy(update={"right": ("A", "B")}),)}, "right_answer_unclear"),
    ],
)
def test_what_cant_be_published_is_refused(known: Questionnaire | None, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        questionnaires.publish(known, KNOWN.model_copy(update=changed))

    assert refused.value.code == code


def test_a_text_may_be_in_two_languages() -> None:
    both = (*say("居民问卷"), Wording(language=Language.EN, text="Residents"))

    assert questionnaires.publish(None, KNOWN.model_copy(update={"wording": both})) is not None


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        (choose(K9="A"), "no_such_item"),
        (choose(K1="D"), "no_such_choice"),
        (choose(K3="ACD"), "no_such_choice"),
        (choose(K1="AB"), "one_choice"),
        (choose(K3="AA"), "item_twice"),
        (choose(K1="A") * 2, "item_twice"),
        ((*choose(K1="A"), *choose(K1="B")), "item_twice"),
    ],
)
def test_answers_out_of_range_are_refused(chosen: tuple[Chosen, ...], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        questionnaires.check(KNOWN, chosen)

    assert refused.value.code == code


@given(data=st.data())
def test_answers_say_the_same_in_any_order(data: st.DataObject) -> None:
    chosen = data.draw(choices_of(KNOWN))
    turned = [Chosen(item=one.item, choices=tuple(reversed(one.choices))) for one in data.draw(st.permutations(chosen))]

    checked = questionnaires.check(KNOWN, turned)

    assert checked == questionnaires.check(KNOWN, chosen)
    assert questionnaires.score(KNOWN, checked) == questionnaires.score(KNOWN, chosen)


@pytest.mark.parametrize(
    ("chosen", "right", "knowledge", "behaviour"),
    [
        (choose(K1="A", K2="B", K3="AC", B1="A", B2="C"), "K1 K2 K3 B1 B2", (3, 3, 5, True), (2, 2, 2, True)),
        (choose(K1="A", K3="CA"), "K1 K3", (2, 2, 4, True), (0, 0, 0, False)),
        (choose(K1="A", K2="B", K3="A", B1="A"), "K1 K2 B1", (2, 3, 2, False), (1, 1, 1, False)),
        (choose(K3="ABC", S1="A"), "", (0, 1, 0, False), (0, 0, 0, False)),
    ],
    ids=["all", "four of five points", "part of an item", "too much of an item"],
)
def test_a_measure_is_scored_by_points_and_what_is_left_out_gets_none(
    chosen: tuple[Chosen, ...], right: str, knowledge: tuple[int, ...], behaviour: tuple[int, ...]
) -> None:
    scores = questionnaires.score(KNOWN, chosen)

    assert questionnaires.find_right(KNOWN, chosen) == tuple(right.split())
    assert [(one.measure, one.possible) for one in scores] == [(Measure.KNOWLEDGE, 5), (Measure.BEHAVIOUR, 2)]
    assert [(one.right, one.answered, one.points, one.passed) for one in scores] == [knowledge, behaviour]


def test_what_no_item_asks_for_is_not_scored() -> None:
    needs = make_questionnaire(questions=(make_item("N1", Measure.NEED),))

    assert questionnaires.score(needs, choose(N1="A")) == ()
