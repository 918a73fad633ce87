"""The settings of connections as they are written down: each secret sealed alone, the rest plain."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from estafette.core.vault import HIDDEN, Vault, WrongKey, read_kept
from estafette.model import Connection, GatewayError
from estafette.providers import load


class Shown(NamedTuple):
    """The settings of a connection, for people."""

    settings: Mapping[str, Any]  #: that it has itself; secrets are `…`
    fingerprints: Mapping[str, str]  #: of its secrets, by name
    is_ready: bool = True  #: whether its settings make a provider
    trouble: str = ""  #: why they cannot be opened; empty where they can


def about(id: str) -> str:
    """What the secrets of a connection are sealed for, before their names."""
    return f"connection/{id}"


def is_whole(text: str) -> bool:
    """Whether all settings are sealed as one, as they once were, and not each secret alone."""
    return not text.startswith("{")


def write(vault: Vault, connection: Connection, settings: Mapping[str, Any]) -> str:
    """Settings to write down. Raises Misconfigured for a provider that there is not."""
    hidden = secrets_of(connection.provider)
    secret = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
        if name in hidden and value is not None
    }
    plain = {name: value for name, value in settings.items() if name not in secret}
    return vault.keep(about(connection.id), plain, secret)


def read(vault: Vault, connection: Connection, text: str) -> dict[str, Any]:
    """Settings that were written down, opened. Raises WrongKey."""
    if is_whole(text):
        found: dict[str, Any] = json.loads(vault.open(text, connection.name))
        return found
    return vault.kept(about(connection.id), text)


def show(vault: Vault, connection: Connection, text: str) -> Shown:
    """Settings that were written down, secrets struck out."""
    try:
        opened = read(vault, connection, text)
    except WrongKey as error:
        return Shown({}, {}, is_ready=False, trouble=str(error))
    hidden = set() if is_whole(text) else set(read_kept(text).sealed)
    try:
        hidden |= secrets_of(connection.provider)
    except GatewayError:
        # A later version's provider: of one blob nobody knows what in it is secret.
        hidden |= set(opened) if is_whole(text) else set()
    settings = {name: HIDDEN if name in hidden else value for name, value in opened.items()}
    prints = {
        name: vault.fingerprint(str(value)) for name, value in opened.items() if name in hidden
    }
    return Shown(settings, prints)


def secrets_of(provider: str) -> set[str]:
    """The names of the settings that are never shown. Raises Misconfigured."""
    return {field.name for field in fields(load(provider)) if field.metadata.get("secret")}
