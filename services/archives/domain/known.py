"""Everything that one district knows of a person whose archive it has, for deciding about custody."""

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
    """What a district knows of one person: its own streams, and what was heard of everybody's.

    `aliases` are the district's archives of ids that were merged into this person's, `others` what other districts say
    about custody, `handed` their archives and `handed_enrolments` what they managed when they closed them, `forwarded`
    the version up to which this district sent an entry on to another, by (entry, district).
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
        """Name the district that knows all this."""
        return self.archive.district

    @property
    def home(self) -> Stay | None:
        """Give the stay where the person lives, or lived last."""
        return find_home(self.stays)

    @property
    def keeper(self) -> str | None:
        """Name the district that should keep the archive, as far as this one knows."""
        return find_keeper(self.home, (self.custody, *self.others))

    def after(self, fact: Fact) -> "Known":
        """Give what is known once the district said a fact of its own."""
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
    """Say nothing yet about custody: who opened an archive holds it."""
    return Custody(person_id=archive.person_id, district=archive.district, street=archive.street)


def find_home(stays: Iterable[Stay]) -> Stay | None:
    """Find where a person lives now or lived last: the latest stay that stands.

    Who left and arrived nowhere yet stays in the care of the place that was left. Stays under a number that fails its
    check are nobody's for certain and move nothing.
    """
    claims = [stay for stay in stays if stay.state is not StayState.RETRACTED and not stay.unverified]
    return max(claims, key=lambda stay: (stay.started_on, stay.recorded_at, stay.stay_id), default=None)


def find_keeper(home: Stay | None, custodies: Iterable[Custody]) -> str | None:
    """Name who should keep an archive: the district of the home, unless it refused it for this very stay.

    Then it goes back to the origin, with whatever the refusing district has of the person, until the person is
    registered anew. Who does not know of a refusal offers to the home, which accepts and passes it on.
    """
    if home is None:
        return None
    told = (receipt for custody in custodies if custody.district == home.district for receipt in custody.receipts)
    refusals = [receipt for receipt in told if not receipt.accepted and receipt.stay_id == home.stay_id]
    return max(refusals, key=lambda receipt: receipt.turn).origin if refusals else home.district
