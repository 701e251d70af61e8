"""Pure decisions on educators: who joined and who left, never two terms at once."""

from datetime import date

from contracts.outreach.educators import Educator, EducatorJoined, EducatorReleased, Term
from contracts.refusals import RefusedError


class EducatorInFutureError(RefusedError):
    """The day on which somebody joined or left lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."


class EducatorKnownError(RefusedError):
    """The same staff number is an educator of that kind already, since another day or for another institution."""

    code = "educator_known"
    advice = "该工号已在册，内容不同；请先登记离队。The number is on the list otherwise; record that it left first."
    field = "staff"


class EducatorGoneError(RefusedError):
    """Nobody is an educator under that number any more."""

    code = "educator_left"
    advice = "该人员已离队。That educator has left; look at the record."
    field = "left_on"


class LeftBeforeJoiningError(RefusedError):
    """The day of leaving is not after that of joining, or the day of joining before the last day of leaving."""

    code = "left_before_joining"
    advice = "入队与离队日期先后不符，请核对。The days of joining and leaving are the wrong way round; correct one."


def join(known: Educator | None, educator: Educator, today: date) -> EducatorJoined | None:
    """Return the fact that somebody became an educator by one new term; None if it is recorded already.

    Raise EducatorInFutureError, EducatorKnownError or LeftBeforeJoiningError if that can't be.
    """
    (term,) = educator.terms
    if term.joined_on > today:
        raise EducatorInFutureError
    if known is None:
        return EducatorJoined(educator=educator)
    last = known.terms[-1]
    if last.left_on is None:
        if last != term:
            raise EducatorKnownError
        return None
    if term.joined_on < last.left_on:
        raise LeftBeforeJoiningError
    return EducatorJoined(educator=educator.model_copy(update={"terms": (*known.terms, term)}))


def release(educator: Educator, left_on: date, today: date) -> EducatorReleased | None:
    """Return the fact that somebody is no educator from a day on; None if it is recorded already.

    Raise EducatorInFutureError, EducatorGoneError or LeftBeforeJoiningError if that can't be.
    """
    *earlier, last = educator.terms
    if last.left_on == left_on:
        return None
    if last.left_on is not None:
        raise EducatorGoneError
    if left_on > today:
        raise EducatorInFutureError
    if left_on <= last.joined_on:
        raise LeftBeforeJoiningError
    ended: Term = last.model_copy(update={"left_on": left_on})
    return EducatorReleased(educator=educator.model_copy(update={"terms": (*earlier, ended)}))
