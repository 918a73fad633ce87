"""Settings: read once from the environment, each also from a file named by `…_FILE`."""

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from estafette.core.bucket import BadBucket, read_url
from estafette.core.keyring import read_keys
from estafette.core.origins import read_origins
from estafette.model import GatewayError
from estafette.model.rules import WindowPolicy

_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")

#: Every setting: what it is for, and its default as the docs show it.
DOCS = {
    "ESTAFETTE_HOME": ("The data folder.", "~/.local/share/estafette"),
    "ESTAFETTE_DATABASE_URL": (
        "`sqlite:///path` or `postgresql://user:password@host/database`.",
        "SQLite, `estafette.db` in the home",
    ),
    "ESTAFETTE_PUBLIC_URL": (
        "The address under which others reach this server; it stands in links.",
        "http:// and the host and port of `serve`",
    ),
    "ESTAFETTE_SECRET_KEY": (
        "Seals the secrets in the database: 64 hex digits. Several, with commas or spaces between "
        "them, while the key is being replaced: the first seals, all of them open.",
        "made once, `secret.key` in the home, mode 0600",
    ),
    "ESTAFETTE_ACCOUNT_SID": ("The SID of the first account.", "made once"),
    "ESTAFETTE_AUTH_TOKEN": ("The auth token of the first account.", "made and printed once"),
    "ESTAFETTE_API_KEY": (
        "A first key, `SK….secret`, that opens the first account.",
        "made and printed once",
    ),
    "ESTAFETTE_SANDBOX_DELAY": ("Seconds until the sandbox delivers.", "0.2"),
    "ESTAFETTE_ACTION_WAIT": (
        "Seconds that an action waits for the first answer of a provider: 1 to 25.",
        "15",
    ),
    "ESTAFETTE_ALLOW_PRIVATE_ADDRESSES": (
        "Whether callback, webhook and media URLs may lead to loopback and private networks: "
        "`true` or `false`.",
        "true while `serve` listens on loopback, else false",
    ),
    "ESTAFETTE_MEDIA_URL": (
        "Where media are kept: `s3://key:secret@host/bucket/prefix?region=us-east-1&tls=true`, with "
        "what is special in the key or the secret percent-encoded.",
        "`media` in the home",
    ),
    "ESTAFETTE_MEDIA_NEEDS_CREDENTIALS": (
        "Whether the bytes of media are only for who shows the account's credentials: `true` or "
        "`false`.",
        "false: for whoever has the URL, which nobody can guess",
    ),
    "ESTAFETTE_REPLY_ORIGINS": (
        "Where a workflow may ask for its outcome to be posted later, such as "
        "`https://workflows.example.com`, with commas between them.",
        "none: such requests are refused",
    ),
    "ESTAFETTE_WINDOW_POLICY": (
        "What accounts that set nothing do about WhatsApp messages outside the 24-hour window: "
        "`known`, `strict` or `off`.",
        "known",
    ),
    "ESTAFETTE_LOG_FORMAT": ("`console` for people, `json` for programs.", "console on a terminal"),
    "ESTAFETTE_LOG_LEVEL": ("`debug`, `info`, `warning` or `error`.", "info"),
}


class BadSetting(GatewayError):
    """A setting in the environment cannot be used."""


class Settings(Struct, frozen=True, kw_only=True):
    """What the environment says. Empty text stands for what is not set."""

    home: Path
    database_url: str
    public_url: str = ""
    secret_key: str = ""
    account_sid: str = ""
    auth_token: str = ""
    api_key: str = ""
    sandbox_delay: float = 0.2
    action_wait: float = 15.0
    allow_private_addresses: bool | None = None  #: None: as the address listened on has it
    media_url: str = ""
    media_needs_credentials: bool = False
    reply_origins: frozenset[str] = frozenset()  #: as `core.origins` writes them
    window_policy: str = "known"
    log_format: str = ""
    log_level: str = "info"

    def allows_private(self, host: str) -> bool:
        """Whether URLs may lead to private addresses, for a server that listens on this host."""
        if self.allow_private_addresses is not None:
            return self.allow_private_addresses
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host.lower() == "localhost"

    def __repr__(self) -> str:
        """Without the secrets, for logs and tracebacks."""
        return f"Settings(home={str(self.home)!r})"


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of an environment. Raises BadSetting, which names the variable."""
    home = Path(_value(environ, "ESTAFETTE_HOME") or _default_home(environ)).expanduser().absolute()
    sid = _value(environ, "ESTAFETTE_ACCOUNT_SID")
    if sid and not _ACCOUNT_SID.fullmatch(sid):
        raise BadSetting("ESTAFETTE_ACCOUNT_SID must be AC and 32 hex digits")
    return Settings(
        home=home,
        database_url=_value(environ, "ESTAFETTE_DATABASE_URL") or f"sqlite:///{home}/estafette.db",
        public_url=_value(environ, "ESTAFETTE_PUBLIC_URL").rstrip("/"),
        secret_key=_keys(environ, "ESTAFETTE_SECRET_KEY"),
        account_sid=sid,
        auth_token=_value(environ, "ESTAFETTE_AUTH_TOKEN"),
        api_key=_value(environ, "ESTAFETTE_API_KEY"),
        sandbox_delay=_seconds(environ, "ESTAFETTE_SANDBOX_DELAY", 0.2),
        action_wait=_seconds(environ, "ESTAFETTE_ACTION_WAIT", 15.0, 1, 25),
        allow_private_addresses=_choice(environ, "ESTAFETTE_ALLOW_PRIVATE_ADDRESSES"),
        media_url=_bucket(environ, "ESTAFETTE_MEDIA_URL"),
        media_needs_credentials=bool(_choice(environ, "ESTAFETTE_MEDIA_NEEDS_CREDENTIALS")),
        reply_origins=_origins(environ, "ESTAFETTE_REPLY_ORIGINS"),
        window_policy=_one_of(environ, "ESTAFETTE_WINDOW_POLICY", tuple(WindowPolicy)),
        log_format=_one_of(environ, "ESTAFETTE_LOG_FORMAT", ("", "console", "json")),
        log_level=_one_of(environ, "ESTAFETTE_LOG_LEVEL", ("info", "debug", "warning", "error")),
    )


def _value(environ: Mapping[str, str], name: str) -> str:
    """A variable, or what stands in the file that its `…_FILE` twin names."""
    path = environ.get(f"{name}_FILE", "")
    if not path:
        return environ.get(name, "").strip()
    if environ.get(name):
        raise BadSetting(f"set {name} or {name}_FILE, not both")
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{name}_FILE: {path}: {type(error).__name__}") from None


def _default_home(environ: Mapping[str, str]) -> Path:
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data) / "estafette"


def _keys(environ: Mapping[str, str], name: str) -> str:
    text = _value(environ, name)
    try:
        if text:
            read_keys(text)
    except ValueError:
        raise BadSetting(f"{name} must be 64 hex digits: openssl rand -hex 32") from None
    return text


def _bucket(environ: Mapping[str, str], name: str) -> str:
    text = _value(environ, name)
    try:
        if text:
            read_url(text)
    except BadBucket as error:
        raise BadSetting(f"{name}: {error}") from None
    return text


def _origins(environ: Mapping[str, str], name: str) -> frozenset[str]:
    try:
        return read_origins(_value(environ, name))
    except ValueError:
        raise BadSetting(
            f"{name} must be origins with commas between them, such as https://example.com:8443"
        ) from None


def _seconds(
    environ: Mapping[str, str], name: str, default: float, least: int = 0, most: int = 86_400
) -> float:
    text = _value(environ, name)
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = -1
    if not least <= seconds <= most:
        raise BadSetting(f"{name} must be seconds, {least} to {most}, such as {default:g}")
    return seconds


def _choice(environ: Mapping[str, str], name: str) -> bool | None:
    word = _one_of(environ, name, ("", "true", "false"))
    return word == "true" if word else None


def _one_of(environ: Mapping[str, str], name: str, words: tuple[str, ...]) -> str:
    word = _value(environ, name).lower() or words[0]
    if word not in words:
        raise BadSetting(f"{name} must be one of: {', '.join(word for word in words if word)}")
    return word
