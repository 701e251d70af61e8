"""Archives 健康档案 as facts: opened, completed, compared with paper, closed, continued elsewhere, reopened."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.archives.contents import Impairment
from contracts.archives.measures import Words
from contracts.envelope import Fact, Moment, PersonId
from contracts.reference.divisions import DistrictCode, StreetCode
from contracts.reference.identity import Sex


class ArchiveState(StrEnum):
    """Whether an archive is in use."""

    OPEN = "open"
    CLOSED = "closed"


class ClosingReason(StrEnum):
    """Why an archive was closed 终止缘由: 死亡, 迁出, 失访, and one that was opened by mistake."""

    DIED = "died"
    MOVED = "moved"
    LOST = "lost"
    MISTAKEN = "mistaken"


class Closing(BaseModel):
    """How an archive was closed; `to` and the receipt's count and hash record the hand-over 交接记录 of a move."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reason: ClosingReason
    closed_on: date
    closed_at: Moment
    closed_by: str | None = None
    to: DistrictCode | None = None
    count: int | None = None
    sha256: str | None = None


class Alias(BaseModel):
    """A code that the archive has, or had, beside its own: for how long it was the archive's code."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    valid_from: date
    valid_to: date | None = None


class Presence(StrEnum):
    """An answer that may not have been asked for."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Habit(StrEnum):
    """How somebody holds it with smoking or drinking."""

    NEVER = "never"
    FORMERLY = "formerly"
    SOMETIMES = "sometimes"
    DAILY = "daily"


class Disease(StrEnum):
    """The diseases that the basic information asks for 既往史·家族史."""

    HYPERTENSION = "hypertension"
    DIABETES = "diabetes"
    CORONARY = "coronary_heart_disease"
    COPD = "copd"
    CANCER = "cancer"
    STROKE = "stroke"
    SEVERE_MENTAL_DISORDER = "severe_mental_disorder"
    TUBERCULOSIS = "tuberculosis"
    HEPATITIS = "hepatitis"
    OCCUPATIONAL = "occupational"
    CONGENITAL = "congenital"
    OTHER = "other"


class PastDisease(BaseModel):
    """A disease somebody had or has, and since which month."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    disease: Disease
    since: date | None = None


class Relation(StrEnum):
    """Whose disease it is in the family history."""

    FATHER = "father"
    MOTHER = "mother"
    SIBLING = "sibling"
    CHILD = "child"


class FamilyDisease(BaseModel):
    """A disease in the family."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    relation: Relation
    disease: Disease


class Allergy(StrEnum):
    """The drug allergies that the basic information asks for, and others."""

    PENICILLIN = "penicillin"
    SULFONAMIDE = "sulfonamide"
    STREPTOMYCIN = "streptomycin"
    CEPHALOSPORIN = "cephalosporin"
    IODINE = "iodine"
    FOOD = "food"
    OTHER = "other"


class Exposure(StrEnum):
    """What somebody was exposed to 暴露史."""

    CHEMICALS = "chemicals"
    TOXINS = "toxins"
    RADIATION = "radiation"
    DUST = "dust"
    NOISE = "noise"


class Payment(StrEnum):
    """Who pays for treatment 医疗费用支付方式."""

    EMPLOYEE_INSURANCE = "employee_insurance"
    RESIDENT_INSURANCE = "resident_insurance"
    POVERTY_RELIEF = "poverty_relief"
    COMMERCIAL = "commercial"
    PUBLIC = "public"
    SELF = "self"
    OTHER = "other"


class BasicInformation(BaseModel):
    """The cover 封面 and basic information 个人基本信息 of an archive, without who the person is.

    `ethnic_group` is a code of GB/T 3304, `marital_status` of GB/T 2261.2.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    blood_type: Annotated[str, StringConstraints(pattern=r"^(?:A|B|O|AB)$")] | None = None
    rhesus_negative: bool | None = None
    education: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = None
    occupation: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}$")] | None = None
    marital_status: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = None
    ethnic_group: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = None
    payments: tuple[Payment, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    past_diseases: tuple[PastDisease, ...] = ()
    operations: tuple[Words, ...] = ()
    injuries: tuple[Words, ...] = ()
    transfusions: Presence = Presence.UNKNOWN
    family_diseases: tuple[FamilyDisease, ...] = ()
    genetic_disease: Presence = Presence.UNKNOWN
    impairments: tuple[Impairment, ...] = ()
    smoking: Habit | None = None
    drinking: Habit | None = None
    exercise_days_a_week: Annotated[int, Field(ge=0, le=7)] | None = None
    safe_water: Presence = Presence.UNKNOWN


class PaperFile(BaseModel):
    """The paper beside the electronic archive: where it stands, how many entries it holds, who counted and when."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reference: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]
    entries: Annotated[int, Field(ge=0)] | None = None
    compared_on: date | None = None
    compared_by: str | None = None


class Archive(BaseModel):
    """A person's health archive 健康档案 in one district; `street` is where the person lived then.

    `since` is the first day on which the person had one anywhere: it travels with the archive. `code` is the 17-digit
    code of whoever completed it first, `aliases` all others that it ever had. `turn` is the custody turn
    (`contracts.custody`) up to which what was accepted from other districts is in it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_id: PersonId
    district: DistrictCode
    street: StreetCode
    opened_at: Moment
    state: ArchiveState = ArchiveState.OPEN
    birth: date | None = None
    sex: Sex = Sex.UNKNOWN
    since: date | None = None
    code: str | None = None
    coded_on: date | None = None
    aliases: tuple[Alias, ...] = ()
    basic: BasicInformation | None = None
    completed_at: Moment | None = None
    completed_by: str | None = None
    paper: PaperFile | None = None
    closing: Closing | None = None
    turn: int = 0

    @property
    def is_open(self) -> bool:
        """Return whether the archive is in use."""
        return self.state is ArchiveState.OPEN


class ArchiveFact(Fact):
    """A fact of the stream `archive/<person_id>@<district>`, written by the district."""

    archive: Archive

    @property
    def stream(self) -> str:
        """Return the stream of the archive."""
        return archive_stream(self.archive.person_id, self.archive.district)

    @property
    def division(self) -> str:
        """Return the street where the archive was opened."""
        return self.archive.street

    @property
    def person_id(self) -> str:
        """Return the id of the person whose archive it is."""
        return self.archive.person_id

    @property
    def addressees(self) -> tuple[str, ...]:
        """Return the districts that must hear it: its own, and the one that a closed archive was handed to."""
        district, closing = self.archive.district, self.archive.closing
        return (district, closing.to) if closing and closing.to else (district,)


def archive_stream(person_id: str, district: str) -> str:
    """Return the stream of a person's archive in a district."""
    return f"archive/{person_id}@{district}"


class ArchiveOpened(ArchiveFact):
    """An archive was opened for a resident who had none in the district."""

    TYPE: ClassVar[str] = "archives.archive_opened.v1"


class ArchiveCompleted(ArchiveFact):
    """A health worker filled in cover and basic information, for the first time or anew; the archive has a code."""

    TYPE: ClassVar[str] = "archives.archive_completed.v1"


class PaperCompared(ArchiveFact):
    """A health worker compared the archive with the paper beside it."""

    TYPE: ClassVar[str] = "archives.paper_compared.v1"


class ArchiveContinued(ArchiveFact):
    """The archive goes on with what another district handed over: its code, aliases and basic information."""

    TYPE: ClassVar[str] = "archives.archive_continued.v1"


class ArchiveClosed(ArchiveFact):
    """The archive was closed: the person died, moved (and another district has it now), or can't be found."""

    TYPE: ClassVar[str] = "archives.archive_closed.v1"


class ArchiveReopened(ArchiveFact):
    """A closed archive is in use again: the person came back, was found, or had not died."""

    TYPE: ClassVar[str] = "archives.archive_reopened.v1"


ARCHIVE_FACTS: tuple[type[ArchiveFact], ...] = (
    ArchiveOpened,
    ArchiveCompleted,
    PaperCompared,
    ArchiveContinued,
    ArchiveClosed,
    ArchiveReopened,
)


def archive_code(street: str, committee: str, serial: int) -> str:
    """Return the 17-digit code of an archive: street (9 digits), committee (3) and serial number (5).

    Raise ValueError if the committee or the serial number is out of range.
    """
    if not is_committee(committee):
        raise ValueError("committees are 001-099, villages 101-199, other bodies 901-999")
    if not 1 <= serial <= 99_999:
        raise ValueError("a serial has five digits")
    return f"{street}{committee}{serial:05d}"


def is_committee(code: str) -> bool:
    """Return whether 3 digits are the code of a residents' committee, a village or another body."""
    return len(code) == 3 and code.isdecimal() and code[0] in "019" and code[1:] != "00"
