"""Decide whether a typed text mentions a person, to find the texts that must go when an identity is erased."""

import re
from unicodedata import normalize

from contracts.reference.identity import check_digit, guardian_in
from services.registration.domain.identities import Identity

_CARD = re.compile(r"(?<![0-9])[0-9]{17}[0-9X](?![0-9])")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


def mentions(text: str, identity: Identity) -> bool:
    """Return whether a text has the person's number, or the name and no valid number of another person.

    A namesake whose number is missing or wrong can't be distinguished, and counts as the person. The name must be a
    whole word: 王伟 is not found in 王伟明. A child without a document is identified by its guardian's number, so that
    number does not count as another person's.
    """
    typed = "\n".join(normalise(line) for line in text.splitlines())
    number, name = normalise(identity.document_number), normalise(identity.name)
    if number and number in typed:
        return True
    if not name or not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", typed):
        return False
    guardian = guardian_in(identity.document_number)
    others = set(_CARD.findall(typed)) - ({normalise(guardian.number)} if guardian else set())
    return not any(check_digit(card) == card[17] for card in others)


def decode(body: bytes) -> str:
    """Return the text of a message, valid or not, in both encodings that offices use, with JSON escapes resolved."""
    texts = (body.decode(encoding, "replace") for encoding in ("utf-8", "gb18030"))
    unescaped = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), "\n".join(texts))
    return unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def normalise(text: str) -> str:
    """Return a text normalised for comparison: half-width, upper case, without spaces."""
    return "".join(normalize("NFKC", text).split()).upper()
