"""What people typed, field by field: values, warnings and refusals, the same at every door."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.reference.division_tables import Change
from contracts.reference.divisions import Divisions
from contracts.reference.identity import DocumentType, Sex
from contracts.registration.stays import DestinationKind
from services.registration.domain.arrivals import Arrival, Departure, Dwelling, Hazard, Purpose
from services.registration.intake.checks import check_arrival, check_departure
from services.registration.intake.refusals import ADVICE, REASONS, Refusal, RefusalCode, advise
from services.registration.intake.reports import ArrivalReport, DepartureReport
from tests.support.registers import FORMULAS, NOWHERE, full_width, id_number

TODAY = date(2026, 11, 20)
DIVISIONS = Divisions.load()
BORN = date(1979, 10, 26)
NUMBER = id_number("310110", BORN, 375)
GOOD = {
    "name": "黄艳",
    "sex": "男",
    "document_type": "居民身份证",
    "document_number": NUMBER,
    "birth": "1979-10-26",
    "ethnic_group": "回族",
    "hukou_division": "310110",
    "hukou_address": "上海市杨浦区幸福路223号",
    "phone": "138 1234-5678",
    "address": "元和街道采莲路64号",
    "community": "第7社区",
    "grid": "320507001001",
    "dwelling": "租赁房屋",
    "arrived_on": "2026-11-18",
    "origin": "上海市杨浦区",
    "purpose": "务工",
    "employer": "某餐饮店",
    "hazard": "粉尘",
    "note": "无",
}
FOREIGNER = {"document_type": "护照", "document_number": "e16661604", "hukou_division": "", "hukou_address": "境外"}


def check(**changes: str) -> Arrival | Refusal:
    report = ArrivalReport(**{**GOOD, **changes})
    return check_arrival(report, street="320507001", today=TODAY, divisions=DIVISIONS)


def accept(**changes: str) -> Arrival:
    arrival = check(**changes)
    assert isinstance(arrival, Arrival), arrival
    return arrival


def refuse(**changes: str) -> tuple[str, str]:
    refusal = check(**changes)
    assert isinstance(refusal, Refusal), refusal
    return refusal.code.value, refusal.field


def depart_from(street: str, divisions: Divisions, report: DepartureReport) -> Departure | Refusal:
    return check_departure(report, street=street, today=TODAY, divisions=divisions)


def depart(**changes: str) -> Departure | Refusal:
    good = {
        "document_type": "居民身份证",
        "document_number": NUMBER,
        "left_on": "2026-11-18",
        "destination": "江苏省淮安市",
    }
    return depart_from("320507001", DIVISIONS, DepartureReport(**{**good, **changes}))


def test_a_faultless_report_becomes_an_arrival() -> None:
    assert accept() == Arrival(
        document_type=DocumentType.ID_CARD,
        document_number=NUMBER,
        name="黄艳",
        phone="13812345678",
        address="元和街道采莲路64号",
        hukou_address="上海市杨浦区幸福路223号",
        employer="某餐饮店",
        note="无",
        street="320507001",
        started_on=date(2026, 11, 18),
        birth=BORN,
        sex=Sex.MALE,
        ethnic_group="03",
        hukou_division="310110",
        origin="310110",
        purpose=Purpose.LABOUR,
        dwelling=Dwelling.RENTED,
        hazard=Hazard.DUST,
        community="第7社区",
        grid="320507001001",
        warnings=(),
    )


def test_stable_codes_mean_the_same_as_labels() -> None:
    codes = {"sex": "male", "document_type": "id_card", "dwelling": "rented", "purpose": "labour", "hazard": "dust"}

    assert accept(**codes, ethnic_group="03") == accept()


def test_the_least_that_must_be_said() -> None:
    least = {field: GOOD[field] for field in ("name", "document_type", "document_number", "arrived_on")}

    arrival = check_arrival(ArrivalReport(**least), street="320507001", today=TODAY, divisions=DIVISIONS)

    assert isinstance(arrival, Arrival)
    assert (arrival.birth, arrival.sex) == (BORN, Sex.MALE)
    assert (arrival.purpose, arrival.dwelling, arrival.hazard, arrival.hukou_division, arrival.grid) == (None,) * 5
    assert arrival.warnings == ("unknown_origin",)


def test_a_field_that_is_not_known_is_refused_so_that_a_typo_drops_nothing() -> None:
    with pytest.raises(ValidationError):
        ArrivalReport.model_validate({**GOOD, "telephone": "13800138000"})


def test_null_is_as_if_nothing_had_been_said() -> None:
    said = {field: GOOD[field] for field in GOOD if field != "note"}

    assert ArrivalReport.model_validate({**said, "note": None, "override": None}) == ArrivalReport(**said)


@pytest.mark.parametrize("field", sorted(ArrivalReport.model_fields.keys() - {"override"}))
def test_a_field_is_text_of_bounded_length(field: str) -> None:
    for value in ("长" * 1001, 5, True, ["x"]):
        with pytest.raises(ValidationError):
            ArrivalReport.model_validate({**GOOD, field: value})


@pytest.mark.parametrize("field", ["name", "document_type", "document_number", "arrived_on"])
@pytest.mark.parametrize("empty", ["", " ", "　", "\u00a0\t"])
def test_a_required_field_must_not_be_empty(field: str, empty: str) -> None:
    assert refuse(**{field: empty}) == ("missing", field)


def test_a_document_that_says_no_birth_needs_it_beside() -> None:
    assert refuse(**FOREIGNER, birth="") == ("missing", "birth")


@pytest.mark.parametrize(
    "name",
    [
        *FORMULAS,
        "＝1+1",
        "－甲",
        "\t张三",
        "\r张三",
        "=张三",
        "@张三",
        "张\n三",
        "张\x00三",
        "12345",
        "张三2",
        "１２３",
        "···",
        "-",
        "---",
        "( )",
        "<b>张</b>",
        "张三;李四",
        "\u202e张三",
        "\ufeff张三",
        "张" * 51,
    ],
)
def test_a_name_that_is_none_or_would_be_run_is_refused(name: str) -> None:
    assert refuse(name=name) == ("bad_name", "name")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("阿卜杜热合曼·买买提", "阿卜杜热合曼·买买提"),
        ("迪丽热巴•迪力木拉提", "迪丽热巴•迪力木拉提"),
        (" 张　三 ", "张三"),
        ("O'Neil-Smith John Jr.", "O'Neil-Smith John Jr."),
        ("〇一", "〇一"),
        ("𬭚𬬻", "𬭚𬬻"),
        ("\ue863", "\ue863"),
    ],
)
def test_names_of_all_kinds_are_fine(typed: str, name: str) -> None:
    assert accept(name=typed).name == name


@pytest.mark.parametrize("document_type", ["????", "工作证", "学生证", "无"])
def test_only_known_documents_are_accepted(document_type: str) -> None:
    assert refuse(document_type=document_type) == ("bad_document_type", "document_type")


@pytest.mark.parametrize(
    "number", [NUMBER[:17], NUMBER + "1", "3.10110E+17", "无", NUMBER[:17] + ("1" if NUMBER[17] == "0" else "0")]
)
def test_a_citizen_number_must_pass_its_check(number: str) -> None:
    assert refuse(document_number=number) == ("id_checksum", "document_number")


@pytest.mark.parametrize(
    "number", [f" {NUMBER[:6]} {NUMBER[6:14]}　{NUMBER[14:]} ", full_width(NUMBER), NUMBER[:6] + NUMBER[8:17]]
)
def test_a_citizen_number_is_understood_however_it_was_typed(number: str) -> None:
    assert accept(document_number=number).document_number == NUMBER


def test_a_number_that_the_document_can_not_have_is_refused() -> None:
    assert refuse(**{**FOREIGNER, "document_number": "不知道"}) == ("bad_number", "document_number")
    assert refuse(document_type="港澳居民居住证") == ("bad_number", "document_number")


def test_birth_and_sex_must_agree_with_the_number() -> None:
    assert refuse(birth="1979-10-27") == ("birth_mismatch", "birth")
    assert refuse(sex="女") == ("sex_mismatch", "sex")
    assert accept(birth="", sex="").birth == BORN
    assert accept(sex="未说明").sex is Sex.MALE
    assert accept(sex="是").warnings == ("unknown_sex",)


def test_a_passport_says_neither_birth_nor_sex() -> None:
    arrival = accept(**FOREIGNER, sex="女", birth="1990年1月2日")

    assert (arrival.document_number, arrival.birth, arrival.sex) == ("E16661604", date(1990, 1, 2), Sex.FEMALE)
    assert (arrival.hukou_division, arrival.warnings) == (None, ())
    assert accept(**FOREIGNER, sex="").warnings == ("unknown_sex",)
    assert refuse(**FOREIGNER, birth="九十年代") == ("bad_date", "birth")
    assert refuse(**FOREIGNER, birth="2027-01-01") == ("future_date", "birth")


def test_a_number_of_somebody_not_born_yet_is_refused() -> None:
    assert refuse(document_number=id_number("310110", date(2026, 11, 21), 1), birth="") == ("future_date", "birth")


@pytest.mark.parametrize("typed", ["前年", "2026-02-30", "26-3-8", "1899-12-31", "46082", "26301", "3/1/2026"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    assert refuse(arrived_on=typed) == ("bad_date", "arrived_on")


def test_today_is_the_last_day_to_arrive() -> None:
    assert accept(arrived_on="2026-11-20").started_on == TODAY
    assert refuse(arrived_on="2026-11-21") == ("future_date", "arrived_on")
    assert refuse(arrived_on=(TODAY + timedelta(days=400)).strftime("%Y%m%d")) == ("future_date", "arrived_on")


@pytest.mark.parametrize("origin", [*NOWHERE, "", "火星", "000000", "12"])
def test_an_unknown_origin_is_accepted_with_a_warning(origin: str) -> None:
    arrival = accept(origin=origin)

    assert (arrival.origin, arrival.warnings) == (None, ("unknown_origin",))


@pytest.mark.parametrize(
    ("origin", "code"),
    [
        ("四川省德阳市中江县南华镇1组", "510623"),
        ("江苏省苏州市相城区元和街道", "320507"),
        ("江苏苏州", "320500"),
        ("上海", "310000"),
        ("410425", "410425"),
        ("４１０４２５", "410425"),
        ("320882", "320882"),
        ("320507001", "320507"),
        ("320507001003", "320507"),
    ],
)
def test_an_origin_is_six_digits_however_it_was_said(origin: str, code: str) -> None:
    assert accept(origin=origin).origin == code


@pytest.mark.parametrize(
    "between", ["-", "/", " ", "　", "－", "—", "\\", ">", "＞", "·", ",", "，", "、", " - ", " / "]
)
@pytest.mark.parametrize("levels", [("安徽省", "阜阳市", "颍泉区"), ("安徽", "阜阳", "颍泉"), ("安徽", "颍泉区")])
def test_levels_may_have_separators(between: str, levels: tuple[str, ...]) -> None:
    arrival = accept(origin=between.join(levels), hukou_division="", hukou_address=between.join((*levels, "某镇某村")))

    assert (arrival.origin, arrival.hukou_division, arrival.warnings) == ("341204", "341204", ())


@pytest.mark.parametrize(
    ("typed", "code", "coarser"),
    [
        ("安徽省阜阳市颖泉区", "341200", True),
        ("安徽-阜阳-某区", "341200", True),
        ("安徽省某某县", "340000", True),
        ("江苏省苏州市工业园区", "320500", True),
        ("安徽省阜阳市颍泉区某镇某村", "341204", False),
        ("安徽省阜阳市", "341200", False),
        ("安徽省 阜阳市。", "341200", False),
        ("安徽省阜阳市市辖区", "341200", False),
        ("江苏", "320000", False),
        ("341200", "341200", False),
        ("广东省东莞市长安路", "441900", False),
    ],
)
def test_a_place_that_was_understood_in_part_is_kept_with_a_warning(typed: str, code: str, coarser: bool) -> None:
    origin = accept(origin=typed)
    hukou = accept(hukou_division="", hukou_address=typed)
    departure = depart(destination=typed)

    assert (origin.origin, origin.warnings) == (code, ("coarser_origin",) if coarser else ())
    assert (hukou.hukou_division, hukou.warnings) == (code, ("coarser_hukou",) if coarser else ())
    assert isinstance(departure, Departure)
    assert (departure.destination, departure.warnings) == (code, ("coarser_destination",) if coarser else ())


@pytest.mark.parametrize(
    ("division", "address", "code", "warnings"),
    [
        ("安徽省", "安徽省阜阳市颍泉区1号", "341204", ()),
        ("安徽省", "安徽省阜阳市颖泉区1号", "341200", ("coarser_hukou",)),
        ("安徽省阜阳市颖泉区", "安徽省阜阳市颍泉区1号", "341204", ()),
        ("安徽省", "上海市杨浦区", "340000", ()),
        ("310110", "安徽省某某县", "310110", ()),
    ],
)
def test_an_address_makes_the_hukou_division_precise(
    division: str, address: str, code: str, warnings: tuple[str, ...]
) -> None:
    arrival = accept(hukou_division=division, hukou_address=address)

    assert (arrival.hukou_division, arrival.warnings) == (code, warnings)


def test_a_cell_that_a_csv_forces_to_be_text_is_unwrapped() -> None:
    forced = {field: f'="{text}"' for field, text in GOOD.items()}

    assert accept(**forced) == accept()
    assert accept(document_number=f"’{NUMBER}", phone="’138 1234-5678") == accept()
    assert refuse(name='=1+"1"') == ("bad_name", "name")


@pytest.mark.parametrize(
    ("typed", "kept", "warnings"),
    [
        ("13812345678", "13812345678", ()),
        ("+86 138-1234-5678", "+8613812345678", ()),
        ("１３８１２３４５６７８", "13812345678", ()),
        ("(0512)65123456", "051265123456", ()),
        ("010-65123456转801", "01065123456转801", ()),
        ("", "", ()),
        ("无", "无", ("bad_phone",)),
        ("12345", "12345", ("bad_phone",)),
        ("8123-4567", "8123-4567", ("bad_phone",)),
        ("23812345678", "23812345678", ("bad_phone",)),
    ],
)
def test_a_bad_phone_is_kept_with_a_warning(typed: str, kept: str, warnings: tuple[str, ...]) -> None:
    arrival = accept(phone=typed)

    assert (arrival.phone, arrival.warnings) == (kept, warnings)


def test_the_household_registration_is_taken_from_code_or_address() -> None:
    assert accept(hukou_division="", hukou_address="四川省德阳市中江县1号").hukou_division == "510623"
    assert accept(hukou_division="杨浦", hukou_address="上海市杨浦区").hukou_division == "310110"
    assert accept(hukou_division="330683", hukou_address="").hukou_division == "330683"
    lost = accept(hukou_division="", hukou_address="乡下")
    assert (lost.hukou_division, lost.warnings) == (None, ("unknown_hukou",))
    assert accept(hukou_division="", hukou_address="").warnings == ()


@pytest.mark.parametrize("field", ["purpose", "dwelling", "hazard", "ethnic_group"])
def test_a_word_that_is_not_known_is_left_out_with_a_warning(field: str) -> None:
    arrival = accept(**{field: "什么都有"})

    assert getattr(arrival, field) is None
    assert arrival.warnings == (f"unknown_{field}",)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("purpose", ["务农", "投靠亲友", "经商", "务工", "服务", "探亲访友", "保姆", "其他", "治病疗养", "借读培训"]),
        ("dwelling", ["自购房", "租赁房屋", "工地现场", "居民家中", "其他", "单位内部"]),
        ("hazard", ["否", "粉尘", "噪声", "苯系物"]),
        ("ethnic_group", ["汉族", "汉", "土家族", "01"]),
    ],
)
def test_the_words_of_the_registers_are_known(field: str, words: list[str]) -> None:
    for word in words:
        assert accept(**{field: f" {word}"}).warnings == (), word


def test_arriving_before_being_born_is_noted() -> None:
    assert accept(arrived_on="1979-10-25").warnings == ("arrived_before_birth",)


@pytest.mark.parametrize("field", ["address", "hukou_address", "employer", "note", "community", "grid", "phone"])
def test_a_text_is_kept_whole_or_refused(field: str) -> None:
    assert refuse(**{field: "长" * 301}) == ("too_long", field)


def test_an_unknown_street_is_refused_before_anything_else() -> None:
    for street in ("320507999", "320507", ""):
        refusal = check_arrival(ArrivalReport(), street=street, today=TODAY, divisions=DIVISIONS)
        assert isinstance(refusal, Refusal)
        assert (refusal.code.value, refusal.field) == ("unknown_street", "street")


SPLIT = Divisions.of(
    DIVISIONS.names.items(),
    [
        Change("320507011", "陆慕街道", date(2020, 1, 1), ("320507001",)),
        Change("320507012", "东桥街道", date(2020, 1, 1), ("320507002", "320507003")),
        Change("320508", "吴县", date(2020, 1, 1), ("320507",)),
    ],
)


def test_an_arrival_at_an_abolished_street_is_one_at_what_stands_in_its_place() -> None:
    arrival = check_arrival(ArrivalReport(**GOOD), street="320507011", today=TODAY, divisions=SPLIT)

    assert isinstance(arrival, Arrival)
    assert (arrival.street, arrival.warnings) == ("320507001", ("division_renamed",))


def test_until_the_day_a_street_is_abolished_arrivals_are_its_own() -> None:
    report = ArrivalReport(**{**GOOD, "arrived_on": "2019-12-01"})

    arrival = check_arrival(report, street="320507011", today=date(2019, 12, 31), divisions=SPLIT)

    assert isinstance(arrival, Arrival)
    assert (arrival.street, arrival.warnings) == ("320507011", ())


@pytest.mark.parametrize(
    ("street", "choices"),
    [("320507012", "太平街道 320507002、黄桥街道 320507003"), ("320508099", "相城区 320507")],
    ids=["it was split", "its new code is not known"],
)
def test_an_arrival_is_refused_where_the_office_has_to_choose_and_told_from_what(street: str, choices: str) -> None:
    refusal = check_arrival(ArrivalReport(**GOOD), street=street, today=TODAY, divisions=SPLIT)

    assert isinstance(refusal, Refusal)
    assert (refusal.code.value, refusal.field) == ("division_abolished", "street")
    assert advise(refusal).endswith(choices)


def test_a_departure_keeps_the_street_it_was_reported_for() -> None:
    report = DepartureReport(
        document_type="居民身份证", document_number=NUMBER, left_on="2026-11-18", destination="上海市杨浦区"
    )

    departure = depart_from("320507012", SPLIT, report)

    assert isinstance(departure, Departure)
    assert (departure.street, departure.warnings) == ("320507012", ("division_renamed",))


def test_the_first_thing_wrong_is_the_refusal() -> None:
    wrong = {
        "name": "=1",
        "document_type": "学生证",
        "document_number": NUMBER[:17],
        "birth": "1979-10-27",
        "sex": "女",
        "arrived_on": "前年",
    }
    mended: dict[str, str] = {}
    found = []
    for field in wrong:
        found.append(refuse(**{**wrong, **mended})[0])
        mended[field] = GOOD[field]

    assert found == ["bad_name", "bad_document_type", "id_checksum", "birth_mismatch", "sex_mismatch", "bad_date"]


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text(max_size=30), max_size=6))
def test_whatever_is_typed_is_accepted_or_refused_with_advice(changes: dict[str, str]) -> None:
    checked = check(**changes)

    if isinstance(checked, Refusal):
        assert checked.code in REASONS
        assert checked.code in ADVICE
        assert checked.field in GOOD
    else:
        assert checked.started_on <= TODAY


def test_a_refusal_never_repeats_who_it_is_about() -> None:
    for changes in ({"sex": "女"}, {"birth": "1979-10-27"}, {"document_number": NUMBER[:17]}, {"name": "黄艳7"}):
        refusal = check(**changes)
        assert isinstance(refusal, Refusal)
        assert not any(digit in refusal.detail for digit in "0123456789")
        assert "黄" not in refusal.detail


def test_every_code_has_a_reason_and_advice() -> None:
    assert set(REASONS) == {code.value for code in RefusalCode}
    assert set(REASONS) <= set(ADVICE)


def test_a_departure_is_checked_like_an_arrival() -> None:
    departure = depart(left_on="2026年11月18日", document_number=NUMBER[:6] + NUMBER[8:17], reason=" 返乡 ")

    assert departure == Departure(
        document_type=DocumentType.ID_CARD,
        document_number=NUMBER,
        street="320507001",
        left_on=date(2026, 11, 18),
        destination_kind=DestinationKind.DIVISION,
        destination="320800",
        reason="返乡",
        warnings=(),
    )


@pytest.mark.parametrize(
    ("typed", "kind", "code"),
    [
        ("江苏省淮安市清江浦区淮海街道", "division", "320812008"),
        ("320812008", "division", "320812008"),
        ("四川省德阳市中江县", "division", "510623"),
        ("境外", "external", None),
        ("external", "external", None),
        ("不详", "unknown", None),
        ("unknown", "unknown", None),
        ("", "unknown", None),
        ("老家", "unknown", None),
    ],
)
def test_a_destination_is_a_division_abroad_or_unknown(typed: str, kind: str, code: str | None) -> None:
    departure = depart(destination=typed)

    assert isinstance(departure, Departure)
    assert (departure.destination_kind, departure.destination) == (kind, code)
    assert departure.warnings == (("unknown_destination",) if kind == "unknown" else ())


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"document_type": ""}, "missing", "document_type"),
        ({"document_number": "　"}, "missing", "document_number"),
        ({"left_on": ""}, "missing", "left_on"),
        ({"document_type": "学生证"}, "bad_document_type", "document_type"),
        ({"document_number": "123"}, "id_checksum", "document_number"),
        ({"left_on": "26-11-18"}, "bad_date", "left_on"),
        ({"left_on": "2026-11-21"}, "future_date", "left_on"),
        ({"reason": "长" * 301}, "too_long", "reason"),
    ],
)
def test_a_departure_is_refused_with_the_same_codes(changes: dict[str, str], code: str, field: str) -> None:
    refusal = depart(**changes)

    assert isinstance(refusal, Refusal)
    assert (refusal.code.value, refusal.field) == (code, field)
