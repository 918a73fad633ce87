"""Databases that have their tables and nothing in them: made once, emptied for each test."""

import shutil
from pathlib import Path

import psycopg
import pytest

from estafette.store import migrate
from estafette.store.engine import Turn, engine
from estafette.store.schema import METADATA
from tests.conftest import fresh_database

KINDS = ("sqlite", "postgresql")

_made: dict[str, str] = {}  # by kind and server: the URL of a database that was migrated


def emptied(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of a database for one test, of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        return _copied(request, folder / "estafette.db")
    server = request.getfixturevalue("postgresql")
    if server not in _made or not _emptied(_made[server]):
        _made[server] = _migrated(fresh_database(server))
    return _made[server]


def _emptied(url: str) -> bool:
    """Whether it could be emptied: a test that failed may have left it without a table."""
    try:
        with psycopg.connect(url, autocommit=True) as conn:
            # In one message, so that it is one transaction.
            conn.execute("; ".join(f"DELETE FROM {name}" for name in METADATA.tables))
    except psycopg.Error:
        return False
    return True


def _copied(request: pytest.FixtureRequest, path: Path) -> str:
    if "sqlite" not in _made:
        factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        _made["sqlite"] = _migrated(f"sqlite:///{factory.mktemp('made')}/estafette.db")
    shutil.copy(_made["sqlite"].removeprefix("sqlite:///"), path)
    return f"sqlite:///{path}"


def _migrated(url: str) -> str:
    made = engine(url, size=1)
    turn = Turn(made)
    migrate.bring_up(made, turn)
    turn.close()
    made.dispose()  # the last connection of SQLite that closes leaves everything in one file
    return url
