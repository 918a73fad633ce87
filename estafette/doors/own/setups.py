"""Connections as the vaults of flow engines such as Auth0 Forms write them: an app, and how to open it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from estafette.doors.own.errors import Refusal


class App(NamedTuple):
    """What such an engine calls one of our providers, and how it is opened there."""

    provider: str
    type: str  #: of its setup
    names: Mapping[
        str, str
    ]  #: ours, by theirs; the first secret is the one whose fingerprint is shown
    secret: str


APPS = {
    "WHATSAPP": App("meta", "TOKEN", {"token": "token"}, "token"),
    "TWILIO": App(
        "twilio", "API_KEY", {"account_id": "account_sid", "api_key": "auth_token"}, "auth_token"
    ),
}
_APP_OF = {app.provider: name for name, app in APPS.items()}


def app_of(provider: str) -> str:
    """What an engine would call a provider; one that it does not know, by our name in capitals."""
    return _APP_OF.get(provider, provider.upper())


def fingerprint(provider: str, prints: Mapping[str, str]) -> str:
    """That of the secret which opens a connection; empty where it has none of its own."""
    app = APPS.get(app_of(provider))
    return prints.get(app.secret if app else "token", "")


def read(app_id: str, setup: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The provider and the settings that a setup stands for. Raises Refusal, which repeats no value."""
    app = APPS.get(app_id.strip().upper())
    if app is None:
        raise Refusal("bad_request", f"app_id must be one of: {', '.join(APPS)}", field="app_id")
    return app.provider, settings(app, setup)


def changed(provider: str, setup: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a setup changes of a connection. Raises Refusal."""
    app = APPS.get(app_of(provider))
    if app is None:
        raise Refusal("bad_request", f"a connection of {provider} has no setup", field="setup")
    return settings(app, setup)


def settings(app: App, setup: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a setup stands for. Raises Refusal."""
    kind = setup.get("type")
    if not isinstance(kind, str) or kind.strip().upper() != app.type:
        raise Refusal(
            "bad_request", f"the type of this setup must be {app.type}", field="setup.type"
        )
    found = {}
    for name, value in setup.items():
        if name == "type":
            continue
        if name not in app.names and name != "base_url":
            listed = ", ".join(("type", *app.names, "base_url"))
            raise Refusal("bad_request", f"this setup has no {name[:64]}: {listed}", field="setup")
        if not isinstance(value, str) or not value.strip():
            raise Refusal("bad_request", f"{name} must be a text", field=f"setup.{name}")
        found[app.names.get(name, name)] = value.strip()
    missing = [name for name, ours in app.names.items() if ours not in found]
    if missing:
        raise Refusal(
            "bad_request", f"this setup needs {', '.join(missing)}", field=f"setup.{missing[0]}"
        )
    return found
