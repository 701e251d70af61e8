"""What the forms of the national specification share: the base of every content, and the words for results."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


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


class Content(BaseModel):
    """What an entry contains; each subclass has a `kind` of its own."""

    model_config = ConfigDict(frozen=True)
