"""Secrets at rest: sealed text opens with its key and for what it belongs to, or not at all."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.core.keyring import Keyring
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


def test_the_newest_key_seals_and_every_key_opens() -> None:
    before = VAULT.seal("a secret", "about")
    both = Vault(Keyring([b"j" * 32, b"k" * 32]))
    assert both.key_id == Vault(b"j" * 32).key_id
    assert both.open(before, "about") == "a secret"
    assert both.seal("a secret", "about").startswith(f"{both.key_id}.")
    with pytest.raises(WrongKey, match=both.key_id):
        VAULT.open(both.seal("a secret", "about"), "about")


def test_a_key_that_another_process_made_is_found_when_it_is_met(tmp_path: Path) -> None:
    mine, other = (Vault(Keyring.of_file(tmp_path / "secret.key", may_make=True)) for _ in range(2))
    before = mine.seal("a secret", "about")
    with other.keyring.turn():
        other.keyring.replace([b"j" * 32, *other.keyring.look()])
    assert mine.open(other.seal("another", "about"), "about") == "another"
    assert other.open(before, "about") == "a secret"
    assert mine.seal("a third", "about").startswith(f"{Vault(b'j' * 32).key_id}.")


def test_what_opened_once_opens_until_the_process_ends(tmp_path: Path) -> None:
    vault = Vault(Keyring.of_file(tmp_path / "secret.key", may_make=True))
    before = vault.seal("a secret", "about")
    with vault.keyring.turn():
        vault.keyring.replace([b"j" * 32])
    vault.seal("another", "about")
    assert vault.open(before, "about") == "a secret"


@pytest.mark.parametrize("text", ["", ".", "nothing", "{}", "aaaa.bbbb"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(WrongKey):
        VAULT.open(text, "about")
    with pytest.raises(WrongKey):
        VAULT.open(f"{VAULT.key_id}.{text}", "about")


def test_values_are_kept_with_each_secret_sealed_alone() -> None:
    text = VAULT.keep("place", {"delay": 0.5}, {"token": "first", "secret": "second"})
    assert VAULT.kept("place", text) == {"delay": 0.5, "token": "first", "secret": "second"}
    kept = json.loads(text)
    assert kept["plain"] == {"delay": 0.5}
    assert set(kept["sealed"]) == {"token", "secret"}
    assert "first" not in text
    swapped = {"token": kept["sealed"]["secret"], "secret": kept["sealed"]["token"]}
    for wrong in (
        json.dumps({"plain": {}, "sealed": swapped}),
        text.replace(VAULT.key_id, "00000000"),
        '{"plain": 1}',
        "[]",
        "",
    ):
        with pytest.raises(WrongKey):
            VAULT.kept("place", wrong)
    with pytest.raises(WrongKey):
        VAULT.kept("another place", text)


def test_a_fingerprint_tells_secrets_apart_and_needs_its_key() -> None:
    found = VAULT.fingerprint("a secret")
    assert re.fullmatch(r"[0-9a-f]{16}", found)
    assert found == Vault(b"k" * 32).fingerprint("a secret") != VAULT.fingerprint("a Secret")
    other = Vault(b"j" * 32)
    assert other.fingerprint("a secret") != found
    one, two = Vault(b"j" * 32), Vault(b"k" * 32)
    for vault in (one, two):
        vault.print_with(b"p" * 32)
    assert one.fingerprint("a secret") == two.fingerprint("a secret")
