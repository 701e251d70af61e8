"""A day of an integrator's manager: a feed is asked for, given, delivered, changed and taken back, in two browsers."""

from playwright.sync_api import Browser, Locator, expect
from standardwebhooks import Webhook

from tests.support.browser import Deployment, Person, at_the_console
from tests.support.offices import make_arrival
from tests.support.receivers import Receiver, receiving_beside

INTEGRATOR, DISTRICT, SUPERVISOR = "integrator-demo.integrator", "district-demo.district", "supervisor-demo.supervisor"
STREET, HOSPITAL = "320507001", "相城区人民医院"
ALIKE = 6
"""People who arrive: five have to look alike before anybody is told of them."""


def test_a_feed_is_asked_for_given_delivered_changed_and_taken_back(houniao: Deployment, chromium: Browser) -> None:
    with (
        receiving_beside(Receiver(status=204, then=[503])) as receiver,
        at_the_console(houniao, chromium, INTEGRATOR) as integrator,
        at_the_console(houniao, chromium, DISTRICT) as district,
    ):
        ask_for_arrivals(integrator)
        give(district)
        first = set_webhook(integrator, receiver)
        for order in range(ALIKE):
            person = {**make_arrival(8000 + order), "street": STREET}
            houniao.post("registration", "/arrivals", "clerk", STREET, person)
        see_what_was_delivered(integrator, receiver, first)
        deliver_again(integrator, receiver)
        rotate_secret(integrator, receiver, first)
        tell_by_month(district, integrator)
        take_back(district, integrator)
    with at_the_console(houniao, chromium, SUPERVISOR) as anybody:
        anybody.open("/feeds")
        told = anybody.page.get_by_role("row").filter(has_text=HOSPITAL)
        expect(told).to_contain_text("门诊量预测")
        expect(told).to_contain_text("法定职责或法定义务")
        expect(told).to_contain_text("已撤销")


def ask_for_arrivals(integrator: Person) -> None:
    page = integrator.page
    integrator.open("/feeds")
    page.get_by_role("button", name="申请订阅").click()
    page.locator("label").get_by_text("流入登记", exact=True).click()
    page.get_by_label("有效期至", exact=True).fill("20280630")
    page.get_by_label("单位", exact=True).fill(HOSPITAL)
    page.get_by_label("用途", exact=True).fill("门诊量预测")
    page.locator("label").get_by_text("法定职责或法定义务", exact=True).click()
    page.get_by_label("依据条款", exact=True).fill("基本医疗卫生与健康促进法第三十五条")
    page.get_by_role("button", name="申请订阅").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSPITAL)
    expect(page.get_by_text("待审批")).to_be_visible()


def give(district: Person) -> None:
    page = district.page
    district.open("/feeds")
    page.get_by_role("button", name="待审批").click()
    page.get_by_role("row").filter(has_text=HOSPITAL).get_by_role("link", name="居住").click()
    page.get_by_role("button", name="批准", exact=True).click()
    page.locator("form").get_by_role("button", name="批准", exact=True).click()
    expect(page.get_by_text("已批准", exact=True)).to_be_visible()


def set_webhook(integrator: Person, receiver: Receiver) -> str:
    """Set the webhook once the page tells by itself that the feed is given; return the secret, which is shown once."""
    page = integrator.page
    page.get_by_role("button", name="设置推送").click()
    address = page.get_by_label("地址", exact=True)
    address.fill(receiver.url)
    address.press("Enter")
    secret = page.get_by_text("whsec_").inner_text()
    page.get_by_role("button", name="我已保存").click()
    expect(page.get_by_text(secret)).to_have_count(0)
    page.reload()
    expect(page.get_by_text(receiver.url)).to_be_visible()
    expect(page.get_by_text("whsec_")).to_have_count(0)
    return secret


def deliveries(integrator: Person, outcome: str) -> Locator:
    return integrator.page.get_by_role("table", name="推送记录").get_by_role("row").filter(has_text=outcome)


def see_what_was_delivered(integrator: Person, receiver: Receiver, secret: str) -> None:
    """See the attempt that failed, and the next one, for which nobody has to do anything."""
    expect(deliveries(integrator, "被拒绝")).to_contain_text("503")
    expect(deliveries(integrator, "已送达").first).to_be_visible()
    expect(integrator.page.get_by_text("全部已送达")).to_be_visible()
    refused, taken = receiver.got[0], receiver.got[1]
    assert refused.webhook_id == taken.webhook_id
    assert Webhook(secret).verify(taken.body, taken.headers) == taken.events


def deliver_again(integrator: Person, receiver: Receiver) -> None:
    before, positions = len(receiver.got), set(receiver.positions)
    delivered = deliveries(integrator, "已送达").count()
    integrator.page.get_by_role("button", name="重新推送").click()
    integrator.page.get_by_label("位置之后", exact=True).fill("0")
    integrator.page.locator("form").get_by_role("button", name="重新推送").click()
    expect(deliveries(integrator, "已送达").nth(delivered)).to_be_visible()
    assert positions <= {position for delivery in receiver.got[before:] for position in delivery.positions}


def rotate_secret(integrator: Person, receiver: Receiver, first: str) -> None:
    """See a new secret once; it and the old one sign beside each other."""
    page = integrator.page
    page.get_by_role("button", name="更换密钥").click()
    page.locator("form").get_by_role("button", name="更换密钥").click()
    second = page.get_by_text("whsec_").inner_text()
    page.get_by_role("button", name="我已保存").click()
    expect(page.get_by_text("旧密钥有效至")).to_be_visible()
    page.get_by_role("button", name="测试推送").click()
    expect(deliveries(integrator, "测试")).to_contain_text("已送达")
    tested = receiver.got[-1]
    for secret in (first, second):
        assert Webhook(secret).verify(tested.body, tested.headers) == []


def tell_by_month(district: Person, integrator: Person) -> None:
    page = district.page
    page.get_by_role("button", name="调整已批准的内容").click()
    page.locator("form label").get_by_text("月", exact=True).click()
    page.locator("form").get_by_role("button", name="批准", exact=True).click()
    times = integrator.page.get_by_role("row").filter(has=integrator.page.get_by_role("rowheader", name="时间精度"))
    expect(times.get_by_role("cell")).to_have_text(["日", "月"])


def take_back(district: Person, integrator: Person) -> None:
    page = district.page
    page.get_by_role("button", name="撤销订阅").click()
    page.get_by_label("原因", exact=True).fill("项目已经结束")
    page.locator("form").get_by_role("button", name="撤销订阅").click()
    expect(integrator.page.get_by_text("原因：项目已经结束")).to_be_visible()
    expect(integrator.page.get_by_text("已撤销", exact=True)).to_be_visible()
