"""The vault's keys: the first seals, all of them open, and what is sealed says under which."""

import base64
import secrets

import pytest
from cryptography.fernet import Fernet, InvalidToken
from pydantic import ValidationError

from contracts.reference.identity import DocumentType
from services.registration.domain.identities import Identity
from services.registration.domain.searches import by_name
from services.registration.vault import Vault, VaultSettings

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
PERSON_KEY, LOG_KEY = secrets.token_hex(32), secrets.token_hex(32)
IDENTITY = Identity(name="李小满", document_type=DocumentType.ID_CARD, document_number="11010519491231002X")


def vault(*keys: str) -> Vault:
    return Vault(VaultSettings(person_key=PERSON_KEY, sealing_keys=", ".join(keys), access_log_keys=LOG_KEY))


def test_a_new_key_at_the_end_opens_and_does_not_seal() -> None:
    sealed = vault(OLD, NEW).seal(IDENTITY)

    assert sealed.sealed_with == vault(OLD).sealing_key
    assert vault(OLD).open(sealed.content) == IDENTITY


def test_what_is_sealed_anew_opens_with_the_new_key_alone() -> None:
    old = vault(OLD).seal(IDENTITY)

    new = vault(NEW, OLD).reseal(old.content)

    assert new.sealed_with == vault(NEW).sealing_key != old.sealed_with
    assert vault(NEW).open(new.content) == IDENTITY
    with pytest.raises(InvalidToken):
        vault(OLD).open(new.content)


def test_a_person_is_found_by_the_key_that_sealed_and_no_longer_when_it_is_gone() -> None:
    sealed, sought = vault(OLD).seal(IDENTITY), by_name("李 小满")

    assert set(vault(NEW, OLD).digests(sought)) & set(sealed.found_by)
    assert not set(vault(NEW).digests(sought)) & set(sealed.found_by)
    assert set(vault(NEW).digests(sought)) & set(vault(NEW, OLD).reseal_identity(sealed.content).found_by)
    assert not any(text in repr(sealed.found_by) for text in ("李小满", IDENTITY.document_number))


def test_a_fingerprint_is_the_keys_own_and_does_not_show_it() -> None:
    found = vault(OLD).sealing_key

    assert found == vault(OLD, NEW).sealing_key != vault(NEW).sealing_key
    assert len(found) == 16
    assert found not in OLD


@pytest.mark.parametrize("key", ["", "00" * 31, "zz" * 32])
def test_a_key_that_is_short_or_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValidationError):
        VaultSettings(person_key=key, sealing_keys="A" * 43 + "=", access_log_keys=LOG_KEY)


def test_what_was_changed_in_any_place_does_not_open_and_says_not_why() -> None:
    sealed = vault(OLD).seal(IDENTITY).content
    raw = base64.urlsafe_b64decode(sealed)
    changed = [
        base64.urlsafe_b64encode(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]) for place in range(len(raw))
    ]
    cut = [sealed[:length] for length in range(0, len(sealed), 7)]

    for false in (*changed, *cut):
        with pytest.raises(InvalidToken) as refused:
            vault(OLD).open(false)
        assert str(refused.value) == ""


def test_what_is_sealed_twice_is_sealed_differently() -> None:
    sealed = [base64.urlsafe_b64decode(vault(OLD).seal(IDENTITY).content) for _ in range(500)]

    starts = {token[9:25] for token in sealed}
    assert len(starts) == 500, "the 16 bytes that a message begins from (Fernet: version, time, IV)"
