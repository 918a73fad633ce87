"""The memory: all SQL, on SQLite and on PostgreSQL."""

from estafette.store.store import Store

__all__ = ["Store"]
