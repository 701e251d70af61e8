"""Printed materials as facts of outreach: kinds, stock, and what was handed out to whom."""

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.envelope import Fact
from contracts.reference.divisions import StreetCode


class MaterialKind(StrEnum):
    """The kinds of printed material: 折页, 手册, 健康教育处方, 海报."""

    LEAFLET = "leaflet"
    HANDBOOK = "handbook"
    PRESCRIPTION_FORM = "prescription_form"
    POSTER = "poster"


class Direction(StrEnum):
    """Which way copies went: into stock, or out to people."""

    RECEIVED = "received"
    HANDED_OUT = "handed_out"


class Movement(BaseModel):
    """Copies of a material that came in or went out on a day; a household is known by an id of registration alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    movement_id: str
    material_id: str
    street: StreetCode
    institution_id: str | None = None
    kind: MaterialKind
    direction: Direction
    quantity: int
    moved_on: date
    household_id: str | None = None
    activity_id: str | None = None


class Material(BaseModel):
    """A printed material of a street: how many copies it ever `received` and `handed_out`, in all.

    `material_id` is natural: the same kind, topic and edition in a street, and of an institution if one keeps the
    stock, are the same material. `households` counts those that have a copy each. `last` is the newest movement.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    material_id: str
    street: StreetCode
    institution_id: str | None = None
    kind: MaterialKind
    topic: str
    edition: str
    received: int = 0
    handed_out: int = 0
    households: int = 0
    last: Movement | None = None

    @property
    def stock(self) -> int:
        """Return how many copies are left."""
        return self.received - self.handed_out


def material_id(street: str, institution: str | None, kind: MaterialKind, topic: str, edition: str) -> str:
    """Return the id of a material, derived from all that distinguishes it (32 hexadecimal digits)."""
    named = "|".join((street, institution or "", kind, "".join(topic.split()), "".join(edition.split())))
    return sha256(f"material|{named}".encode()).hexdigest()[:32]


def movement_id(material: str, cause: str) -> str:
    """Return the id of a movement, derived from its material and the request that led to it (32 hexadecimal digits)."""
    return sha256(f"movement|{material}|{cause}".encode()).hexdigest()[:32]


def copy_of(material: str, household: str) -> str:
    """Return the id of the movement by which a household gets its one copy (32 hexadecimal digits)."""
    return sha256(f"copy|{material}|{household}".encode()).hexdigest()[:32]


class MaterialFact(Fact):
    """A fact of the stream `material/<material_id>`."""

    material: Material

    @property
    def stream(self) -> str:
        """Return the stream of the material."""
        return f"material/{self.material.material_id}"

    @property
    def division(self) -> str:
        """Return the street that has the material."""
        return self.material.street


class MaterialListed(MaterialFact):
    """A material became known, without any copies."""

    TYPE: ClassVar[str] = "outreach.material_listed.v1"


class MaterialReceived(MaterialFact):
    """Copies came into stock."""

    TYPE: ClassVar[str] = "outreach.material_received.v1"


class MaterialDistributed(MaterialFact):
    """Copies were handed out, from stock."""

    TYPE: ClassVar[str] = "outreach.material_distributed.v1"


class MovementRecorded(Fact):
    """Copies came in or went out; the only fact of the stream `movement/<movement_id>`, after that of its material."""

    TYPE: ClassVar[str] = "outreach.movement_recorded.v1"

    movement: Movement

    @property
    def stream(self) -> str:
        """Return the stream of the movement."""
        return f"movement/{self.movement.movement_id}"

    @property
    def division(self) -> str:
        """Return the street that has the material."""
        return self.movement.street


MATERIAL_FACTS: tuple[type[Fact], ...] = (MaterialListed, MaterialReceived, MaterialDistributed, MovementRecorded)
