"""`doctor`: is everything there that a server needs."""

import sqlite3
import stat
import sys
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from sqlalchemy.exc import DBAPIError

from estafette import server
from estafette.app import App, opened
from estafette.cli.run import (
    NOT_REACHABLE,
    AsJson,
    BadInput,
    print_json,
    print_table,
    read_settings,
    run,
)
from estafette.core.bucket import NotKept
from estafette.core.keyring import read_keys
from estafette.home import BadHome
from estafette.model import Busy, GatewayError
from estafette.server import PortTaken
from estafette.settings import Settings
from estafette.store import lanes, migrate
from estafette.store.engine import engine
from estafette.store.schema import VERSION

_OLDEST_SQLITE = (3, 35, 0)  # RETURNING
_SKEW = 2.0  # seconds between this machine's clock and the database's that leases bear


class Check(Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    is_well: bool
    text: str


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    host: Annotated[
        str, typer.Option(help="The address that `serve` will listen on.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port that `serve` will listen on.")] = 8080,
    carriers: Annotated[
        bool, typer.Option("--carriers", help="Ask the carrier of each connection, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check home, secret key, database, clock, bucket and port; exits 3 where one is not well.

    It makes nothing and migrates nothing.
    """
    if not 0 <= port <= 65535:
        raise BadInput("--port must be 0 to 65535")
    found = read_settings()
    checks = [_home(found), _secret_key(found), *_database(found, carriers), _port(host, port)]
    if as_json:
        print_json([{"what": c.what, "ok": c.is_well, "text": c.text} for c in checks])
    else:
        rows = [("ok" if c.is_well else "NOT WELL", c.what, c.text) for c in checks]
        print_table(("", "what", "found"), rows)
    if not all(check.is_well for check in checks):
        sys.exit(NOT_REACHABLE)


def _home(found: Settings) -> Check:
    home = found.home
    if not home.exists():
        return Check("home", True, f"{home} will be made at the first start")
    try:
        probe = home / ".doctor"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Check("home", False, f"{home}: {error.strerror}")
    return Check("home", True, str(home))


def _secret_key(found: Settings) -> Check:
    if found.secret_key:
        return Check("secret key", True, "from the environment")
    path = found.home / "secret.key"
    if not path.exists():
        return Check("secret key", True, "will be made at the first start")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Check("secret key", False, f"{path} has mode {mode:04o}: chmod 600 {path}")
    try:
        read_keys(path.read_text(errors="replace"))
    except ValueError:
        return Check("secret key", False, f"{path} does not hold keys of 64 hex digits")
    return Check("secret key", True, f"{path} has mode {mode:04o}")


def _database(found: Settings, asks: bool) -> list[Check]:
    """Look at the database without making or migrating it; where it is as it should be, use it."""
    version = tuple(int(part) for part in sqlite3.sqlite_version.split("."))
    checks = [Check("sqlite", version >= _OLDEST_SQLITE, f"version {sqlite3.sqlite_version}")]
    try:
        schema = _schema(found)
        if schema and not found.secret_key and not (found.home / "secret.key").exists():
            text = "the database holds sealed secrets; put the secret.key that sealed them back"
            return [*checks, Check("secrets", False, text)]
        if schema == VERSION:
            return checks + run(_in_use(found, asks))
    except (GatewayError, OSError, ValueError) as error:
        return [*checks, Check("database", False, str(error))]
    if schema > VERSION:
        text = f"it has schema {schema}, this version knows up to {VERSION}"
        return [*checks, Check("database", False, text)]
    text = f"schema {schema}, migrated by the next start" if schema else "made by the first start"
    return [*checks, Check("database", True, text)]


def _schema(found: Settings) -> str:
    """The schema version of a database; empty where there is none yet. Raises GatewayError."""
    made = engine(found.database_url, size=1)
    path = Path(made.url.database or "")
    if made.dialect.name == "sqlite" and not path.exists():
        if path.parent not in (found.home, *found.home.parents) and not path.parent.exists():
            raise BadHome(f"{path.parent}: No such file or directory")
        return ""
    try:
        with made.connect() as conn:
            return migrate.version(conn)
    except DBAPIError as error:
        raise Busy(str(error.orig).strip().splitlines()[0]) from None
    finally:
        made.dispose()


async def _in_use(found: Settings, asks: bool) -> list[Check]:
    async with opened(found) as app:
        await app.store.write(lambda _conn: None)
        kind = "PostgreSQL" if app.store.is_shared else "SQLite"
        at = await app.store.read(lanes.now)
        skew = abs(at / 1e6 - datetime.now(UTC).timestamp())
        return [
            Check("database", True, f"{kind}, schema {VERSION}, takes writes"),
            Check("clock", skew < _SKEW, f"{skew:.3f} s from the database's"),
            await _sealed(app),
            *([await _bucket(app)] if found.media_url else []),
            *(
                [await _carrier(app, one.name) for one in await app.connections.list()]
                if asks
                else []
            ),
        ]


async def _carrier(app: App, name: str) -> Check:
    """Whether the carrier of a connection takes its settings, asked for something harmless."""
    try:
        facts = await app.connections.probe(name)
    except GatewayError as error:
        return Check(f"connection {name}", False, str(error))
    told = ", ".join(fact.text for fact in facts)
    return Check(f"connection {name}", True, told or "its carrier takes its settings")


async def _sealed(app: App) -> Check:
    """Whether the secret key is the one that the database was filled with."""
    closed = (await app.rotation.state()).closed
    if closed:
        text = "the database holds secrets that were sealed with another secret key"
        return Check("secrets", False, f"{text}, or changed since: {len(closed)}")
    return Check("secrets", True, "the secret key opens them")


async def _bucket(app: App) -> Check:
    """Whether media can be kept in the bucket that is set, and removed."""
    try:
        await app.core.media.probe()
    except NotKept as error:
        return Check("media", False, str(error))
    return Check("media", True, "the bucket keeps what it is given")


def _port(host: str, port: int) -> Check:
    try:
        server.listen(host, port).close()
    except PortTaken as error:
        if _is_ours(host, port):
            return Check("port", True, f"a server of ours answers on {host}:{port}")
        return Check("port", False, str(error))
    return Check("port", True, f"{host}:{port} is free")


def _is_ours(host: str, port: int) -> bool:
    asked = HTTPConnection(host, port, timeout=2)
    try:
        asked.request("GET", "/healthz")
        return asked.getresponse().read() == b'{"status":"alive"}'
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()
