"""Refused decisions of archives, each with a stable code and advice on what to do."""

from contracts.refusals import RefusedError


class NoArchiveError(RefusedError):
    """The person has no archive in the district, or one that another street keeps: the answer does not tell which."""

    code = "no_archive"
    advice = (
        "您的辖区没有保管该人员的健康档案：请先登记流入；为本区其他街道的居民服务的，请说明理由（reason）。"
        "No archive of this person is kept in your division: register the arrival; if you served a resident of another "
        "street of the district, give the reason."
    )


class NoArchiveHereError(NoArchiveError):
    """The same, where no reason helps: only the keeping street does this."""

    advice = (
        "您的辖区没有保管该人员的健康档案：请先登记流入，或联系其居住的街道。"
        "No archive of this person is kept in your division: register the arrival, or ask the street of residence."
    )
    status = 404


class FutureEntryError(RefusedError):
    """The measurement is dated after now."""

    code = "future_date"
    advice = "测量时间不能晚于现在。The time of measuring must not lie in the future; correct it."


class BeforeBirthError(RefusedError):
    """The entry is dated before the person was born."""

    code = "before_birth"
    advice = "日期早于出生日期。The date lies before the day of birth; correct it."


class AfterDeathError(RefusedError):
    """The entry is dated after the person died."""

    code = "after_death"
    advice = "日期晚于死亡日期。The person had died by then; correct the date, or have the death retracted."


class ArchiveClosedError(RefusedError):
    """The archive is closed."""

    code = "archive_closed"
    advice = "档案已终止,请先恢复。The archive is closed; reopen it first."


class NotClosedError(RefusedError):
    """The archive is in use."""

    code = "archive_open"
    advice = "档案正在使用,无需恢复。The archive is in use; there is nothing to reopen."


class NotHeldError(RefusedError):
    """Another district keeps the archive."""

    code = "not_in_custody"
    advice = (
        "档案已移交其他区,本区只可读。The archive was handed over to another district; here it is a read-only copy."
    )


class UnknownEntryError(RefusedError):
    """No such entry of this person was recorded in the district."""

    code = "not_found"
    advice = "本区没有该条目。No such entry of this person was recorded in your district."
    status = 404


class VoidedError(RefusedError):
    """The entry was voided."""

    code = "entry_voided"
    advice = "该条目已作废。The entry was voided and says nothing any more; record a new one."


class OtherKindError(RefusedError):
    """A correction has content of another kind than the entry."""

    code = "other_kind"
    advice = "更正不能改变条目类型,请作废后重录。A correction keeps the kind; void the entry and record another."


class StaleVersionError(RefusedError):
    """Somebody changed it since the caller looked."""

    code = "stale_version"
    advice = "已被他人修改,请刷新后重试。It was changed since you looked; look again and decide anew."


class EnrolledError(RefusedError):
    """The person is managed for this condition already."""

    code = "already_enrolled"
    advice = "该人员已纳入管理。The person is managed for this condition already."


class NotEnrolledError(RefusedError):
    """The person is not managed for this condition."""

    code = "not_enrolled"
    advice = "该人员未纳入管理。The person is not managed for this condition here."
