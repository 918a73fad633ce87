"""`doctor`: is everything there that a server needs."""

import sqlite3
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from msgspec import Struct

from estafette import server, settings
from estafette.app import opened
from estafette.cli.run import NOT_REACHABLE, AsJson, print_json, print_table, run
from estafette.model import GatewayError
from estafette.settings import Settings
from estafette.store import lanes

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
    as_json: AsJson = False,
) -> None:
    """Check home, secret key, database, clock and port; exits 3 where one is not well."""
    found = settings.read()
    checks = [_home(found), *_secret_key(found), *run(_database(found)), _port(host, port)]
    if as_json:
        print_json([{"what": c.what, "ok": c.is_well, "text": c.text} for c in checks])
    else:
        rows = [("ok" if c.is_well else "NOT WELL", c.what, c.text) for c in checks]
        print_table("", ("", "what", "found"), rows)
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


def _secret_key(found: Settings) -> Iterator[Check]:
    if found.secret_key:
        yield Check("secret key", True, "from the environment")
        return
    path = found.home / "secret.key"
    if not path.exists():
        yield Check("secret key", True, "will be made at the first start")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    is_private = mode & 0o077 == 0
    text = f"{path} has mode {mode:04o}" + ("" if is_private else f": chmod 600 {path}")
    yield Check("secret key", is_private, text)


async def _database(found: Settings) -> list[Check]:
    version = tuple(int(part) for part in sqlite3.sqlite_version.split("."))
    checks = [Check("sqlite", version >= _OLDEST_SQLITE, f"version {sqlite3.sqlite_version}")]
    try:
        async with opened(found) as app:
            await app.store.write(lambda _conn: None)
            kind = "PostgreSQL" if app.store.is_shared else "SQLite"
            text = f"{kind}, schema {await app.store.version()}, takes writes"
            checks.append(Check("database", True, text))
            at = await app.store.read(lanes.now)
            skew = abs(at / 1e6 - datetime.now(UTC).timestamp())
            checks.append(Check("clock", skew < _SKEW, f"{skew:.3f} s from the database's"))
    except GatewayError as error:
        checks.append(Check("database", False, str(error)))
    return checks


def _port(host: str, port: int) -> Check:
    try:
        server.listen(host, port).close()
    except GatewayError as error:
        return Check("port", False, str(error))
    return Check("port", True, f"{host}:{port} is free")
