"""Refusals of reports, with reason and advice: the same over HTTP, over AMQP and in the workbook of refused rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.registration.domain.errors import NamesPersonError


class RefusalCode(StrEnum):
    """The stable codes of refused reports, in the order in which they are checked."""

    UNKNOWN_STREET = "unknown_street"
    DIVISION_ABOLISHED = "division_abolished"
    TOO_LONG = "too_long"
    OVERRIDE_NOT_ALLOWED = "override_not_allowed"
    MISSING = "missing"
    BAD_NAME = "bad_name"
    BAD_DOCUMENT_TYPE = "bad_document_type"
    PLACEHOLDER_NUMBER = "placeholder_number"
    ID_CHECKSUM = "id_checksum"
    BAD_NUMBER = "bad_number"
    BIRTH_MISMATCH = "birth_mismatch"
    SEX_MISMATCH = "sex_mismatch"
    BAD_DATE = "bad_date"
    FUTURE_DATE = "future_date"
    RETURNS_BEFORE_LEAVING = "returns_before_leaving"
    NAMED_TWICE = "named_twice"
    LEFT_BEFORE_ARRIVING = "left_before_arriving"
    NOT_REGISTERED_HERE = "not_registered_here"
    NAMES_PERSON = "names_person"


REASONS: Mapping[str, str] = {
    "unknown_street": "街道代码不存在。There is no such street.",
    "division_abolished": "该街道已撤销。The street was abolished.",
    "too_long": "内容过长。The text is too long.",
    "override_not_allowed": "核准须由主管人员办理。Only a supervisor may approve a number that fails its check.",
    "missing": "必填项为空。A required field is empty.",
    "bad_name": "姓名不是有效的姓名。This can't be a person's name.",
    "bad_document_type": "证件类型不受理。This kind of document is not accepted.",
    "placeholder_number": "该号码是占位号码，不属于任何人。This number is a placeholder; it is nobody's number.",
    "id_checksum": "证件号码校验不通过。The document number fails its check.",
    "bad_number": "证件号码与证件类型不符。A document of this kind has no such number.",
    "birth_mismatch": "出生日期与证件号码不一致。The birth date differs from the one in the number.",
    "sex_mismatch": "性别与证件号码不一致。The sex differs from the one in the number.",
    "bad_date": "日期无法识别或不存在。This is no date, or no such day exists.",
    "future_date": "日期晚于今天。The day lies in the future.",
    "returns_before_leaving": "预计返回日期不晚于离开日期。The day of return is not after the day of leaving.",
    "named_twice": "同一号码和同胎次序已用于另一姓名，或本次登记重复填了一人。"
    "The same number and birth order are another name's, or the report names one person twice.",
    "left_before_arriving": "离开日期早于到达日期。The day of leaving lies before the day of arriving.",
    "not_registered_here": "该人员在本街道没有在住记录。This person has no open stay in the street.",
    "names_person": "社区或网格中有个人信息。The community or grid says who somebody is.",
}
"""The reasons of refusals, in Chinese and English, by code."""

ADVICE: Mapping[str, str] = {
    "unknown_street": "请填写本系统内的9位街道代码。Give the 9-digit code of a street that is served here.",
    "division_abolished": "请改填此人现在所在街道的代码。Give the code of the street that the person is in now.",
    "too_long": "请缩短到300字以内。Shorten it to 300 characters.",
    "missing": "请补填该项。Fill it in.",
    "override_not_allowed": "请更正号码，或由主管人员核准后办理（不能通过消息队列）。"
    "Correct the number, or have a supervisor register the person, over HTTP or by spreadsheet.",
    "bad_name": "请按证件填写姓名，不要带数字、公式或特殊符号。"
    "Type the name as the document has it, without digits, formulas or symbols.",
    "bad_document_type": "请改为居民身份证、护照、港澳或台湾居民通行证、港澳台居民居住证、永久居留身份证；"
    "无证件儿童请填监护人。"
    "Use an ID card, a passport, a Hong Kong, Macao or Taiwan permit, or a residence card; "
    "a child without any is registered under its guardian.",
    "placeholder_number": "请填写本人所持证件的类型和号码；没有证件的儿童，证件类型请填“无证件”，"
    "并填写监护人的证件号码和儿童的出生日期。"
    "Type the document that the person has, and its number; register a child without one as 无证件, "
    "with the guardian's number and the child's day of birth.",
    "id_checksum": "请对照证件逐位核对号码（18位，末位可为X；表格中请设为文本格式）。"
    "Compare it with the document digit by digit (18 characters, the last may be X; keep the cell as text).",
    "bad_number": "请对照证件核对证件类型和号码。Compare type and number with the document.",
    "birth_mismatch": "请对照证件更正出生日期或证件号码。Correct the birth date or the number after the document.",
    "sex_mismatch": "请对照证件更正性别或证件号码。Correct the sex or the number after the document.",
    "bad_date": "请填写四位年份的日期，例如 2026-11-18。Type the day with a four-digit year, such as 2026-11-18.",
    "future_date": "请核对日期；尚未发生的请到当天再登记。"
    "Correct the day; register what has not happened yet on its day.",
    "returns_before_leaving": "请核对离开日期和预计返回日期。Correct the day of leaving or the day of return.",
    "named_twice": "每人只填一次；双胞胎请填写同胎次序；同一儿童改了姓名的，请先更正姓名再登记。"
    "Name each person once; say which of twins a child is; of one child under a new name, correct the name first.",
    "left_before_arriving": "请核对到达日期和离开日期。Correct the day of arriving or of leaving.",
    "not_registered_here": "请补填来本地日期，或先登记流入。"
    "Fill in the day of arriving, or register the arrival first.",
    "names_person": NamesPersonError.advice,
    "unknown_report": "路由键应为 <街道代码>.arrival、<街道代码>.departure 或 <街道代码>.answer。"
    "Publish with the key <street>.arrival, <street>.departure or <street>.answer.",
    "no_such_notice": "没有该通报。There is no such notice; look at the list of notices.",
    "not_yours": "该通报不是发给本街道的。Only the office that a notice is addressed to answers it.",
    "conflict": "记录正被他人修改，请重发。Somebody else changed it; look and send again.",
    "user_id_missing": "请在消息中填写与登录用户一致的 user_id。"
    "Set the message's user_id to the user that is signed in.",
    "too_large": "一条上报最多 1 MiB，请拆分。A report has at most 1 MiB; split it.",
    "not_your_street": "只能为本街道填报。Report for your own street only.",
}
"""Advice, in Chinese and English, by code: of refused reports, and of refused messages over AMQP."""


WARNINGS: Mapping[str, str] = {
    "unknown_origin": "来自地未能识别，未记录。The origin was not understood and is not recorded.",
    "unknown_hukou": "户籍地未能识别，未记录。The household registration was not understood and is not recorded.",
    "unknown_destination": "去向未能识别。The destination was not understood.",
    "unknown_sex": "性别未能识别。The sex was not understood.",
    "unknown_ethnic_group": "民族未能识别。The ethnic group was not understood.",
    "unknown_purpose": "居住事由未能识别。The purpose of staying was not understood.",
    "unknown_dwelling": "住所类型未能识别。The kind of dwelling was not understood.",
    "unknown_hazard": "职业危害因素未能识别。The hazard at work was not understood.",
    "unknown_relationship": "与户主关系未能识别。The relationship to the head of household was not understood.",
    "unknown_household": "户主证件号码未能识别。The head of household's number was not understood.",
    "unknown_disabled": "残疾情况未能识别。What is said of a disability was not understood.",
    "unknown_left_behind": "留守情况未能识别。What is said of being left behind was not understood.",
    "unknown_hardship": "特困情况未能识别。What is said of hardship was not understood.",
    "bad_phone": "电话号码不像有效号码，已照录。This is no telephone number; it is kept as typed.",
    "arrived_before_birth": "到达日期早于出生日期。The day of arriving lies before the day of birth.",
    "division_renamed": "街道已更名或合并，已按现街道登记。"
    "The street was renamed or merged; registered under the one that stands.",
    "coarser_origin": "来自地只识别到省或市。Of the origin a province or city alone was understood.",
    "coarser_hukou": "户籍地只识别到省或市。Of the household registration a province or city alone was understood.",
    "coarser_destination": "去向只识别到省或市。Of the destination a province or city alone was understood.",
    "name_differs": "与已登记的姓名不同，保留原姓名，已列为待办。"
    "Recorded under another name, which stays; a task for the office.",
    "registered_late": "登记超过规定期限。Registered after the last day on which it was in time.",
}
"""The texts of warnings about accepted rows, in Chinese and English, by code."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a report is refused: a stable code, the field, and a detail that never repeats what was typed."""

    code: RefusalCode
    field: str
    detail: str = ""


def advise(refusal: Refusal) -> str:
    """Return the advice for a refusal; for an abolished street with its successors."""
    choices = f" {refusal.detail}" if refusal.code is RefusalCode.DIVISION_ABOLISHED else ""
    return ADVICE[refusal.code] + choices


class ReportRefusedError(Exception):
    """A report is refused; raised and caught within the intake."""

    def __init__(self, code: RefusalCode, field: str, detail: str = "") -> None:
        super().__init__(code)
        self.refusal = Refusal(code, field, detail)
