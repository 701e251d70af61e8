"""Pure decisions on prescriptions of health education, and how much they are used, with targets by edition."""

from collections.abc import Iterable, Mapping
from csv import DictReader
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contracts.outreach.prescriptions import (
    Prescription,
    PrescriptionGiven,
    PrescriptionSetting,
    PrescriptionUse,
    PrescriptionUseCounted,
    PrescriptionWithdrawn,
    WithdrawalReason,
)
from contracts.refusals import RefusedError


class GivenInFutureError(RefusedError):
    """The day on which a prescription was given lies in the future."""

    code = "future_date"
    advice = "开具日期不能晚于今天。The day it was given must not lie in the future; correct it."
    field = "given_on"


class OtherPrescriptionError(RefusedError):
    """The same prescription is recorded with another setting or material."""

    code = "prescription_known"
    advice = "该处方已登记，内容不同；如有误请先撤销。It is recorded otherwise; withdraw that, then record it again."


class WithdrawnOtherwiseError(RefusedError):
    """The prescription was withdrawn for another reason."""

    code = "withdrawn_already"
    advice = "该处方已因其他原因撤销。It was withdrawn for another reason; nothing is left to withdraw."


class MoreGivenError(RefusedError):
    """More patients are said to have got a prescription than there were."""

    code = "more_given_than_patients"
    advice = (
        "开具处方人数不能多于就诊人数。More got a prescription than there were patients; correct one of the numbers."
    )
    field = "given"


class MonthInFutureError(RefusedError):
    """The month has not begun yet."""

    code = "future_date"
    advice = "该月尚未开始。The month lies in the future; correct it."
    field = "month"


@dataclass(frozen=True, slots=True)
class Target:
    """The share of patients who should get a prescription in a setting, and the words of the plan."""

    edition: str
    setting: PrescriptionSetting
    rate: float
    source: str


@dataclass(frozen=True, slots=True)
class Used:
    """How many of the patients of a setting got a prescription in some months; no `rate` of none, no target of some."""

    institution_id: str
    setting: PrescriptionSetting
    patients: int
    given: int
    target: float | None

    @property
    def rate(self) -> float | None:
        """Return the rate of use 使用率; None if there were no patients."""
        return self.given / self.patients if self.patients else None

    @property
    def reached(self) -> bool | None:
        """Return whether the target is reached; None without patients or a target."""
        return None if self.rate is None or self.target is None else self.rate >= self.target


def _read() -> Mapping[PrescriptionSetting, Target]:
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = [(PrescriptionSetting(row["setting"]), row) for row in DictReader(file)]
    return {setting: Target(row["edition"], setting, float(row["rate"]), row["source"]) for setting, row in rows}


TARGETS = _read()


def give(known: Prescription | None, prescription: Prescription, today: date) -> PrescriptionGiven | None:
    """Return the fact that a prescription was given; None if it is recorded already, by whomever.

    Raise GivenInFutureError, or OtherPrescriptionError if what is recorded differs.
    """
    if prescription.given_on > today:
        raise GivenInFutureError
    if known is None:
        return PrescriptionGiven(prescription=prescription)
    if known != prescription.model_copy(update={"given_by": known.given_by}):
        raise OtherPrescriptionError
    return None


def withdraw(prescription: Prescription, reason: WithdrawalReason) -> PrescriptionWithdrawn | None:
    """Return the fact that a prescription was recorded by mistake; None if that is recorded already."""
    if prescription.withdrawn is reason:
        return None
    if prescription.withdrawn:
        raise WithdrawnOtherwiseError
    return PrescriptionWithdrawn(prescription=prescription.model_copy(update={"withdrawn": reason}))


def count_use(known: PrescriptionUse | None, use: PrescriptionUse, today: date) -> PrescriptionUseCounted | None:
    """Return the fact that an institution counted a month, for the first time or anew; None if it counted the same.

    Raise MonthInFutureError or MoreGivenError if that can't be.
    """
    if use.month > f"{today:%Y-%m}":
        raise MonthInFutureError
    if use.given > use.patients:
        raise MoreGivenError
    return None if known == use else PrescriptionUseCounted(use=use)


def rate_use(counted: Iterable[tuple[str, PrescriptionSetting, int, int]]) -> list[Used]:
    """Return the use of prescriptions from sums by institution and setting (patients, given), with the targets."""
    targets = {setting: target.rate for setting, target in TARGETS.items()}
    return [Used(*one, targets.get(one[1])) for one in sorted(counted)]
