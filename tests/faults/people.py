"""People made up without end, who arrive in the streets, and some of whom move on to the other district."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, cycle

from contracts.reference.identity import DocumentType, person_id
from contracts.registration.stays import stay_id
from tests.support.registers import id_number

CLERKS_STREETS = ("320507002", "320812002")
OFFICES_STREETS = ("320507001", "320812001")
"""The streets whose offices report over AMQP."""
COUNTY, CARD = "410425", "居民身份证"
HOME, NEW_HOME = date(2026, 3, 1), date(2026, 5, 1)
BORN_FROM, A_DAY = date(1950, 1, 1), 999


@dataclass(frozen=True)
class Arrival:
    """What an office reports, and the stay that must come of it."""

    person: str
    stay: str
    street: str
    report: Mapping[str, str]
    later: str | None = None
    """The person's later stay in the other district, which contests this one."""


class People:
    """Everybody who arrives in one deployment, each once, known by the deployment's key."""

    def __init__(self, person_key: str) -> None:
        self._person_key = bytes.fromhex(person_key)
        self._numbers = count()

    def moving(self) -> Iterator[Arrival]:
        """Let people arrive in two districts in turn; every tenth moves on from the one to the other."""
        for turn, (here, there) in enumerate(cycle((CLERKS_STREETS, CLERKS_STREETS[::-1]))):
            person, report = self._somebody()
            later = self._arrival(person, report, there, NEW_HOME)
            moves = turn % 10 == 0
            yield self._arrival(person, report, here, HOME, later.stay if moves else None)
            if moves:
                yield later

    def arriving_in(self, street: str) -> Iterator[Arrival]:
        """Let people arrive in one street."""
        while True:
            yield self._arrival(*self._somebody(), street, HOME)

    def _somebody(self) -> tuple[str, dict[str, str]]:
        days, order = divmod(next(self._numbers), A_DAY)
        born = BORN_FROM + timedelta(days=days)
        number = id_number(COUNTY, born, order + 1)
        typed = {
            "name": "王小满",
            "sex": "男" if int(number[16]) % 2 else "女",
            "document_type": CARD,
            "document_number": number,
            "birth": born.isoformat(),
            "origin": "河南省平顶山市郏县",
        }
        document_type = DocumentType.from_label(CARD)
        assert document_type is not None
        return person_id(self._person_key, document_type, number), typed

    def _arrival(
        self, person: str, typed: Mapping[str, str], street: str, day: date, later: str | None = None
    ) -> Arrival:
        report = {**typed, "street": street, "arrived_on": day.isoformat()}
        return Arrival(person, stay_id(person, street, day), street, report, later)
