"""Two surveys of the demo, before and after a year's work: people of a sample answer, and know more the second time."""

from datetime import timedelta
from typing import Any

from deploy.demo.client import must_succeed
from deploy.demo.outreach import Street

KNOWLEDGE = (
    ("成年人的正常血压低于多少？", "140/90毫米汞柱", "160/100毫米汞柱"),
    ("咳嗽、咳痰两周以上应怀疑哪种病？", "肺结核", "感冒"),
    ("成年人每天食盐不超过多少？", "5克", "12克"),
    ("流动儿童可以在居住地接种疫苗吗？", "可以", "不可以"),
    ("接触粉尘作业应戴哪种口罩？", "防尘口罩", "棉纱口罩"),
)
BEHAVIOUR = (
    ("您现在吸烟吗？", "不吸", "吸"),
    ("您饭前便后洗手吗？", "每次都洗", "有时洗"),
    ("您最近一年测过血压吗？", "测过", "没测过"),
)
SIZE = 40
NOT_NOW = 409
"""The sample is drawn, somebody has answered, nobody lives there."""


async def ask_people(street: Street) -> None:
    """Let a street ask a sample of its people twice by the district's questionnaire."""
    by = await _publish(street)
    begins = street.begins
    before = {"round": "before", "opened_on": (begins + timedelta(days=20)).isoformat()}
    first = await _ask(street, {**by, **before}, wrong_of=3)
    after = {"round": "after", "before": first, "target": "street_2021"}
    opened_on = begins + timedelta(days=240)
    if opened_on + timedelta(days=30) < street.as_of:
        await _ask(street, {**by, **after, "opened_on": opened_on.isoformat()}, wrong_of=9)


async def _publish(street: Street) -> dict[str, str]:
    district = street.code[:6]
    items = [(f"K{number}", "knowledge", *told) for number, told in enumerate(KNOWLEDGE, start=1)]
    items += [(f"B{number}", "behaviour", *told) for number, told in enumerate(BEHAVIOUR, start=1)]
    body = {
        "owner": district,
        "series": "residents",
        "edition": str(street.begins.year),
        "wording": _say("居民健康知识与行为问卷"),
        "questions": [_question(*item) for item in items],
    }
    answer = must_succeed(await street.client.post("outreach", "/questionnaires", "supervisor", district, body))
    return {"questionnaire_id": answer.json()["questionnaire_id"]}


def _question(code: str, measure: str, question: str, right: str, wrong: str) -> dict[str, Any]:
    choices = [{"code": letter, "wording": _say(text)} for letter, text in (("A", right), ("B", wrong))]
    return {"code": code, "measure": measure, "wording": _say(question), "choices": choices, "right": ["A"]}


def _say(text: str) -> list[dict[str, str]]:
    return [{"language": "zh", "text": text}]


async def _ask(street: Street, about: dict[str, Any], wrong_of: int) -> str:
    """Open a survey, let the sample answer with one in so many answers wrong, close it, and return its id."""
    plan = {"segment": {"youngest": 15, "oldest": 69}, "size": SIZE}
    body = {"street": street.code, **about, "ways": ["paper", "interview"], "sample": plan}
    survey = await street.do("/surveys", body, f"survey {about['round']}")
    at, opened_on = f"/surveys/{survey['survey_id']}", about["opened_on"]
    if survey.get("closed_on") is None:
        sample = must_succeed(await _post(street, f"{at}/sample", {"seed": 2026}), NOT_NOW).json()
        for place, person in enumerate(sample.get("people", ())):
            chosen = [_choose(code, place * 8 + number, wrong_of) for number, code in enumerate(_codes())]
            sheet = {"respondent": person, "way": "paper", "answered_on": opened_on, "chosen": chosen}
            must_succeed(await _post(street, f"{at}/answers", sheet), NOT_NOW)
        must_succeed(await _post(street, f"{at}/closing", {"closed_on": opened_on}), NOT_NOW)
    return str(survey["survey_id"])


def _codes() -> list[str]:
    knowledge = [f"K{number}" for number in range(1, len(KNOWLEDGE) + 1)]
    return knowledge + [f"B{number}" for number in range(1, len(BEHAVIOUR) + 1)]


def _choose(code: str, turn: int, wrong_of: int) -> dict[str, Any]:
    return {"item": code, "choices": ["B" if turn % wrong_of == 0 else "A"]}


async def _post(street: Street, path: str, body: dict[str, Any]) -> Any:
    return await street.client.post("outreach", path, "health_worker", street.code, body)
