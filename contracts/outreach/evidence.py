"""Evidence: the files that prove an activity, of six items as districts ask for them."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from contracts.outreach.files import StoredFile


class EvidenceItem(StrEnum):
    """The items of an evidence pack: 通知, 签到, 资料, 照片, 小结, 评价."""

    NOTICE = "notice"
    SIGN_IN = "sign_in"
    MATERIALS = "materials"
    PHOTO = "photo"
    SUMMARY = "summary"
    EVALUATION = "evaluation"


class Evidence(BaseModel):
    """A file handed in as one item of an activity's evidence."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    item: EvidenceItem
    file: StoredFile
