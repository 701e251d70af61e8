"""What an entry of an archive may contain: one model per kind of service, after the national specification's forms."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from contracts.archives.measures import (
    Alt,
    Ast,
    Bilirubin,
    BreathingRate,
    Cholesterol,
    Creatinine,
    Diastolic,
    FastingGlucose,
    FetalHeartRate,
    FundalHeight,
    GestationalWeeks,
    GlycatedHaemoglobin,
    Haemoglobin,
    HeadGirth,
    HeartRate,
    Height,
    HighDensityCholesterol,
    LowDensityCholesterol,
    Measured,
    Platelets,
    Systolic,
    Temperature,
    Triglycerides,
    Urea,
    Waist,
    Weight,
    WhiteCells,
    Words,
)
from contracts.reference.vaccines import Vaccine


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
