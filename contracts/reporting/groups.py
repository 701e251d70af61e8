"""Groups of people and settings that plans set targets for."""

from enum import StrEnum


class Group(StrEnum):
    """Whom a number is of.

    全体, 户籍人口, 流动人口, 中小学生, 病人及家属, 住院病人及陪护, 医务人员, 企业职工, 农民.
    """

    EVERYONE = "everyone"
    REGISTERED = "registered"
    FLOATING = "floating"
    PUPILS = "pupils"
    PATIENTS = "patients"
    INPATIENTS = "inpatients"
    STAFF = "staff"
    WORKERS = "workers"
    FARMERS = "farmers"


class Setting(StrEnum):
    """Where: 不限, 城市, 农村, 学校, 医疗机构, 企业, 社区."""

    ANY = "any"
    URBAN = "urban"
    RURAL = "rural"
    SCHOOL = "school"
    HOSPITAL = "hospital"
    ENTERPRISE = "enterprise"
    COMMUNITY = "community"
