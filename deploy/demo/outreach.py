"""A year of health education in the demo: year plans, what was held, boards, handouts, plays, articles, prescriptions.

In each district the first street keeps its plan but for one month without a lecture and a board that is changed late,
so that there is something to find.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from contracts.reference.calendar import add_months
from deploy.demo.client import Client, must_succeed

INSTITUTIONS = (
    ("health_centre", "社区卫生服务中心"),
    ("health_station", "社区卫生服务站"),
    ("school", "中心小学"),
    ("enterprise", "电子厂"),
)
MATERIALS = tuple(
    f"{topic}{kind}"
    for topic in ("高血压防治", "糖尿病防治", "结核病防治", "预防接种", "控烟", "合理膳食")
    for kind in ("折页", "手册")
)
WORKS = ("核心信息十九条", "洗手七步法", "结核病防治公益广告", "健康生活方式", "艾滋病防治", "职业病防护", "预防接种")
PRESCRIPTIONS = ("高血压患者合理膳食", "糖尿病患者运动", "戒烟")
LATE_BOARD = 95
"""Days after which the board was changed once, where two months are allowed."""


@dataclass(frozen=True, slots=True)
class Street:
    """A street whose year is lived as of a day, and its client."""

    client: Client
    code: str
    as_of: date

    @property
    def begins(self) -> date:
        """Return the first day of the year that is lived; early in January it is the year before."""
        return date((self.as_of - timedelta(days=45)).year, 1, 1)

    async def do(self, path: str, body: Mapping[str, Any], key: str = "") -> dict[str, Any]:
        """Ask outreach for something as a health worker of the street; what is there already stays as it is."""
        named = f"demo/{self.code}/{key}" if key else ""
        answer = must_succeed(await self.client.post("outreach", path, "health_worker", self.code, body, named))
        made: dict[str, Any] = answer.json()
        return made

    async def place(self, path: str, **told: Any) -> dict[str, Any]:
        """Ask for something of the street."""
        return await self.do(path, {"street": self.code, **told})


async def live_a_year(street: Street, residents: list[str]) -> dict[str, str]:
    """Let a street have a year of health education, and return its institutions; `residents` get prescriptions."""
    opened = {"opened_on": date(street.begins.year - 8, 9, 1).isoformat()}
    known = {
        kind: (await street.place("/institutions", kind=kind, title=title, **opened, joined_on=opened["opened_on"]))[
            "institution_id"
        ]
        for kind, title in INSTITUTIONS
    }
    await _keep_plan(street, {}, without=None)
    await _keep_plan(street, {"institution_id": known["health_centre"]}, without=add_months(street.as_of, -3).month)
    await _keep_plan(street, {"institution_id": known["health_station"]}, without=None)
    for place, area in (("门口", 2.4), ("大厅", 3.0)):
        await _change_board(street, place, area, known["health_centre"])
    for number, topic in enumerate(MATERIALS):
        await _hand_out(street, topic, known["health_centre"], street.begins + timedelta(days=20 + number))
    for number, topic in enumerate(WORKS):
        played = {
            "kind": "video",
            "topic": topic,
            "times": 30,
            "minutes": 240,
            "institution_id": known["health_centre"],
        }
        day = street.begins + timedelta(days=10 + number)
        await street.do("/plays", {"street": street.code, **played, "played_on": day.isoformat()}, f"play {number}")
    for number in range(2 * ((street.as_of - street.begins).days // 91)):
        day = street.begins + timedelta(days=91 * (number // 2) + 20 + number % 2)
        article = {"topic": f"健康教育信息{number + 1}", "submitted_on": day.isoformat()}
        await street.place("/articles", **article, institution_id=known["health_centre"])
    await _prescribe(street, residents, known["health_centre"])
    return known


async def _keep_plan(street: Street, whose: Mapping[str, str], without: int | None) -> None:
    """Draft and adopt a plan and hold what lies in the past, but for the lecture of one month, if one is named."""
    plan = await street.place("/year-plans", year=street.begins.year, **whose)
    await street.do(f"/year-plans/{plan['plan_id']}/adoption", {})
    for number, item in enumerate(plan["items"]):
        day = date.fromisoformat(item["planned_on"])
        if day >= street.as_of or (item["kind"] == "lecture" and day.month == without):
            continue
        held = {"held_on": item["planned_on"], "attendance": 20 + 7 * number % 60}
        await street.do(f"/activities/{item['item_id']}/hold", held)


async def _change_board(street: Street, place: str, area: float, institution: str) -> None:
    """Put up a board and change it every 55 days, once too late."""
    stands = {"place": place, "setting": "outdoors", "area": area, "institution_id": institution}
    board = await street.place("/boards", **stands, installed_on=street.begins.isoformat())
    day, number = street.begins + timedelta(days=30), 1
    while day < street.as_of:
        issue = {"issue": number, "theme": WORKS[number % len(WORKS)], "changed_on": day.isoformat()}
        await street.do(f"/boards/{board['board_id']}/issues", issue)
        day, number = day + timedelta(days=LATE_BOARD if number == 2 else 55), number + 1


async def _hand_out(street: Street, topic: str, institution: str, day: date) -> None:
    """List a leaflet, take copies in, and hand most of them out."""
    if day >= street.as_of:
        return
    printed = {"kind": "leaflet", "topic": topic, "edition": str(day.year), "institution_id": institution}
    material = (await street.place("/materials", **printed))["material"]["material_id"]
    came = {"quantity": 500, "received_on": day.isoformat()}
    await street.do(f"/materials/{material}/receipts", came, f"came {material}")
    gone = {"quantity": 420, "handed_out_on": day.isoformat()}
    await street.do(f"/materials/{material}/handouts", gone, f"gone {material}")


async def _prescribe(street: Street, residents: list[str], institution: str) -> None:
    """Give residents prescriptions, and count the use of the months that are over."""
    day = street.as_of - timedelta(days=1)
    for number, person in enumerate(residents):
        given = {"person_id": person, "topic": PRESCRIPTIONS[number % len(PRESCRIPTIONS)], "given_on": day.isoformat()}
        await street.place("/prescriptions", **given, setting="outpatient", institution_id=institution)
    for month in range(1, street.as_of.month if street.as_of.year == street.begins.year else 13):
        used = {"month": f"{street.begins.year}-{month:02d}", "patients": 900 + 10 * month, "given": 150 + 12 * month}
        await street.place("/prescriptions/use", **used, setting="outpatient", institution_id=institution)
