"""A district sets the targets of its plans and tells yearly figures: by sheet, one by one, and what is refused."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import httpx
import pytest
import pytest_asyncio
from python_calamine import CalamineWorkbook

from deploy.local.stack import Stack
from tests.support.instance import Instance, eventually, running_instance

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
DISTRICT, STREET, ELSEWHERE = "320507", "320507001", "320812"
SHEET = """计划,指标,区划代码,人群,考核对象,周期,开始日期,目标值,服务人数下限,服务人数上限,依据
街道2021,健康档案建档率,,,,,2026-01-01,≥85%,,,建档率85%以上
清江浦,健康档案建档率,,,,,2026-01-01,60%,,,建档率60%以上
分级标准,健康档案建档率,,流动人口,各街道,每季度,2026-01-01,70%,0,2000,
分级标准,健康档案建档率,,流动人口,各街道,每季度,2026-01-01,60%,2000,,
街道2021,幸福指数,,,,,2026-01-01,85%,,,
街道2021,健康档案使用率,320812,,,,2026-01-01,85%,,,
街道2021,健康档案使用率,,,,,2026-01-01,逐步提高,,,
街道2021,健康档案使用率,,,,,2026-01-01,1,,,
街道2021,健康档案使用率,,,,,2026-01-01,120%,,,
街道2021,健康知识讲座次数,320507001,,,每月,2026-01-01,1,,,
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def houniao(stack: Stack) -> AsyncIterator[Instance]:
    async with running_instance(stack, clock=lambda: NOW) as instance:
        yield instance


@pytest_asyncio.fixture(loop_scope="module")
async def district(houniao: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with houniao.client("reporting", "district", DISTRICT) as client:
        yield client


async def hand_in(client: httpx.AsyncClient, kind: str, content: bytes, name: str = "a.csv") -> dict[str, Any]:
    asked = {"division": DISTRICT, "kind": kind}
    answer = await client.post("/imports", data=asked, files={"file": (name, content)})
    assert answer.status_code == 202, answer.text

    async def done() -> Any:
        progress = (await client.get(f"/imports/{answer.json()['import_id']}")).json()
        return progress if progress["state"] == "done" else None

    progress: dict[str, Any] = await eventually(done)
    listed = (await client.get("/imports", params={"division": DISTRICT})).json()["imports"]
    assert {name: progress.get(name) for name in listed[0]} in listed
    return progress


async def test_targets_come_in_by_sheet_and_refused_rows_come_back_to_be_corrected(
    district: httpx.AsyncClient,
) -> None:
    progress = await hand_in(district, "targets", SHEET.encode())

    assert (progress["accepted"], progress["duplicate"], progress["refused"]) == (5, 0, 5)
    assert progress["refused_by_reason"] == {
        "not_understood": 2,
        "outside_import": 1,
        "unclear_rate": 1,
        "rate_above_100": 1,
    }
    refused = await district.get(f"/imports/{progress['import_id']}/refused")
    sheet = CalamineWorkbook.from_filelike(BytesIO(refused.content)).get_sheet_by_index(0).to_python()
    assert [row[-1] for row in sheet[1:]] == [
        "not_understood",
        "outside_import",
        "not_understood",
        "unclear_rate",
        "rate_above_100",
    ]
    again = await hand_in(district, "targets", refused.content, "refused.xlsx")
    assert again["refused"] == 5

    once_more = await hand_in(district, "targets", SHEET.encode())
    assert (once_more["accepted"], once_more["duplicate"]) == (0, 5)


async def test_plans_that_contradict_one_another_and_bands_stand_side_by_side(district: httpx.AsyncClient) -> None:
    async def listed() -> Any:
        found = (await district.get("/targets", params={"division": DISTRICT})).json()["targets"]
        return found if len(found) == 5 else None

    found = await eventually(listed)

    rates = [one for one in found if one["indicator"] == "archive_rate"]
    assert sorted((one["plan"], one["value"]) for one in rates if one["per"] == "division") == [
        ("清江浦", 0.6),
        ("街道2021", 0.85),
    ]
    bands = [one for one in rates if one["per"] == "street"]
    assert sorted((one["served_from"], one["served_below"], one["value"]) for one in bands) == [
        (0, 2000, 0.7),
        (2000, None, 0.6),
    ]
    assert [one["division"] for one in found if one["indicator"] == "lectures"] == [STREET]
    pages = [page async for page in paged(district)]
    assert [one["target_id"] for page in pages for one in page] == [one["target_id"] for one in found]


async def paged(client: httpx.AsyncClient) -> AsyncIterator[list[dict[str, Any]]]:
    cursor: str | None = ""
    while cursor is not None:
        page = (await client.get("/targets", params={"division": DISTRICT, "limit": 2, "cursor": cursor})).json()
        yield page["targets"]
        cursor = page["cursor"]


async def test_a_target_is_set_anew_and_withdrawn(district: httpx.AsyncClient) -> None:
    wanted = {"division": DISTRICT, "plan": "年度计划", "indicator": "lectures", "since": "2026-01-01", "value": 12}

    first = (await district.post("/targets", json=wanted)).json()
    anew = (await district.post("/targets", json={**wanted, "value": 24})).json()
    withdrawn = (await district.post(f"/targets/{first['target_id']}/withdrawal")).json()

    assert anew["target_id"] == first["target_id"]
    assert (anew["value"], withdrawn["value"], withdrawn["withdrawn"]) == (24, 24, True)


async def test_figures_come_in_by_sheet_one_by_one_and_are_withdrawn(district: httpx.AsyncClient) -> None:
    rows = ("年份,项目,数值,数据来源", "2025,常住人口,901234,统计年鉴", "2027,常住人口,9,统计年鉴", "2025,人口数,9,甲")

    progress = await hand_in(district, "figures", "\n".join(rows).encode())

    assert (progress["accepted"], progress["refused_by_reason"]) == (1, {"year_ahead": 1, "not_understood": 1})
    told = {"division": STREET, "year": 2025, "kind": "births", "value": 321, "origin": "统计年鉴"}
    births = (await district.post("/figures", json=told)).json()
    assert (await district.post(f"/figures/{births['figure_id']}/withdrawal")).json()["withdrawn"]

    async def listed() -> Any:
        found = (await district.get("/figures", params={"division": DISTRICT, "year": 2025})).json()
        return found if len(found) == 2 and found[1]["withdrawn"] else None

    found = await eventually(listed)
    assert [(one["division"], one["kind"], one["value"]) for one in found] == [
        (DISTRICT, "population", 901234),
        (STREET, "births", 321),
    ]


@pytest.mark.parametrize(
    ("path", "change", "code"),
    [
        ("/targets", {"indicator": "happiness"}, "unknown_indicator"),
        ("/targets", {"division": "320507999"}, "unknown_division"),
        ("/targets", {"division": ELSEWHERE}, "outside_your_division"),
        ("/targets", {"value": 85}, "rate_above_100"),
        ("/targets", {"until": "2025-12-31"}, "bad_target_period"),
        ("/targets", {"every": "once"}, "bad_target_period"),
        ("/targets", {"served_from": 10, "served_below": 10}, "empty_band"),
        ("/figures", {"year": 2027}, "year_ahead"),
        ("/figures", {"group": "pupils"}, "no_figures_of_group"),
        ("/figures", {"division": "320507999"}, "unknown_division"),
    ],
)
async def test_what_can_not_be_is_refused_by_a_code(
    district: httpx.AsyncClient, path: str, change: dict[str, Any], code: str
) -> None:
    right: dict[str, Any] = {
        "/targets": {
            "division": DISTRICT,
            "plan": "甲",
            "indicator": "archive_rate",
            "since": "2026-01-01",
            "value": 0.5,
        },
        "/figures": {"division": DISTRICT, "year": 2024, "kind": "households", "value": 5, "origin": "甲"},
    }[path]

    answer = await district.post(path, json={**right, **change})

    assert answer.json()["code"] == code


async def test_a_clerk_sets_no_targets(houniao: Instance) -> None:
    async with houniao.client("reporting", "clerk", STREET) as clerk:
        wanted = {"division": STREET, "plan": "甲", "indicator": "lectures", "since": "2026-01-01", "value": 12}
        assert (await clerk.post("/targets", json=wanted)).json()["code"] == "not_your_role"
        assert (await clerk.get("/targets", params={"division": STREET})).status_code == 200


async def test_indicators_are_told_in_words_with_what_makes_them(district: httpx.AsyncClient) -> None:
    found = {one["code"]: one for one in (await district.get("/indicators")).json()}

    archive = found["archive_rate"]
    assert (archive["numerator"], archive["denominator"]) == (["usual.built"], ["usual"])
    assert "常住居民数" in archive["formula_zh"]
    assert found["hypertension_management_rate_estimated"]["source"] == "estimate"
    estimates = (await district.get("/indicators/estimates")).json()
    assert {one["code"] for one in estimates} == {"hypertension", "diabetes_2", "elderly"}


async def test_a_street_is_supervised_its_finding_reviewed_and_the_visit_circulated(
    district: httpx.AsyncClient,
) -> None:
    visit = {
        "street": STREET,
        "kind": "quarterly",
        "visited_on": "2026-09-01",
        "supervised_by": ["edu-014"],
        "findings": [{"text": "宣传栏未更换", "due_on": "2026-10-01"}, {"text": "讲座无签到", "due_on": "2026-12-01"}],
    }
    held = (await district.post("/supervisions", json=visit)).json()
    again = await district.post("/supervisions", json=visit)
    at = f"/supervisions/{held['supervision_id']}"
    first, second = (finding["finding_id"] for finding in held["findings"])

    async def unfinished() -> Any:
        return (await district.get("/supervisions/findings", params={"division": DISTRICT})).json()

    async def counted(number: int) -> Any:
        found = await unfinished()
        return found if len(found) == number else None

    before = await eventually(lambda: counted(2))
    look = {"reviewed_on": "2026-10-09", "result": "rectified"}
    await district.post(f"{at}/findings/{first}/review", json=look)
    after = await eventually(lambda: counted(1))
    circulated = (await district.post(f"{at}/circulation", json={"circulated_on": "2026-09-15"})).json()

    assert again.json() == held
    assert [(one["finding"]["text"], one["overdue"]) for one in before] == [
        ("宣传栏未更换", True),
        ("讲座无签到", False),
    ]
    assert [one["finding"]["finding_id"] for one in after] == [second]
    assert circulated["circulated_on"] == "2026-09-15"
    await eventually(lambda: is_counted(district, 1, 2))
    day = {"from": "2026-09-01", "to": "2026-09-01"}
    (listed,) = (await district.get("/supervisions", params={"division": STREET, **day})).json()
    assert listed["supervision_id"] == held["supervision_id"]
    assert (await district.post(f"{at}/withdrawal")).json()["withdrawn"]
    answer = await district.post(f"{at}/findings/{second}/review", json=look)
    assert answer.json()["code"] == "visit_withdrawn"
    await eventually(lambda: is_counted(district, 0, 0))
    assert await unfinished() == []


async def is_counted(district: httpx.AsyncClient, rectified: int, findings: int) -> bool:
    """Return whether so many findings of a quarter count, and so many as put right."""
    asked = {"division": DISTRICT, "period": "2026Q3"}
    rate = (await district.get("/indicators/findings_rectified_rate", params=asked)).json()
    return (rate["numerator"], rate["denominator"]) == (rectified, findings)
