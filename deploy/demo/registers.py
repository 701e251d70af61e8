"""Writes the demo's people as arrivals registers of street offices: workbooks with a title and a footer."""

from collections.abc import Sequence
from io import BytesIO

import xlsxwriter  # type: ignore[import-untyped]  # ships no types

from deploy.demo.people import Person

HEADER = (
    *("序号", "姓名", "性别", "证件类型", "证件号码", "出生日期", "户籍地区划代码", "户籍地址", "联系电话"),
    *("现居住地址", "社区", "网格", "住所类型", "来本地日期", "来自地", "居住事由", "从业单位", "接触职业危害因素"),
)


def make_register(street: str, name: str, people: Sequence[Person]) -> bytes:
    """Return a street office's register of arrivals as a workbook (.xlsx)."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("来本地登记")
        sheet.write_string(0, 0, f"{name}流动人口登记表（来本地登记）")
        sheet.write_string(1, 0, f"街道代码：{street}")
        rows = [HEADER, *(_cells(number, person) for number, person in enumerate(people, start=1))]
        for row, cells in enumerate(rows, start=2):
            sheet.write_row(row, 0, cells)
        sheet.write_string(len(people) + 3, 0, f"合计：{len(people)}人")
    return file.getvalue()


def _cells(number: int, person: Person) -> tuple[str, ...]:
    return (
        *(str(number), person.name, person.sex, "居民身份证", person.document_number, f"{person.birth:%Y-%m-%d}"),
        *(person.hukou, person.hukou_address, person.phone, person.address, person.community, person.grid),
        *(person.dwelling, f"{person.arrived_on:%Y-%m-%d}", person.origin, person.purpose, person.employer),
        person.hazard,
    )
