"""Keys for what a person enters where there is no connection: it waits on a device, sealed until they are back."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.console.session import SignedInHere
from services.console.sign_in import SettingsHere
from services.runtime.access import Caller
from services.runtime.bodies import Body
from services.runtime.problems import refuses

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256 (FIPS 186-4, D.1.2.3)."""
COORDINATE = 32
"""Bytes of a coordinate and of a private key."""

router = APIRouter(tags=["session"])


class Device(Body):
    """The number of a device, which it drew by chance and forgets when somebody signs out."""

    tells_who: ClassVar[bool] = True  # its number, drawn by chance, may look like anybody's

    device: str = Field(pattern=r"^[0-9a-f]{64}$")


class PrivateKey(BaseModel):
    """A private key on P-256, as a JSON Web Key (RFC 7518, section 6.2)."""

    kty: str = "EC"
    crv: str = "P-256"
    x: str
    y: str
    d: str


class PrivateKeys(BaseModel):
    """The keys of a person on a device: what is entered is sealed for the first, and opened by any of them."""

    keys: list[PrivateKey]


@router.post(
    "/session/keys",
    summary="The keys to what waits on a device",
    responses=refuses(no_session=401, session_over=401, cross_site=403, provider_away=502),
)
async def get_keys(device: Device, signed_in: SignedInHere, settings: SettingsHere) -> PrivateKeys:
    """Return the keys of whoever is signed in, always the same on one device until its number is forgotten.

    They are derived, so that nobody keeps them: from the keys that seal sessions, of which there are two while they are
    exchanged, from the person and their post, and from the device.
    """
    return PrivateKeys(keys=list(_derive(settings.session_keys.get_secret_value(), signed_in.caller, device.device)))


def _derive(secrets: str, caller: Caller, device: str) -> Iterator[PrivateKey]:
    about = f"houniao outbox|{device}|{caller.role}|{caller.division}|{caller.subject}".encode()
    for secret in secrets.split(","):
        # 16 bytes more than the order has, so that no key is likelier than another (FIPS 186-4, B.4.1)
        drawn = HKDF(SHA256(), COORDINATE + 16, None, about).derive(bytes.fromhex(secret))
        number = int.from_bytes(drawn) % (ORDER - 1) + 1
        point = ec.derive_private_key(number, ec.SECP256R1()).public_key().public_numbers()
        yield PrivateKey(x=_encode(point.x), y=_encode(point.y), d=_encode(number))


def _encode(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes(COORDINATE)).rstrip(b"=").decode()
