"""What is entered in a health archive 档案条目: one typed content for each kind of service, with units and codes.

Measures carry their unit as UCUM writes it and, where there is one, their LOINC code. Contents say how somebody is and
what was done, never who it is: no name, number, phone or address; free text refuses runs of seven digits.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from contracts.divisions import DistrictCode, StreetCode
from contracts.envelope import Fact, Moment, PersonId
from contracts.vaccines import Vaccine

_DIGITS = re.compile(r"[0-9]{7}")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a number means: its UCUM unit and, where there is one, its LOINC code."""

    unit: str
    loinc: str | None = None

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say it in the JSON Schema's description."""
        schema = handler(core)
        schema["description"] = f"{self.unit}, LOINC {self.loinc}" if self.loinc else self.unit
        return schema


def _without_long_numbers(text: str) -> str:
    if _DIGITS.search(text):
        raise ValueError("no numbers of seven or more digits: they may say who somebody is")
    return text


Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_without_long_numbers)]
"""A few words of free text, which must not say who somebody is."""

Systolic = Annotated[int, Field(ge=40, le=300), Measured("mm[Hg]", "8480-6")]
Diastolic = Annotated[int, Field(ge=20, le=200), Measured("mm[Hg]", "8462-4")]
HeartRate = Annotated[int, Field(ge=20, le=250), Measured("/min", "8867-4")]
BreathingRate = Annotated[int, Field(ge=4, le=80), Measured("/min", "9279-1")]
Temperature = Annotated[float, Field(ge=30, le=45), Measured("Cel", "8310-5")]
Weight = Annotated[float, Field(ge=0.3, le=400), Measured("kg", "29463-7")]
Height = Annotated[float, Field(ge=20, le=250), Measured("cm", "8302-2")]
Waist = Annotated[float, Field(ge=20, le=250), Measured("cm", "8280-0")]
HeadGirth = Annotated[float, Field(ge=20, le=70), Measured("cm", "9843-4")]
FastingGlucose = Annotated[float, Field(ge=1, le=50), Measured("mmol/L", "14771-0")]
GlycatedHaemoglobin = Annotated[float, Field(ge=2, le=25), Measured("%", "4548-4")]
Haemoglobin = Annotated[float, Field(ge=20, le=260), Measured("g/L", "718-7")]
WhiteCells = Annotated[float, Field(ge=0.1, le=500), Measured("10*9/L", "6690-2")]
Platelets = Annotated[float, Field(ge=1, le=3000), Measured("10*9/L", "777-3")]
Alt = Annotated[float, Field(ge=0, le=20000), Measured("U/L", "1742-6")]
Ast = Annotated[float, Field(ge=0, le=20000), Measured("U/L", "1920-8")]
Bilirubin = Annotated[float, Field(ge=0, le=1000), Measured("umol/L", "14631-6")]
Creatinine = Annotated[float, Field(ge=5, le=3000), Measured("umol/L", "14682-9")]
Urea = Annotated[float, Field(ge=0.1, le=100), Measured("mmol/L", "22664-7")]
Cholesterol = Annotated[float, Field(ge=0.5, le=40), Measured("mmol/L", "14647-2")]
Triglycerides = Annotated[float, Field(ge=0.1, le=100), Measured("mmol/L", "14927-8")]
LowDensityCholesterol = Annotated[float, Field(ge=0.1, le=30), Measured("mmol/L", "22748-8")]
HighDensityCholesterol = Annotated[float, Field(ge=0.1, le=10), Measured("mmol/L", "14646-4")]
FundalHeight = Annotated[float, Field(ge=1, le=60), Measured("cm", "11881-0")]
FetalHeartRate = Annotated[int, Field(ge=60, le=240), Measured("/min", "55283-6")]
GestationalWeeks = Annotated[int, Field(ge=1, le=44), Measured("wk", "18185-9")]


class Mode(StrEnum):
    """How somebody was followed up 随访方式: only `face_to_face` 面对面 counts towards the four of a year."""

    FACE_TO_FACE = "face_to_face"
    PHONE = "phone"
    VIDEO = "video"


class Finding(StrEnum):
    """What an examination without a number found."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"


class Strip(StrEnum):
    """What a urine test strip showed."""

    NEGATIVE = "negative"
    TRACE = "trace"
    ONE = "1+"
    TWO = "2+"
    THREE = "3+"
    FOUR = "4+"


class Result(StrEnum):
    """What a screening found."""

    NEGATIVE = "negative"
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"


class Adherence(StrEnum):
    """How regularly a medicine is taken 服药依从性: 规律, 间断, 不服药."""

    REGULAR = "regular"
    INTERMITTENT = "intermittent"
    NONE = "none"


class Medication(BaseModel):
    """A medicine that somebody takes: what, how much each time, how often a day."""

    model_config = ConfigDict(frozen=True)

    drug: Words
    dose: Words | None = None
    times_a_day: Annotated[int, Field(ge=1, le=24)] | None = None
    adherence: Adherence | None = None


class Content(BaseModel):
    """What an entry says; `kind` tells which content it is."""

    model_config = ConfigDict(frozen=True)


class FollowUp(Content):
    """What every follow-up 随访 says: how it was done, what is taken, what went wrong, when the next one is agreed.

    `urgent` is a red flag that the worker saw (chest pain, clouded mind and the like) beside those that numbers say.
    """

    mode: Mode
    medications: tuple[Medication, ...] = ()
    adherence: Adherence | None = None
    side_effects: bool = False
    complications: tuple[Words, ...] = ()
    new_complication: bool = False
    urgent: bool = False
    referred: bool = False
    next_on: date | None = None


class BloodPressure(Content):
    """A blood pressure reading in mmHg (LOINC 85354-9 with 8480-6 systolic and 8462-4 diastolic)."""

    kind: Literal["blood_pressure"] = "blood_pressure"
    systolic: Annotated[int, Field(ge=40, le=300)]
    diastolic: Annotated[int, Field(ge=20, le=200)]
    mode: Mode | None = None
    heart_rate: HeartRate | None = None


class HypertensionFollowUp(FollowUp):
    """A follow-up of hypertension 高血压随访."""

    kind: Literal["hypertension_follow_up"] = "hypertension_follow_up"
    systolic: Systolic
    diastolic: Diastolic
    heart_rate: HeartRate | None = None
    weight_kg: Weight | None = None
    smokes_a_day: Annotated[int, Field(ge=0, le=200), Measured("{cigarettes}/d")] | None = None
    salt_reduced: bool | None = None


class DiabetesFollowUp(FollowUp):
    """A follow-up of type 2 diabetes 2型糖尿病随访; glucose is fasting."""

    kind: Literal["diabetes_follow_up"] = "diabetes_follow_up"
    fasting_glucose: FastingGlucose
    systolic: Systolic | None = None
    diastolic: Diastolic | None = None
    glycated_haemoglobin: GlycatedHaemoglobin | None = None
    weight_kg: Weight | None = None
    hypoglycaemia: bool = False
    foot_pulse: Finding | None = None


class TuberculosisFollowUp(FollowUp):
    """A follow-up of tuberculosis under treatment 肺结核随访: doses that were due and taken since the last one."""

    kind: Literal["tuberculosis_follow_up"] = "tuberculosis_follow_up"
    treatment_month: Annotated[int, Field(ge=0, le=36)] | None = None
    doses_due: Annotated[int, Field(ge=0, le=400)] = 0
    doses_taken: Annotated[int, Field(ge=0, le=400)] = 0
    first_home_visit: bool = False
    treatment_ended: bool = False


class Stability(StrEnum):
    """How a severe mental disorder is 病情: 稳定, 基本稳定, 不稳定."""

    STABLE = "stable"
    BASICALLY_STABLE = "basically_stable"
    UNSTABLE = "unstable"


class MentalHealthFollowUp(FollowUp):
    """A follow-up of a severe mental disorder 严重精神障碍随访; `risk` is the level of danger 0 to 5."""

    kind: Literal["mental_health_follow_up"] = "mental_health_follow_up"
    stability: Stability
    risk: Annotated[int, Field(ge=0, le=5)] = 0
    insight: bool | None = None
    in_hospital: bool = False


class PhysicalExam(Content):
    """A physical exam 健康体检: general findings and auxiliary tests, of which those of 65 and over want all groups."""

    kind: Literal["physical_exam"] = "physical_exam"
    temperature: Temperature | None = None
    heart_rate: HeartRate | None = None
    breathing_rate: BreathingRate | None = None
    systolic: Systolic | None = None
    diastolic: Diastolic | None = None
    height_cm: Height | None = None
    weight_kg: Weight | None = None
    waist_cm: Waist | None = None
    haemoglobin: Haemoglobin | None = None
    white_cells: WhiteCells | None = None
    platelets: Platelets | None = None
    urine_protein: Strip | None = None
    urine_glucose: Strip | None = None
    alt: Alt | None = None
    ast: Ast | None = None
    bilirubin: Bilirubin | None = None
    creatinine: Creatinine | None = None
    urea: Urea | None = None
    fasting_glucose: FastingGlucose | None = None
    cholesterol: Cholesterol | None = None
    triglycerides: Triglycerides | None = None
    low_density_cholesterol: LowDensityCholesterol | None = None
    high_density_cholesterol: HighDensityCholesterol | None = None
    electrocardiogram: Finding | None = None
    abdominal_ultrasound: Finding | None = None
    chest_x_ray: Finding | None = None
    self_care_score: Annotated[int, Field(ge=0, le=24), Measured("{score}")] | None = None
    findings: tuple[Words, ...] = ()
    guidance_given: bool = False

    GROUPS: ClassVar[dict[str, tuple[str, ...]]] = {
        "blood_count": ("haemoglobin", "white_cells", "platelets"),
        "urine": ("urine_protein", "urine_glucose"),
        "liver": ("alt", "ast", "bilirubin"),
        "kidney": ("creatinine", "urea"),
        "fasting_glucose": ("fasting_glucose",),
        "lipids": (
            *("cholesterol", "triglycerides"),
            *("low_density_cholesterol", "high_density_cholesterol"),
        ),
        "electrocardiogram": ("electrocardiogram",),
        "abdominal_ultrasound": ("abdominal_ultrasound",),
    }
    """The auxiliary tests 辅助检查 that an exam at 65 and over comprises, by group."""

    def missing_tests(self) -> tuple[str, ...]:
        """Name the groups of auxiliary tests of 65 and over in which something was not done."""
        return tuple(
            group for group, tests in self.GROUPS.items() if any(getattr(self, test) is None for test in tests)
        )


class TuberculosisScreening(Content):
    """A screening for tuberculosis 肺结核筛查."""

    kind: Literal["tb_screening"] = "tb_screening"
    result: Result
    cough_weeks: Annotated[int, Field(ge=0, le=500), Measured("wk")] | None = None
    blood_in_sputum: bool | None = None
    close_contact: bool | None = None
    chest_x_ray: Finding | None = None


class Infection(StrEnum):
    """The infectious diseases that are screened for."""

    HIV = "hiv"
    HEPATITIS_B = "hepatitis_b"
    HEPATITIS_C = "hepatitis_c"
    SYPHILIS = "syphilis"
    SCHISTOSOMIASIS = "schistosomiasis"
    MALARIA = "malaria"
    INFLUENZA = "influenza"
    OTHER = "other"


class InfectiousScreening(Content):
    """A screening for another infectious disease 传染病筛查."""

    kind: Literal["infectious_screening"] = "infectious_screening"
    disease: Infection
    result: Result


class Vaccination(Content):
    """A vaccination 预防接种: which dose of which vaccine; `reaction` is one that was seen afterwards."""

    kind: Literal["vaccination"] = "vaccination"
    vaccine: Vaccine
    dose: Annotated[int, Field(ge=1, le=9)]
    batch: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z\-]{1,30}$")] | None = None
    site: Literal["left_arm", "right_arm", "left_thigh", "right_thigh", "oral"] | None = None
    from_card: bool = False
    reaction: Words | None = None


class ChildStage(StrEnum):
    """The visits of the programme for children of 0 to 6 years."""

    NEWBORN_HOME = "newborn_home"
    MONTH_1 = "month_1"
    MONTH_3 = "month_3"
    MONTH_6 = "month_6"
    MONTH_8 = "month_8"
    MONTH_12 = "month_12"
    MONTH_18 = "month_18"
    MONTH_24 = "month_24"
    MONTH_30 = "month_30"
    MONTH_36 = "month_36"
    YEAR_4 = "year_4"
    YEAR_5 = "year_5"
    YEAR_6 = "year_6"


class ChildVisit(Content):
    """A visit of the programme for children 儿童健康检查."""

    kind: Literal["child_visit"] = "child_visit"
    stage: ChildStage
    weight_kg: Weight | None = None
    height_cm: Height | None = None
    head_cm: HeadGirth | None = None
    haemoglobin: Haemoglobin | None = None
    feeding: Literal["breast", "mixed", "formula"] | None = None
    development: Finding | None = None
    findings: tuple[Words, ...] = ()


class MaternalStage(StrEnum):
    """The visits of the programme for pregnancy and after birth, by weeks of pregnancy or days since the birth."""

    EARLY = "early"
    WEEKS_16_20 = "weeks_16_20"
    WEEKS_21_24 = "weeks_21_24"
    WEEKS_28_36 = "weeks_28_36"
    WEEKS_37_40 = "weeks_37_40"
    AFTER_BIRTH = "after_birth"
    DAY_42 = "day_42"


class MaternalVisit(Content):
    """A visit in pregnancy or after birth 孕产妇随访.

    `last_period_on` or `weeks` date the pregnancy; `delivered_on` is the day of birth; `ended_on` that of a loss.
    """

    kind: Literal["maternal_visit"] = "maternal_visit"
    stage: MaternalStage
    last_period_on: date | None = None
    weeks: GestationalWeeks | None = None
    delivered_on: date | None = None
    ended_on: date | None = None
    systolic: Systolic | None = None
    diastolic: Diastolic | None = None
    weight_kg: Weight | None = None
    fundal_height_cm: FundalHeight | None = None
    fetal_heart_rate: FetalHeartRate | None = None
    haemoglobin: Haemoglobin | None = None
    urine_protein: Strip | None = None
    high_risk: bool = False
    findings: tuple[Words, ...] = ()


class PrePregnancyCheck(Content):
    """A free check before pregnancy 孕前优生健康检查."""

    kind: Literal["pre_pregnancy_check"] = "pre_pregnancy_check"
    risk: Literal["ordinary", "raised"]
    folic_acid: bool | None = None
    findings: tuple[Words, ...] = ()


class Counselling(Content):
    """A counselling 咨询, of body or mind."""

    kind: Literal["counselling"] = "counselling"
    topic: Literal["psychological", "medication", "nutrition", "reproductive", "occupational", "infectious", "other"]
    mode: Mode = Mode.FACE_TO_FACE
    advice: Words | None = None


class EducationReceived(Content):
    """Health education that somebody received 健康教育: a prescription, a handbook, a lecture or an individual talk."""

    kind: Literal["education_received"] = "education_received"
    form: Literal["prescription", "handbook", "lecture", "talk"]
    topic: Words
    prescription_id: Annotated[str, StringConstraints(max_length=64)] | None = None


class Impairment(StrEnum):
    """The seven kinds of disability 残疾类别 of GB/T 26341."""

    SIGHT = "sight"
    HEARING = "hearing"
    SPEECH = "speech"
    LIMBS = "limbs"
    INTELLECTUAL = "intellectual"
    MENTAL = "mental"
    MULTIPLE = "multiple"


class DisabilityRehabilitation(Content):
    """A rehabilitation service for somebody with a disability 残疾康复; grade 1 is the severest of 4."""

    kind: Literal["disability_rehabilitation"] = "disability_rehabilitation"
    impairment: Impairment
    grade: Annotated[int, Field(ge=1, le=4)] | None = None
    service: Literal["assessment", "therapy", "training", "aid_fitting", "home_guidance"]
    progress: Words | None = None


class Referral(Content):
    """A referral 转诊 to another institution; `checked_on` is the day on which the outcome was asked for."""

    kind: Literal["referral"] = "referral"
    reason: Words
    urgent: bool = False
    to: Literal["community_centre", "district_hospital", "city_hospital", "tb_institution", "mental_institution"]
    checked_on: date | None = None
    outcome: Words | None = None


_Contents = Annotated[
    BloodPressure
    | HypertensionFollowUp
    | DiabetesFollowUp
    | TuberculosisFollowUp
    | MentalHealthFollowUp
    | PhysicalExam
    | TuberculosisScreening
    | InfectiousScreening
    | Vaccination
    | ChildVisit
    | MaternalVisit
    | PrePregnancyCheck
    | Counselling
    | EducationReceived
    | DisabilityRehabilitation
    | Referral,
    Field(discriminator="kind"),
]


def _with_kind(content: Any) -> Any:
    """Read what does not say its kind as the one there was first."""
    return {"kind": "blood_pressure", **content} if isinstance(content, dict) else content


AnyContent = Annotated[_Contents, BeforeValidator(_with_kind)]
"""Everything that can be entered, told apart by `kind`; without one it is a blood pressure."""

CONTENTS: dict[str, type[Content]] = {
    model.model_fields["kind"].default: model for model in get_args(get_args(_Contents)[0])
}
"""The contents by kind."""


def measures_of(content: Content) -> Iterator[tuple[str, int | float, Measured]]:
    """Give a content's numbers with what they mean: the field, the number, its unit and code."""
    for field, measured in measures(type(content)).items():
        value = getattr(content, field)
        if value is not None:
            yield field, value, measured


@cache
def measures(content: type[Content]) -> Mapping[str, Measured]:
    """Name a content's measured fields and what their numbers mean."""
    found = {field: _measured(info.annotation, info.metadata) for field, info in content.model_fields.items()}
    known = {field: measured for field, measured in found.items() if measured}
    if content is BloodPressure:
        known |= {"systolic": Measured("mm[Hg]", "8480-6"), "diastolic": Measured("mm[Hg]", "8462-4")}
    return known


def _measured(annotation: Any, metadata: Any = ()) -> Measured | None:
    parts = [*metadata, *(part for option in get_args(annotation) for part in get_args(option))]
    return next((part for part in parts if isinstance(part, Measured)), None)


class EntryState(StrEnum):
    """What is held of an entry: it stands as recorded or corrected, or was `voided` and counts no more."""

    RECORDED = "recorded"
    CORRECTED = "corrected"
    VOIDED = "voided"


class Earlier(BaseModel):
    """What an entry said before it was corrected or voided, so that its history goes wherever it goes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    measured_at: Moment
    recorded_by: str
    recorded_at: Moment | None = None
    state: EntryState = EntryState.RECORDED
    reason: Words | None = None
    content: AnyContent


class Entry(BaseModel):
    """One entry 档案条目 in a person's archive: what was done or measured, when, and by which health worker.

    The district of its street wrote it and is the only one to correct or void it; `reason` says why that was done and
    `earlier` what it said before, oldest first. `recorded_at` is when it was typed in. An `out_of_custody` entry was
    made by a district that had handed the archive over already.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    entry_id: str
    person_id: PersonId
    street: StreetCode
    measured_at: Moment
    recorded_by: str
    content: AnyContent
    recorded_at: Moment | None = None
    state: EntryState = EntryState.RECORDED
    reason: Words | None = None
    out_of_custody: bool = False
    source: Literal["typed", "sheet", "fhir", "outreach"] = "typed"
    earlier: tuple[Earlier, ...] = ()

    @property
    def district(self) -> DistrictCode:
        """Name the district that wrote it."""
        return self.street[:6]

    @property
    def version(self) -> int:
        """Count its versions, which is the place of the newest fact in its stream."""
        return len(self.earlier) + 1

    @property
    def stands(self) -> bool:
        """Say whether it counts."""
        return self.state is not EntryState.VOIDED

    def as_earlier(self) -> Earlier:
        """Give what it says now, as its next version will remember it."""
        return Earlier(
            measured_at=self.measured_at,
            recorded_by=self.recorded_by,
            recorded_at=self.recorded_at,
            state=self.state,
            reason=self.reason,
            content=self.content,
        )

    def digest(self, version: int) -> str:
        """Chain what it said up to a version into one SHA-256: whoever holds a later version can work it out too."""
        digest = self.entry_id
        for said in [*self.earlier, self.as_earlier()][:version]:
            text = said.model_dump_json(exclude_none=True)
            digest = sha256(f"{digest}\n{text}".encode()).hexdigest()
        return digest


class EntryFact(Fact):
    """A fact of the stream `entry/<entry_id>`, written by the district of the entry's street."""

    entry: Entry

    @property
    def stream(self) -> str:
        """Name the entry's stream."""
        return entry_stream(self.entry.entry_id)

    @property
    def division(self) -> str:
        """Name the street that entered it."""
        return self.entry.street

    @property
    def person_id(self) -> str:
        """Name whose archive it is in."""
        return self.entry.person_id


def entry_stream(entry_id: str) -> str:
    """Name an entry's stream."""
    return f"entry/{entry_id}"


class EntryRecorded(EntryFact):
    """A health worker entered something in an archive."""

    TYPE: ClassVar[str] = "archives.entry_recorded.v1"


class EntryCorrected(EntryFact):
    """What was entered was wrong and says something else now; the history is kept."""

    TYPE: ClassVar[str] = "archives.entry_corrected.v1"


class EntryVoided(EntryFact):
    """What was entered never was, or was of somebody else; it counts no more, the history is kept."""

    TYPE: ClassVar[str] = "archives.entry_voided.v1"


class EntryForwarded(Fact):
    """A district sent an entry, as it knew it, on to the district that the archive is offered or was handed to.

    Stream `forwarded/<entry_id>@<by>><to>`; heard where it is sent. A reader keeps the newest `entry.version`.
    """

    TYPE: ClassVar[str] = "archives.entry_forwarded.v1"
    entry: Entry
    by: DistrictCode
    to: DistrictCode

    @property
    def stream(self) -> str:
        """Name the stream of this entry between these districts."""
        return forwarded_stream(self.entry.entry_id, self.by, self.to)

    @property
    def division(self) -> str:
        """Name the district that sent it on."""
        return self.by

    @property
    def person_id(self) -> str:
        """Name whose archive it is in."""
        return self.entry.person_id

    @property
    def addressee(self) -> str:
        """Name the district that it is sent to."""
        return self.to


def forwarded_stream(entry_id: str, by: str, to: str) -> str:
    """Name the stream of an entry that one district sends on to another."""
    return f"forwarded/{entry_id}@{by}>{to}"


ENTRY_FACTS: tuple[type[Fact], ...] = (EntryRecorded, EntryCorrected, EntryVoided, EntryForwarded)
