"""Subscriptions as facts of feeds: which other system gets what, for which purpose, on which basis, and until when."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.envelope import Fact
from contracts.feeds.feeds import SMALLEST_CLASS, Attribute, FeedName, Told
from contracts.reference.divisions import DistrictCode, StreetCode

HexId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class LegalBasis(StrEnum):
    """Why the data may be given, by article 13 of the Personal Information Protection Law 个人信息保护法.

    同意, 合同所必需, 法定职责或法定义务, 突发公共卫生事件, 法律法规规定的其他情形.
    """

    CONSENT = "consent"
    CONTRACT = "contract"
    STATUTORY_DUTY = "statutory_duty"
    HEALTH_EMERGENCY = "health_emergency"
    OTHER_LAW = "other_law"


class TimeUnit(StrEnum):
    """How exactly an audience hears when: the days that are told, and how often something is told. Finest first.

    Below a day it is only how often that differs; no stay has a time of day.
    """

    MOMENT = "moment"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class AgeBand(StrEnum):
    """How exactly an audience hears in which years somebody was born: in which, in which 5 or 10, or nothing."""

    YEAR = "year"
    FIVE_YEARS = "five_years"
    TEN_YEARS = "ten_years"
    NONE = "none"


class SubscriptionState(StrEnum):
    """What was decided last: `requested` waits for the district; what stands meanwhile is in `terms`."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    REVOKED = "revoked"


class Terms(BaseModel):
    """What an audience is told, how exactly, and until which day; without streets it is the whole district.

    To the audience at least `k` people look alike in whatever it is told. With `amqp` it is told so on RabbitMQ as
    well, in a queue and a stream of its own.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    facts: tuple[Told, ...]
    streets: tuple[StreetCode, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    time: TimeUnit = TimeUnit.DAY
    age: AgeBand = AgeBand.NONE
    k: int = Field(default=SMALLEST_CLASS, ge=SMALLEST_CLASS)
    expires_on: date
    amqp: bool = False

    def is_within(self, other: "Terms") -> bool:
        """Return whether these terms tell nothing that other terms do not tell as well."""
        return (
            set(self.facts) <= set(other.facts)
            and set(self.attributes) <= set(other.attributes)
            and (not other.streets or (bool(self.streets) and set(self.streets) <= set(other.streets)))
            and _is_coarser_or_same(self.time, other.time, list(TimeUnit))
            and _is_coarser_or_same(self.age, other.age, list(AgeBand))
            and self.k >= other.k
            and self.expires_on <= other.expires_on
            and (other.amqp or not self.amqp)
        )


def _is_coarser_or_same(one: StrEnum, other: StrEnum, finest_first: Sequence[StrEnum]) -> bool:
    return finest_first.index(one) >= finest_first.index(other)


class Subscription(BaseModel):
    """What another system asked for (`asked`), and what it is given (`terms`), if anything; all of it is public.

    `subscriber` is its account, `organisation` whose it is. An account has one subscription to a feed of a district, so
    that nobody holds two next to each other.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    subscription_id: HexId
    subscriber: str
    organisation: str
    feed: FeedName
    district: DistrictCode
    purpose: str
    legal_basis: LegalBasis
    basis: str
    asked: Terms
    terms: Terms | None = None
    state: SubscriptionState = SubscriptionState.REQUESTED
    reason: str | None = None

    def stands(self, today: date) -> bool:
        """Return whether the audience is told anything on a day."""
        return self.terms is not None and today <= self.terms.expires_on


def subscription_id(subscriber: str, feed: FeedName, district: str) -> str:
    """Return the id of the subscription of an account to a feed of a district (32 hexadecimal digits)."""
    return sha256(f"subscription|{subscriber}|{feed}|{district}".encode()).hexdigest()[:32]


class SubscriptionFact(Fact):
    """A fact of the stream `subscription/<subscription_id>`."""

    subscription: Subscription

    @property
    def stream(self) -> str:
        """Return the stream of the subscription."""
        return f"subscription/{self.subscription.subscription_id}"

    @property
    def division(self) -> str:
        """Return the district whose facts are asked for, which decides."""
        return self.subscription.district


class SubscriptionRequested(SubscriptionFact):
    """Another system asked for a feed, or for other terms; what it is given meanwhile stays as it was."""

    TYPE: ClassVar[str] = "feeds.subscription_requested.v1"


class SubscriptionApproved(SubscriptionFact):
    """The district gives what was asked for, or less."""

    TYPE: ClassVar[str] = "feeds.subscription_approved.v1"


class SubscriptionAmended(SubscriptionFact):
    """The district changed what it gives."""

    TYPE: ClassVar[str] = "feeds.subscription_amended.v1"


class SubscriptionRefused(SubscriptionFact):
    """The district does not give what was asked for last, for a reason; what it gave before it still gives."""

    TYPE: ClassVar[str] = "feeds.subscription_refused.v1"


class SubscriptionRevoked(SubscriptionFact):
    """The district gives nothing any more, for a reason."""

    TYPE: ClassVar[str] = "feeds.subscription_revoked.v1"


SUBSCRIPTION_FACTS: tuple[type[SubscriptionFact], ...] = (
    SubscriptionRequested,
    SubscriptionApproved,
    SubscriptionAmended,
    SubscriptionRefused,
    SubscriptionRevoked,
)
