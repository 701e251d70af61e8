"""The codes in the links by which surveys are answered on phones."""

import hmac
from base64 import b32encode

from contracts.outreach.surveys import Survey
from contracts.refusals import RefusedError

CODE_LENGTH = 26
"""Characters of the code in a link, of 5 bits each: nobody types it."""


class NoOpenLinkError(RefusedError):
    """There is no link for whoever comes."""

    code = "no_open_link"
    advice = (
        "该调查不能用手机作答，或每人各有链接（见 GET /surveys/{id}/sample）。"
        "The survey is not answered by phone, or each person of the sample has a link; see GET /surveys/{id}/sample."
    )


class WrongLinkError(RefusedError):
    """The code is not that of the survey's link for the respondent."""

    code = "wrong_link"
    advice = "链接无效，请重新扫码或向工作人员索取。The link is not valid; scan it again, or ask for another one."
    field = "code"
    status = 403


def make_code(key: bytes, survey: Survey, respondent: str) -> str:
    """Return the code of a survey's link, signed with a key of the service; of one with a sample that for a person."""
    of = respondent if survey.plan is not None else ""
    signature = hmac.digest(key, f"survey|{survey.survey_id}|{of}".encode(), "sha256")
    return b32encode(signature).decode()[:CODE_LENGTH]


def must_be_code(typed: str, key: bytes, survey: Survey, respondent: str) -> None:
    """Raise WrongLinkError unless a code is that of a survey's link for a respondent; case does not matter."""
    if not hmac.compare_digest(typed.upper().encode(), make_code(key, survey, respondent).encode()):
        raise WrongLinkError
