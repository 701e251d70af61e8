"""A clerk's day at the console: an arrival typed by keyboard alone, found again, and seen by nobody else."""

from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.browser import PHONE, Deployment, Hands, at_the_console
from tests.support.registers import id_number

CLERK, OTHER = "clerk-demo.clerk", "other-demo.clerk"


def test_an_arrival_is_registered_by_keyboard_alone(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, CLERK) as clerk:
        clerk.open("/register")
        hands = Hands(clerk.page)
        for sequence, name in ((2, "李小满"), (4, "李大满")):
            expect(clerk.page.get_by_label("证件号码", exact=True)).to_be_focused()
            hands.type(id_number("320812", date(1949, 11, 4), sequence))
            expect(clerk.page.get_by_text("女 · 1949年11月4日出生 · 户籍地")).to_be_visible()
            hands.press("Tab")
            expect(clerk.page.get_by_label("姓名", exact=True)).to_be_focused()
            hands.type(name)
            hands.press("Enter")
            expect(clerk.page.get_by_role("status").filter(has_text=f"已登记 {name}")).to_be_visible()
            expect(clerk.page.get_by_role("button", name="继续登记下一位")).to_be_focused()
            hands.press("Enter")

    to_the_name, to_send, to_the_next = 1, 1, 1
    assert hands.presses == 2 * (18 + to_the_name + len("李小满") + to_send + to_the_next)
    assert hands.clicks == 0


def test_a_wrong_number_is_told_before_it_is_sent_and_refused_at_its_field(
    houniao: Deployment, chromium: Browser
) -> None:
    wrong = id_number("320812", date(1949, 11, 4), 4)
    wrong = wrong[:-1] + ("0" if wrong[-1] != "0" else "1")
    with at_the_console(houniao, chromium, CLERK) as clerk:
        clerk.open("/register")
        clerk.page.get_by_label("证件号码", exact=True).fill(wrong)
        expect(clerk.page.get_by_text("号码有误")).to_be_visible()
        clerk.page.get_by_label("姓名", exact=True).fill("王一")

        clerk.page.get_by_role("button", name="提交").click()

        expect(clerk.page.get_by_label("证件号码", exact=True)).to_have_attribute("aria-invalid", "true")
        expect(clerk.page.get_by_label("姓名", exact=True)).to_have_value("王一")
        clerk.complaints.clear()  # a refusal over HTTP is one for Chromium


def test_what_was_typed_outlives_a_restart_of_the_services(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, CLERK) as clerk:
        clerk.open("/register")
        clerk.page.get_by_label("证件号码", exact=True).fill(id_number("320812", date(1980, 1, 1), 3))
        clerk.page.get_by_label("姓名", exact=True).fill("赵归来")
        with houniao.away("registration"):
            clerk.page.get_by_role("button", name="提交").click()
            expect(clerk.page.get_by_role("alert").first).to_contain_text("服务暂时不可用")
            with houniao.away("console"):
                pass

        clerk.page.get_by_role("button", name="提交").click()

        expect(clerk.page.get_by_role("status").filter(has_text="已登记 赵归来")).to_be_visible()
        clerk.complaints.clear()  # of requests while nobody answered


def test_what_was_typed_outlives_a_reload(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, CLERK) as clerk:
        clerk.open("/register")
        clerk.page.get_by_label("姓名", exact=True).fill("钱半路")

        clerk.page.reload()

        expect(clerk.page.get_by_label("姓名", exact=True)).to_have_value("钱半路")
        clerk.page.get_by_role("button", name="清空").click()
        expect(clerk.page.get_by_label("姓名", exact=True)).to_have_value("")


def test_a_street_sees_its_own_people_alone(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, CLERK) as clerk:
        clerk.open("/people")
        clerk.page.get_by_role("table").get_by_role("link").first.click()
        clerk.page.wait_for_url("**/people/*")
        person = clerk.page.url.removeprefix(houniao.url)
        expect(clerk.page.get_by_role("heading", name="居住记录")).to_be_visible()
    with at_the_console(houniao, chromium, OTHER) as other:
        other.open(person)

        expect(other.page.get_by_role("alert")).to_contain_text("没有找到，或不在您的辖区内")
        other.complaints.clear()


def test_what_is_entered_without_a_connection_is_sent_later_and_once(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, CLERK, PHONE) as clerk:
        number = clerk.page.get_by_label("证件号码", exact=True)
        clerk.work_without_connection("/register", number)
        number.fill(id_number("320812", date(1970, 5, 5), 5))
        clerk.page.get_by_label("姓名", exact=True).fill("周入户")
        clerk.page.get_by_role("button", name="提交").click()
        expect(clerk.page.get_by_text("没有网络：已加密保存在本机")).to_be_visible()
        kept = clerk.read_device()

        clerk.page.reload()  # the page opens without a connection as well
        expect(clerk.page.get_by_role("heading", name="登记")).to_be_visible()
        clerk.page.context.set_offline(False)

        expect(clerk.page.get_by_text("1 份内容已保存在本机")).to_have_count(0)
        clerk.open("/people")
        expect(clerk.page.get_by_text("1970")).to_have_count(1)
        assert "周入户" not in kept
        assert "19700505" not in kept
        clerk.complaints.clear()


def test_refused_rows_are_corrected_where_they_stand(houniao: Deployment, chromium: Browser, tmp_path: Path) -> None:
    good, wrong = id_number("320812", date(1985, 3, 3), 7), id_number("320812", date(1986, 4, 4), 9)
    also_wrong, right = id_number("320812", date(1988, 6, 6), 15), id_number("320812", date(1987, 5, 5), 11)
    register = tmp_path / "register.csv"
    rows = ["证件类型,证件号码,姓名,来本地日期"]
    rows += [
        f"居民身份证,{good},孙一行,2026-03-01",
        f"居民身份证,{wrong},,2026-03-01",
        f"居民身份证,{wrong[:-1]},吴二行,2026-03-01",
        f"居民身份证,{also_wrong},吴三行,前年",
    ]
    register.write_text("\n".join(rows), encoding="utf-8")
    with at_the_console(houniao, chromium, CLERK) as clerk:
        clerk.open("/register/imports")
        clerk.page.locator("input[type=file]").set_input_files(register)
        forms = clerk.page.get_by_role("form")
        hands, corrections = Hands(clerk.page), ("孙二行", right, "20260302")
        for at, correction in enumerate(corrections):
            expect(forms).to_have_count(len(corrections) - at)
            expect(forms.first.locator("[aria-invalid=true]")).to_be_focused()
            hands.type(correction)
            hands.press("Enter")

        expect(clerk.page.get_by_text("已更正 3 行")).to_be_visible()
        expect(forms).to_have_count(0)
    assert hands.presses == sum(len(correction) + 1 for correction in corrections)
    assert hands.clicks == 0


def test_a_person_is_found_by_name(houniao: Deployment, chromium: Browser) -> None:
    with at_the_console(houniao, chromium, CLERK) as clerk:
        clerk.open("/people")
        clerk.page.get_by_role("radio", name="姓名").check(force=True)
        clerk.page.get_by_role("textbox", name="姓名").fill("孙一行")
        clerk.page.get_by_label("查看事由", exact=True).fill("入户随访")
        clerk.page.keyboard.press("Enter")

        expect(clerk.page.get_by_role("heading", name="孙*行")).to_be_visible()
        clerk.page.go_back()
        expect(clerk.page.get_by_role("heading", name="查找人员")).to_be_visible()
        assert "孙" not in clerk.page.url
