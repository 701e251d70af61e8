"""Standing orders as facts of outreach: by them residents of a division are written to by themselves."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.outreach.messages import Filled, HexId, Language, MessageChannel, Topic


class StandingOrder(BaseModel):
    """Residents of a division are written to by themselves; a division has one order for each topic.

    Whoever is new gets the core messages, spread over the first month; whoever something is due to is reminded of it;
    whomever an activity addresses is told of it a few days before. The order is for what happens on `since` or later.
    `values` fill in fields of the template such as the office to ask at.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    owner: str
    template_id: HexId
    channel: MessageChannel
    language: Language = Language.ZH
    since: date
    ended: bool = False
    topic: Topic = Topic.CORE_MESSAGE
    values: tuple[Filled, ...] = ()

    @property
    def order_id(self) -> str:
        """Return the id: of the division, and of the topic if it is not that of the core messages."""
        return order_id(self.owner, self.topic)


def order_id(owner: str, topic: Topic) -> str:
    """Return the id of a division's order about a topic."""
    return owner if topic is Topic.CORE_MESSAGE else f"{owner}:{topic}"


class StandingOrderFact(Fact):
    """A fact of the stream `standing_order/<order_id>`."""

    order: StandingOrder

    @property
    def stream(self) -> str:
        """Return the stream of the order; a division has one for each topic."""
        return f"standing_order/{self.order.order_id}"

    @property
    def division(self) -> str:
        """Return the street (9 digits) or district (6 digits) that placed the order."""
        return self.order.owner


class StandingOrderPlaced(StandingOrderFact):
    """From now on residents are written to by the order."""

    TYPE: ClassVar[str] = "outreach.standing_order_placed.v1"


class StandingOrderEnded(StandingOrderFact):
    """Nobody else is written to by it; what was asked for is sent."""

    TYPE: ClassVar[str] = "outreach.standing_order_ended.v1"


STANDING_ORDER_FACTS: tuple[type[StandingOrderFact], ...] = (StandingOrderPlaced, StandingOrderEnded)
