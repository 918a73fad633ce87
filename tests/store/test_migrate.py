"""Databases of every age: made, kept, migrated, or refused."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from estafette.model import NewerSchema
from estafette.store import Store, migrate
from estafette.store.engine import engine
from estafette.store.schema import METADATA, VERSION


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")
async def test_an_empty_database_gets_the_tables_of_the_schema(url: str) -> None:
    store = await Store.open(url)
    await store.close()
    made = engine(url, size=1)
    with made.connect() as conn:
        assert migrate.version(conn) == VERSION
        assert compare_metadata(MigrationContext.configure(conn), METADATA) == []
    made.dispose()


async def test_a_database_of_a_later_version_is_refused(url: str) -> None:
    await (await Store.open(url)).close()
    made = engine(url, size=1)
    with made.begin() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    made.dispose()
    with pytest.raises(NewerSchema):
        await Store.open(url)
