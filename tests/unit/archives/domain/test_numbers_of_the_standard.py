"""The numbers by which archives decide, each against the standard, plan or assumption that it comes from.

A table per source. The numbers are looked up in what decides by them, in words of the field, not in a copy of its rows.
"""

from dataclasses import fields

import pytest

from services.archives.domain.policy import POLICY, Policy
from services.archives.domain.quality import QUALITY, QualityPolicy

HYPERTENSION_AND_DIABETES = {
    # 国家基本公共卫生服务规范（第三版）: 高血压患者健康管理, 2型糖尿病患者健康管理
    "uncontrolled_days": 14,  # 2周内随访
    "controlled_months": 3,  # 至少4次面对面随访
    "face_to_face_a_year": 4,
    "face_to_face_months": 3,
    "referral_days": 14,  # 2周内主动随访转诊情况
    "systolic_below": 140,  # <140/90 mmHg
    "diastolic_below": 90,
    "systolic_below_elderly": 150,  # 65岁及以上 <150/90 mmHg
    "systolic_urgent": 180,  # 收缩压≥180 or 舒张压≥110: 紧急转诊
    "diastolic_urgent": 110,
    "glucose_below": 7.0,  # 空腹血糖<7.0 mmol/L
    "glucose_urgent": 16.7,  # 空腹血糖≥16.7 or ≤3.9 mmol/L: 紧急转诊
    "glucose_low": 3.9,
    "exam_months": 12,  # 每年进行1次健康检查
}
ELDERLY = {"elderly_age": 65}  # 老年人健康管理: 65岁及以上
TUBERCULOSIS = {
    # 肺结核患者健康管理: 72小时内访视; 强化期 two months, every 10 days; 继续期 every month
    "tuberculosis_first_days": 3,
    "tuberculosis_intensive_days": 60,
    "tuberculosis_intensive_every": 10,
    "plan_months": 1,
}
MENTAL = {"basically_stable_months": 1}  # 严重精神障碍患者管理: 基本稳定 within the month after
ARCHIVES = {"dead_after_days": 365}  # 居民健康档案管理: 档案使用率, a dynamic record within one year
ASSUMED = {
    # no source: what the project chose
    "first_days": 14,
    "incomplete_exam_days": 30,
    "offer_days": 30,
    "announce_days": 3,
    "monthly_grades": frozenset(),
}
LIMITS = {
    # assumed: no standard sets what is hardly ever true of somebody
    "late_days": 3,
    "very_late_days": 30,
    "copied_times": 3,
    "copied_seriously": 5,
    "bunched_days": 20,
    "bunched_days_uncontrolled": 5,
    "least_pulse_pressure": 10,
}
RANGES = {
    # assumed: lowest and highest that is plausible, mmHg, times a minute, °C, mmol/L, %, g/L
    "systolic": (70, 250),
    "diastolic": (40, 150),
    "heart_rate": (35, 180),
    "temperature": (34, 42),
    "fasting_glucose": (2, 33),
    "glycated_haemoglobin": (3, 18),
    "haemoglobin": (40, 220),
    "cholesterol": (1.5, 20),
}
OF_ADULTS = {"weight_kg": (30, 200), "height_cm": (120, 220), "waist_cm": (45, 170)}

SOURCES = (HYPERTENSION_AND_DIABETES, ELDERLY, TUBERCULOSIS, MENTAL, ARCHIVES, ASSUMED)


@pytest.mark.parametrize(("name", "number"), [row for source in SOURCES for row in source.items()])
def test_what_is_due_goes_by_the_numbers_of_its_source(name: str, number: object) -> None:
    assert getattr(POLICY, name) == number


def test_no_number_of_the_policy_is_without_a_source() -> None:
    told = {name for source in SOURCES for name in source}

    assert {field.name for field in fields(Policy)} - told == {"schedules"}


@pytest.mark.parametrize(("name", "number"), LIMITS.items())
def test_findings_go_by_limits_that_are_written_down(name: str, number: int) -> None:
    assert getattr(QUALITY, name) == number


def test_no_limit_of_findings_is_without_a_row() -> None:
    assert {field.name for field in fields(QualityPolicy)} - LIMITS.keys() == {"plausible", "adult"}
    assert QUALITY.plausible == RANGES
    assert QUALITY.adult == OF_ADULTS
