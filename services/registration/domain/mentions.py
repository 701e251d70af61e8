"""Whether a text that was typed speaks of a person: for finding what else must go when an identity is erased."""

import re
from unicodedata import normalize

from contracts.reference.identity import check_digit, guardian_in
from services.registration.domain.identities import Identity

_CARD = re.compile(r"(?<![0-9])[0-9]{17}[0-9X](?![0-9])")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def mentions(text: str, identity: Identity) -> bool:
    """Tell whether a text has the person's number, or the name and no sound number of somebody else.

    A namesake whose number is missing or wrong can't be told apart, and counts as the person. The name must stand by
    itself: 王伟 is not found in 王伟明. A child without a document is named with its guardian's number, which therefore
    speaks of nobody else.
    """
    typed = "\n".join(tidy(line) for line in text.splitlines())
    number, name = tidy(identity.document_number), tidy(identity.name)
    if number and number in typed:
        return True
    if not name or not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", typed):
        return False
    guardian = guardian_in(identity.document_number)
    others = set(_CARD.findall(typed)) - ({tidy(guardian.number)} if guardian else set())
    return not any(check_digit(card) == card[17] for card in others)


def decode(body: bytes) -> str:
    """Read bytes that may be no proper message, in either encoding that offices use, with JSON's escapes undone."""
    texts = (body.decode(encoding, "replace") for encoding in ("utf-8", "gb18030"))
    unescaped = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), "\n".join(texts))
    return unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def tidy(text: str) -> str:
    """Write a text the one way: half-width, upper case, without spaces."""
    return "".join(normalize("NFKC", text).split()).upper()
