"""Databases of every age: made, kept, migrated, or refused."""

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from estafette.model import NewerSchema
from estafette.store import Store, messages, migrate, templates
from estafette.store.engine import engine
from estafette.store.schema import METADATA, VERSION
from tests.store.conftest import ACCOUNT, message

#: Every version that a database may have stayed at.
OLDER = sorted(path.name[:4] for path in (migrate._FOLDER / "versions").glob("[0-9]*.py"))[:-1]


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")
async def test_an_empty_database_gets_the_tables_of_the_schema(url: str) -> None:
    store = await Store.open(url)
    await store.close()
    made = engine(url, size=1)
    with made.connect() as conn:
        assert migrate.version(conn) == VERSION
        assert compare_metadata(MigrationContext.configure(conn), METADATA) == []
    made.dispose()


def stay_at(conn: sa.Connection, version: str) -> None:
    """Make the tables of an older version."""
    config = Config()
    config.set_main_option("script_location", str(migrate._FOLDER).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, version)


def written(conn: sa.Connection) -> str:
    """A message in a table of an older version, which may lack columns."""
    table = sa.Table("messages", sa.MetaData(), autoload_with=conn)
    row = zip(messages._NEW, messages._new_row(item := message()), strict=True)
    conn.execute(table.insert().values({name: value for name, value in row if name in table.c}))
    return item.id


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")
@pytest.mark.parametrize("older", OLDER)
async def test_a_database_of_an_older_version_keeps_what_it_holds(url: str, older: str) -> None:
    made = engine(url, size=1)
    with made.begin() as conn:
        stay_at(conn, older)
        id = written(conn)
    store = await Store.open(url)
    found = await store.read(lambda conn: messages.get(conn, ACCOUNT, id))
    await store.close()
    assert found.body == "Hi there"
    with made.connect() as conn:
        assert migrate.version(conn) == VERSION
        assert compare_metadata(MigrationContext.configure(conn), METADATA) == []
    made.dispose()


async def test_a_template_of_an_older_version_has_a_kind(url: str) -> None:
    made = engine(url, size=1)
    with made.begin() as conn:
        stay_at(conn, "0005")
        table = sa.Table("templates", sa.MetaData(), autoload_with=conn)
        known = {"id": "1", "account": ACCOUNT, "kind": "media", "status": "unsubmitted"}
        conn.execute(table.insert().values(**known, created_at=1, updated_at=1))
    made.dispose()
    store = await Store.open(url)
    found = await store.read(lambda conn: templates.get(conn, ACCOUNT, "1"))
    await store.close()
    assert (found.kind, found.status) == ("image", "unsubmitted")


async def test_a_database_of_a_later_version_is_refused(url: str) -> None:
    await (await Store.open(url)).close()
    made = engine(url, size=1)
    with made.begin() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    made.dispose()
    with pytest.raises(NewerSchema):
        await Store.open(url)
