"""Bring a database to this version's tables, or refuse it."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from estafette.model import NewerSchema
from estafette.store.engine import Turn
from estafette.store.schema import VERSION

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x657374  # any number: who holds it on PostgreSQL is the one who migrates


def bring_up(engine: Engine, turn: Turn) -> None:
    """Make or migrate the tables. Raises NewerSchema where a later version has been before."""
    with engine.connect() as conn:
        found = version(conn)
        conn.rollback()
    if found == VERSION:
        return
    with turn.taken(), engine.begin() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _refuse_newer(version(conn))
        _upgrade(conn)


def version(conn: Connection) -> str:
    """The schema version of a database; empty where it has no tables of ours."""
    if not inspect(conn).has_table("alembic_version"):
        return ""
    return conn.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _refuse_newer(found: str) -> None:
    known = {path.name.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py")}
    if found and found not in known:
        raise NewerSchema(
            f"the database has schema {found}, this version knows up to {VERSION}:"
            " start the version that wrote it, or restore a copy"
        )


def _upgrade(conn: Connection) -> None:
    # Alembic takes a third of a second to import: only who migrates pays for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
