"""Refused decisions, each with a stable code and advice."""

from contracts.refusals import RefusedError


class NotFoundError(RefusedError):
    """There is no such thing here, or it is another district's."""

    code = "not_found"
    advice = "本区没有该记录。No such record in this district."
    status = 404


class NotRegisteredError(RefusedError):
    """The person has no open stay in the street."""

    code = "not_registered_here"
    advice = "该人员在本街道没有在住记录。No open stay of this person in this street; register the arrival first."


class LeftBeforeArrivingError(RefusedError):
    """The day of leaving lies before the day of arriving."""

    code = "left_before_arriving"
    advice = "离开日期早于到达日期。The day of leaving must not lie before the day of arriving; correct the date."


class FutureDayError(RefusedError):
    """The day lies in the future."""

    code = "future_date"
    advice = "日期不能晚于今天。The day must not lie in the future; correct it."
    status = 422

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class NamesPersonError(RefusedError):
    """The name of a community or grid says who the person is, or has a number that may be somebody's."""

    code = "names_person"
    advice = (
        "社区、网格请只填名称或编码，不要填写姓名、证件号码、电话或门牌。"
        "Give community and grid by name or code alone, without name, number, phone or house."
    )
    status = 422

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class NotLivingHereError(RefusedError):
    """The stay has ended already, or was retracted."""

    code = "not_living_here"
    advice = "该居住记录已结束或已撤销。The stay has already ended or was retracted; look at its present state."


class RetractedError(RefusedError):
    """The stay was retracted; no further decision about it is possible."""

    code = "retracted"
    advice = "该居住记录已撤销。The stay was retracted; register the arrival anew if the person is here."


class NothingToCorrectError(RefusedError):
    """The correction is equal to what is recorded."""

    code = "nothing_to_correct"
    advice = "更正内容与现有记录相同。The correction says what is already recorded."


class NotEndedError(RefusedError):
    """The correction is about a departure, and none was declared here."""

    code = "not_ended"
    advice = "该居住记录没有登记流出。No departure was declared of this stay; register it first."


class NotContestedError(RefusedError):
    """There is nothing to confirm: no newer stay elsewhere is known."""

    code = "not_contested"
    advice = "没有更新的居住记录。No newer stay elsewhere is known; register a departure instead."


class AcceptedAlreadyError(RefusedError):
    """The district of the earlier stay has confirmed the move: the arrival can't be retracted any more."""

    code = "accepted_already"
    advice = "流出地已确认，请改为登记流出或返回。The move was confirmed; register a departure or a return instead."


class AnsweredAlreadyError(RefusedError):
    """The notice was confirmed or rejected already, or the answer has reached that step."""

    code = "answered_already"
    advice = "该通报已反馈。The notice was answered already; what changed since needs a report of its own."


class WithdrawnError(RefusedError):
    """The notice was withdrawn: it needs no answer any more."""

    code = "withdrawn"
    advice = "该通报已撤回，无需处理。The notice was withdrawn; nothing is left to do."


class NotAskedError(RefusedError):
    """Only an inquiry that a clerk asked can be withdrawn by a clerk."""

    code = "not_asked"
    advice = "只有主动发起的协查可以撤回。Only an inquiry that was asked by an office can be withdrawn."


class ResolvedAlreadyError(RefusedError):
    """The conflict is no longer open."""

    code = "resolved_already"
    advice = "该冲突已解决，无需处理。The conflict was resolved already; nothing is left to do."


class NotInConflictError(RefusedError):
    """The stay is not part of the conflict."""

    code = "not_in_conflict"
    advice = "该居住记录与此冲突无关。The conflict is not about this stay; name one of its stays."


class AlreadyDeadError(RefusedError):
    """A death is recorded already."""

    code = "died_already"
    advice = "已登记死亡，请先撤销再重新登记。The death is recorded already; retract it first."


class NotDeadError(RefusedError):
    """No death is recorded in this district."""

    code = "not_dead"
    advice = "本区没有该人员的死亡记录。No death of this person is recorded in this district."


class DiedBeforeBirthError(RefusedError):
    """The day of death lies before birth."""

    code = "died_before_birth"
    advice = "死亡日期早于出生日期。The day of death must not lie before birth; correct it."


class SamePersonError(RefusedError):
    """The two ids are one person already."""

    code = "same_person"
    advice = "两条记录已是同一人。The two records are one person already."


class NotMergedError(RefusedError):
    """The person was not merged in this district."""

    code = "not_merged"
    advice = "本区没有合并过该人员。This district has not merged this person."


class StaleError(RefusedError):
    """The request was made over an older version; `version` is the current one."""

    code = "stale"
    advice = "记录已被更新，请刷新后重试。Somebody changed it since; look at the current version and try again."

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class CorrectedAlreadyError(RefusedError):
    """The refused row was corrected by another request."""

    code = "corrected_already"
    advice = "该行已更正，请刷新。Somebody corrected this row already; look at the import again."


class TooManyStaysError(RefusedError):
    """A workbook of stays would have too many rows."""

    code = "too_many_stays"
    advice = "超过 10,000 条，请按街道、社区或日期分批导出。More than 10,000 rows; export by street, community or days."
    status = 422
