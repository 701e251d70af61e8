"""Pure decisions on questionnaires, and how answers to them are scored."""

from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from contracts.outreach.questionnaires import SCORED, Item, Measure, Questionnaire, QuestionnairePublished, Wordings
from contracts.outreach.surveys import Chosen, Score
from contracts.refusals import RefusedError


class QuestionnaireKnownError(RefusedError):
    """The edition was published with other words, items or answers."""

    code = "questionnaire_known"
    advice = "该版本已发布，内容不同；请以新版本发布。The edition was published otherwise; publish another edition."
    field = "edition"


class CodesRepeatError(RefusedError):
    """Two items, two choices of an item, or two texts have the same code or language."""

    code = "codes_repeat"
    advice = (
        "题目代码、同一题的选项代码或同一内容的语言有重复。"
        "Two items, two choices of an item or two texts have the same code or language; change one of them."
    )
    field = "questions"
    status = 422


class RightAnswerError(RefusedError):
    """A scored item has no clear right answer, or an item that is not scored has one."""

    code = "right_answer_unclear"
    advice = (
        "知识和行为题须注明正确选项（单选题一个），满意度和需求题不设正确选项。"
        "Items on knowledge and behaviour need right choices among their own (one, if one is to be chosen); "
        "others have none."
    )
    field = "questions"
    status = 422


class NoSuchItemError(RefusedError):
    """The questionnaire has no such item."""

    code = "no_such_item"
    advice = "问卷没有该题，请核对题目代码。The questionnaire has no such item; check its code."
    field = "chosen"
    status = 422


class NoSuchChoiceError(RefusedError):
    """The item has no such choice."""

    code = "no_such_choice"
    advice = "该题没有所填选项，请核对。The item has no such choice; check what was chosen."
    field = "chosen"
    status = 422


class OneChoiceError(RefusedError):
    """Several choices of an item of which one is to be chosen."""

    code = "one_choice"
    advice = "该题为单选，只能选一项。One choice is to be made of this item; leave it out if it is not clear which."
    field = "chosen"
    status = 422


class ItemTwiceError(RefusedError):
    """An item is answered twice, or one of its choices is given twice."""

    code = "item_twice"
    advice = "同一题或同一选项填写了两次。An item, or one of its choices, is given twice; give each once."
    field = "chosen"
    status = 422


def publish(known: Questionnaire | None, questionnaire: Questionnaire) -> QuestionnairePublished | None:
    """Return the fact that a questionnaire was published; None if the same was before.

    Raise CodesRepeatError, RightAnswerError or QuestionnaireKnownError if that can't be.
    """
    _must_be_unique(item.code for item in questionnaire.questions)
    _must_be_unique(wording.language for wording in questionnaire.wording)
    for item in questionnaire.questions:
        _must_be_clear(item)
    if known is None:
        return QuestionnairePublished(questionnaire=questionnaire)
    if known != questionnaire:
        raise QuestionnaireKnownError
    return None


def _must_be_clear(item: Item) -> None:
    codes = [choice.code for choice in item.choices]
    _must_be_unique(codes)
    _must_be_unique(item.right)
    wordings: list[Wordings] = [item.wording, *(choice.wording for choice in item.choices)]
    for wording in wordings:
        _must_be_unique(text.language for text in wording)
    if bool(item.right) != (item.measure in SCORED) or not set(item.right) <= set(codes):
        raise RightAnswerError
    if len(item.right) > 1 and not item.multiple:
        raise RightAnswerError


def _must_be_unique(codes: Iterable[str]) -> None:
    if any(count > 1 for count in Counter(codes).values()):
        raise CodesRepeatError


def check(questionnaire: Questionnaire, chosen: Sequence[Chosen]) -> tuple[Chosen, ...]:
    """Return answers in the order of the questionnaire, the choices of each in order.

    Raise NoSuchItemError, NoSuchChoiceError, OneChoiceError or ItemTwiceError if they are none to it.
    """
    items = {item.code: item for item in questionnaire.questions}
    for one in chosen:
        if one.item not in items:
            raise NoSuchItemError
        _must_be_choices(items[one.item], one.choices)
    answered = {one.item: Chosen(item=one.item, choices=tuple(sorted(one.choices))) for one in chosen}
    if len(answered) < len(chosen):
        raise ItemTwiceError
    return tuple(answered[code] for code in items if code in answered)


def _must_be_choices(item: Item, choices: Sequence[str]) -> None:
    if not set(choices) <= {choice.code for choice in item.choices}:
        raise NoSuchChoiceError
    if len(set(choices)) < len(choices):
        raise ItemTwiceError
    if len(choices) > 1 and not item.multiple:
        raise OneChoiceError


def find_right(questionnaire: Questionnaire, chosen: Iterable[Chosen]) -> tuple[str, ...]:
    """Return the scored items that are answered rightly: with all of the right choices and no other."""
    picked = {one.item: set(one.choices) for one in chosen}
    return tuple(
        item.code for item in questionnaire.questions if item.right and picked.get(item.code) == set(item.right)
    )


def score(questionnaire: Questionnaire, chosen: Sequence[Chosen]) -> tuple[Score, ...]:
    """Return how each scored measure of a questionnaire is answered; an item that is left out gets no points."""
    right, answered = set(find_right(questionnaire, chosen)), {one.item for one in chosen}
    measured = {measure: [one for one in questionnaire.questions if one.measure is measure] for measure in SCORED}
    return tuple(
        _score(measure, items, right, answered, questionnaire.threshold) for measure, items in measured.items() if items
    )


def _score(
    measure: Measure, items: Sequence[Item], right: AbstractSet[str], answered: AbstractSet[str], threshold: int
) -> Score:
    points, possible = sum(item.points for item in items if item.code in right), sum(item.points for item in items)
    return Score(
        measure=measure,
        right=sum(item.code in right for item in items),
        answered=sum(item.code in answered for item in items),
        points=points,
        possible=possible,
        passed=100 * points >= threshold * possible,
    )
