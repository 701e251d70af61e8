"""What an entry of an archive may contain: one model per kind of service, after the national specification's forms."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, StringConstraints

from contracts.archives.follow_ups import (
    BloodPressure,
    DiabetesFollowUp,
    HypertensionFollowUp,
    MentalHealthFollowUp,
    TuberculosisFollowUp,
)
from contracts.archives.forms import Content, Finding, Mode, Result, Strip
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
        """Return the groups of auxiliary tests for people of 65 and over that are incomplete."""
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
    """Health education that somebody received 健康教育: a prescription, a handbook, a lecture, an individual talk.

    An `activity` is any other than these, such as a campaign.
    """

    kind: Literal["education_received"] = "education_received"
    form: Literal["prescription", "handbook", "lecture", "talk", "activity"]
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
    """Return raw content with its kind; content without one is a blood pressure, which was the only kind at first."""
    return {"kind": "blood_pressure", **content} if isinstance(content, dict) else content


AnyContent = Annotated[_Contents, BeforeValidator(_with_kind)]
"""Any content of an entry, discriminated by `kind`; without one it is a blood pressure."""

CONTENTS: dict[str, type[Content]] = {
    model.model_fields["kind"].default: model for model in get_args(get_args(_Contents)[0])
}
"""The contents by kind."""


def measures_of(content: Content) -> Iterator[tuple[str, int | float, Measured]]:
    """Yield the measured fields of a content that have a value: field, number, unit and code."""
    for field, measured in measures(type(content)).items():
        value = getattr(content, field)
        if value is not None:
            yield field, value, measured


@cache
def measures(content: type[Content]) -> Mapping[str, Measured]:
    """Return the measured fields of a kind of content with their units and codes."""
    found = {field: _measured(info.annotation, info.metadata) for field, info in content.model_fields.items()}
    known = {field: measured for field, measured in found.items() if measured}
    if content is BloodPressure:
        known |= {"systolic": Measured("mm[Hg]", "8480-6"), "diastolic": Measured("mm[Hg]", "8462-4")}
    return known


def _measured(annotation: Any, metadata: Any = ()) -> Measured | None:
    parts = [*metadata, *(part for option in get_args(annotation) for part in get_args(option))]
    return next((part for part in parts if isinstance(part, Measured)), None)
