"""An outreach worker's day: an activity from the calendar to its photo, a board that is changed, a survey."""

from datetime import date
from io import BytesIO

import httpx
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from contracts.reference.calendar import day_of
from services.runtime.clock import system_clock
from tests.support.browser import PHONE, Deployment, Person, at_the_console
from tests.support.pictures import GPS

WORKER, STREET = "health-demo.health_worker", "320507001"
QUESTIONS = ("成年人的正常血压低于多少？", "您饭前便后洗手吗？")
ANSWERS = (("140/90毫米汞柱", "160/100毫米汞柱"), ("每次都洗", "有时洗"))


def taken_by_a_phone() -> FilePayload:
    """Return a photo as large as phones take them, with the place where it was taken."""
    exif = Image.Exif()
    exif[GPS] = {1: "N", 2: (31.0, 17.0, 52.0)}
    written = BytesIO()
    Image.effect_noise((4032, 3024), 80).convert("RGB").save(written, "JPEG", quality=90, exif=exif)
    return {"name": "IMG_20261127_093012.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def say(text: str) -> list[dict[str, str]]:
    return [{"language": "zh", "text": text}]


def open_survey(houniao: Deployment, ways: list[str], edition: str) -> str:
    """Open a survey of two questions, as the district and the street do it, and return its id."""
    questions = [
        {
            "code": f"Q{number}",
            "measure": measure,
            "wording": say(question),
            "choices": [{"code": code, "wording": say(text)} for code, text in zip("AB", texts, strict=True)],
            "right": ["A"],
        }
        for number, (measure, question, texts) in enumerate(
            zip(("knowledge", "behaviour"), QUESTIONS, ANSWERS, strict=True), start=1
        )
    ]
    about = {"owner": STREET[:6], "series": "day", "edition": edition, "wording": say("居民健康问卷")}
    published = houniao.post("outreach", "/questionnaires", "supervisor", STREET[:6], {**about, "questions": questions})
    survey = {"street": STREET, "questionnaire_id": published["questionnaire_id"], "round": "single", "ways": ways}
    opened = houniao.post("outreach", "/surveys", "health_worker", STREET, {**survey, "opened_on": today().isoformat()})
    return str(opened["survey_id"])


def today() -> date:
    return day_of(system_clock())


def spell(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def plan_activity(worker: Person, topic: str) -> str:
    """Plan a lecture for today from the calendar, and return the address of its page."""
    page = worker.page
    worker.open("/outreach")
    page.get_by_role("link", name=f"在 {spell(today())} 计划活动").click()
    page.get_by_label("形式").fill("讲座")
    page.keyboard.press("Enter")
    page.get_by_label("主题").fill(topic)
    page.get_by_role("button", name="计划", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"讲座 · {topic}")
    return page.url.removeprefix(worker.url)


def test_an_activity_is_planned_from_the_calendar_held_and_proved_by_a_photo_of_a_phone(
    houniao: Deployment, chromium: Browser
) -> None:
    with at_the_console(houniao, chromium, WORKER) as worker:
        activity = plan_activity(worker, "冬季预防流感")
        worker.page.get_by_label("参加人数").fill("42")
        worker.page.get_by_text("现场点数").click()
        worker.page.get_by_role("button", name="提交", exact=True).click()
        expect(worker.page.get_by_text("42 人参加")).to_be_visible()

    with at_the_console(houniao, chromium, WORKER, PHONE) as worker:
        page, taken = worker.page, taken_by_a_phone()
        worker.open("/outreach")
        page.get_by_role("link", name="讲座 冬季预防流感").click()
        photos = page.get_by_role("group", name="照片", exact=True)
        expect(photos.get_by_role("button", name="拍照")).to_be_visible()
        page.locator("input[capture]").first.set_input_files(taken)

        filed = page.get_by_role("img", name="照片 1")
        expect(filed).to_be_visible()
        assert_is_shown(page, filed.get_attribute("src"))
        kept = fetch(page, page.get_by_role("link", name="照片 1").get_attribute("href"))
        assert len(kept) < len(taken["buffer"]) / 2
        assert max(Image.open(BytesIO(kept)).size) <= 2560
        assert GPS not in Image.open(BytesIO(kept)).getexif()
        expect(page.get_by_text("还缺：")).not_to_contain_text("照片")
        assert page.url.removeprefix(worker.url) == activity


def test_a_board_is_changed_and_its_photo_kept(houniao: Deployment, chromium: Browser) -> None:
    place = "元和社区服务中心门口"
    board = {"street": STREET, "place": place, "setting": "outdoors", "area": 2.4, "installed_on": "2026-01-05"}
    houniao.post("outreach", "/boards", "health_worker", STREET, board)
    with at_the_console(houniao, chromium, WORKER, PHONE) as worker:
        page = worker.page
        worker.open("/outreach/boards")
        page.get_by_role("row").filter(has_text=place).get_by_role("link", name="登记更换").click()
        page.get_by_label("主题").fill("冬季防流感")
        page.get_by_role("button", name="登记更换").last.click()
        expect(page.get_by_role("status").filter(has_text="第 1 期已登记，请拍照留底")).to_be_visible()

        page.get_by_role("status").locator("input[capture]").set_input_files(taken_by_a_phone())

        filed = page.get_by_role("img", name="第 1 期照片")
        expect(filed).to_be_visible()
        assert_is_shown(page, filed.get_attribute("src"))
        worker.open("/outreach/boards")
        expect(page.get_by_role("row").filter(has_text=place)).to_contain_text(spell(today()))


def test_people_are_asked_one_after_the_other_by_keys(houniao: Deployment, chromium: Browser) -> None:
    survey = open_survey(houniao, ["interview"], "interview")
    with at_the_console(houniao, chromium, WORKER) as worker:
        page = worker.page
        worker.open("/outreach/surveys")
        page.locator(f"[href='/outreach/surveys/{survey}/interview']").click()
        page.get_by_role("button", name="开始提问").click()
        for number, keys in enumerate(("12", "11", "11", "11", "21"), start=1):
            for question, key in zip(QUESTIONS, keys, strict=True):
                expect(page.get_by_role("heading", name=question)).to_be_visible()
                page.keyboard.press(key)
            expect(page.get_by_role("heading", name="核对答案")).to_be_visible()
            page.keyboard.press("Enter")
            expect(page.get_by_role("status").filter(has_text=f"本次已记录 {number} 份")).to_be_visible()

        page.get_by_role("link", name="查看结果").click()

        expect(page.get_by_role("row").filter(has_text="健康知识")).to_contain_text("80.0%（4/5）")
        expect(page.get_by_role("row").filter(has_text="健康行为")).to_contain_text("80.0%（4/5）")


def test_whoever_comes_signs_in_by_the_code_at_the_door_without_an_account(
    houniao: Deployment, chromium: Browser
) -> None:
    about = {"kind": "lecture", "topic": "高血压防治", "planned_on": today().isoformat(), "audience": "everyone"}
    planned = houniao.post("outreach", "/activities", "health_worker", STREET, {"street": STREET, **about})
    at = planned["activity_id"]
    with at_the_console(houniao, chromium, WORKER) as worker, at_the_console(houniao, chromium, size=PHONE) as visitor:
        with worker.page.expect_response("**/api/outreach/activities/*/door") as told:
            worker.open(f"/outreach/activities/{at}/door")
        expect(worker.page.get_by_role("img", name="签到二维码")).to_be_visible()
        code = told.value.json()["code"]

        visitor.open(f"/check-in/{at}#{code}")
        visitor.page.get_by_role("button", name="签到").click()

        expect(visitor.page.get_by_role("status")).to_have_text("您是第 1 位签到的人。")
        assert visitor.find_barriers() == []
        visitor.page.reload()
        visitor.page.get_by_role("button", name="签到").click()
        expect(visitor.page.get_by_role("status")).to_have_text("本机已签到，无需重复。")
        expect(worker.page.get_by_role("status").filter(has_text="已签到")).to_contain_text("1")

        visitor.open(f"/check-in/{at}")
        visitor.page.get_by_label("签到码").fill("AAAA2222" if code != "AAAA2222" else "BBBB2222")
        visitor.page.get_by_role("button", name="签到").click()
        expect(visitor.page.get_by_role("alert")).to_be_visible()
        visitor.complaints.clear()  # a refusal over HTTP is one for Chromium


def test_a_survey_is_answered_on_a_phone_by_its_link_without_an_account(houniao: Deployment, chromium: Browser) -> None:
    survey = open_survey(houniao, ["phone"], "phone")
    with at_the_console(houniao, chromium, WORKER) as worker, at_the_console(houniao, chromium, size=PHONE) as visitor:
        with worker.page.expect_response("**/link") as told:
            worker.open(f"/outreach/surveys/{survey}")
        expect(worker.page.get_by_role("img", name="答卷二维码")).to_be_visible()

        visitor.open(f"/answer/{survey}#{told.value.json()['code']}")
        visitor.page.get_by_role("button", name=ANSWERS[0][0]).click()
        expect(visitor.page.get_by_text("已答 1 / 2 题")).to_be_visible()
        assert visitor.find_barriers() == []
        visitor.page.get_by_role("button", name="提交答卷").click()

        expect(visitor.page.get_by_role("status")).to_contain_text("共作答 1 题")
        expect(worker.page.get_by_text("答卷人数").locator("..")).to_contain_text("1")


def fetch(page: Page, path: str | None) -> bytes:
    """Return a file as the page's own session gets it."""
    assert path
    answer = page.request.get(str(httpx.URL(page.url).join(path)))
    assert answer.ok, answer.status
    return answer.body()


def assert_is_shown(page: Page, path: str | None) -> None:
    """Assert that a small picture is one."""
    small = Image.open(BytesIO(fetch(page, path)))
    assert 0 < max(small.size) < 2560
