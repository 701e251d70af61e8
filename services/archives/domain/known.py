"""What one district knows of a person whose archive it has: the input of every decision on custody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from contracts.archives.archives import Archive, ArchiveFact
from contracts.archives.custody import Custody, CustodyFact
from contracts.archives.enrolments import Enrolment, EnrolmentFact
from contracts.archives.entries import Entry
from contracts.envelope import Fact
from contracts.registration.stays import Stay, StayState


@dataclass(frozen=True, slots=True)
class Known:
    """What a district knows of one person: its own streams, and what was heard from all districts.

    `others` is the custody as other districts have it. `aliases` are the district's archives of ids that were merged
    into this person's. `handed` are the archives that other districts handed to this one, `handed_enrolments` the
    enrolments they ended then. `forwarded` is the version of an entry last sent to a district, by (entry, district).
    """

    archive: Archive
    custody: Custody
    stays: tuple[Stay, ...] = ()
    others: tuple[Custody, ...] = ()
    aliases: tuple[Archive, ...] = ()
    handed: tuple[Archive, ...] = ()
    handed_enrolments: tuple[Enrolment, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)
    enrolments: Mapping[str, Enrolment] = field(default_factory=dict)
    forwarded: Mapping[tuple[str, str], int] = field(default_factory=dict)
    died_on: date | None = None

    @property
    def district(self) -> str:
        """Return the code of the district that knows all this."""
        return self.archive.district

    @property
    def home(self) -> Stay | None:
        """Return the stay where the person lives, or lived last; None if no stay counts."""
        return find_home(self.stays)

    @property
    def keeper(self) -> str | None:
        """Return the code of the district that should keep the archive, as far as this one knows."""
        return find_keeper(self.home, (self.custody, *self.others))

    def after(self, fact: Fact) -> "Known":
        """Return what is known once the district recorded a further fact of its own."""
        match fact:
            case CustodyFact(custody=custody):
                return replace(self, custody=custody)
            case ArchiveFact(archive=archive):
                return replace(self, archive=archive)
            case EnrolmentFact(enrolment=enrolment):
                return replace(self, enrolments={**self.enrolments, enrolment.condition: enrolment})
            case _:
                raise TypeError(fact)


def begin_custody(archive: Archive) -> Custody:
    """Return the custody of an archive of which nothing is recorded yet: the district that opened it holds it."""
    return Custody(person_id=archive.person_id, district=archive.district, street=archive.street)


def find_home(stays: Iterable[Stay]) -> Stay | None:
    """Return where a person lives now or lived last: the latest stay that was not retracted; None if there is none.

    A person who left and has arrived nowhere yet stays in the care of the place that was left. Stays under a document
    number that fails its check may be another person's and do not count.
    """
    claims = [stay for stay in stays if stay.state is not StayState.RETRACTED and not stay.unverified]
    return max(claims, key=lambda stay: (stay.started_on, stay.recorded_at, stay.stay_id), default=None)


def find_keeper(home: Stay | None, custodies: Iterable[Custody]) -> str | None:
    """Return the district that should keep an archive: that of the home, unless it refused it for this very stay.

    Then it is the origin of the refused offer, which also gets what the refusing district has of the person, until the
    person is registered anew. A district that has not heard of the refusal offers to the home, which passes it on.
    """
    if home is None:
        return None
    answers = (receipt for custody in custodies if custody.district == home.district for receipt in custody.receipts)
    refusals = [receipt for receipt in answers if not receipt.accepted and receipt.stay_id == home.stay_id]
    return max(refusals, key=lambda receipt: receipt.turn).origin if refusals else home.district
