"""Secrets at rest: sealed text opens with its key and for what it belongs to, or not at all."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.core.vault import Vault, WrongKey

VAULT = Vault(b"k" * 32)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text("abc:/é"))
def test_what_was_sealed_opens_as_it_was(plain: str, about: str) -> None:
    assert VAULT.open(VAULT.seal(plain, about), about) == plain


def test_the_same_secret_is_never_sealed_alike() -> None:
    assert len({VAULT.seal("secret", "about") for _ in range(100)}) == 100


def test_sealed_text_tells_nothing_but_which_key_it_needs() -> None:
    sealed = VAULT.seal("a secret", "about")
    assert sealed.startswith(f"{VAULT.key_id}.")
    assert "secret" not in sealed
    assert b"k" * 8 not in sealed.encode()
    assert Vault(b"k" * 32).key_id == VAULT.key_id != Vault(b"j" * 32).key_id


def test_another_key_opens_nothing() -> None:
    with pytest.raises(WrongKey):
        Vault(b"j" * 32).open(VAULT.seal("a secret", "about"), "about")


def test_a_key_that_only_claims_to_be_the_one_opens_nothing() -> None:
    sealed = VAULT.seal("a secret", "about").partition(".")[2]
    other = Vault(b"j" * 32)
    with pytest.raises(WrongKey):
        other.open(f"{other.key_id}.{sealed}", "about")


def test_a_secret_moved_to_another_place_does_not_open() -> None:
    with pytest.raises(WrongKey):
        VAULT.open(VAULT.seal("a secret", "one account"), "another")


def test_a_changed_bit_anywhere_is_noticed() -> None:
    key_id, _, rest = VAULT.seal("a secret", "about").partition(".")
    raw = urlsafe_b64decode(rest)
    for index in range(len(raw)):
        changed = raw[:index] + bytes([raw[index] ^ 1]) + raw[index + 1 :]
        with pytest.raises(WrongKey):
            VAULT.open(f"{key_id}.{urlsafe_b64encode(changed).decode()}", "about")
