"""Who may import whom. A room is a folder of the package, or `http.py`; the rest is the way in."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "estafette"

#: What each room may import beside itself.
MAY = {
    "model": set(),
    "http": {"model"},
    "store": {"model"},
    "providers": {"model", "http"},
    "core": {"model", "http", "store", "providers"},
    "actions": {"model", "core"},
    "doors": {"model", "core", "actions"},
    "console": {"model", "core"},
}
#: The way in: these put the rooms together, and may import all of them.
WAY_IN = {
    "",
    "__main__",
    "app",
    "carrier",
    "cli",
    "home",
    "logs",
    "ops",
    "runs",
    "server",
    "settings",
}
SEE_APP = {"cli", "server", "carrier", "ops", "runs"}

#: What one module of a room may import beside that. `estafette.actions.run` is the way in for
#: Python, and is looked for among the actions: it lies in `runs`, which is imported only by a
#: program that asks for it, so no action hangs on it.
BESIDE = {"actions": {"runs"}}

#: Rooms whose members stand side by side and do not know each other.
APART = ("providers", "doors", "actions")

SQL = {"sqlalchemy", "alembic", "sqlite3", "psycopg"}
SEE_NO_SQL = ("model", "http", "providers", "actions", "doors", "console")

IO = {
    "aiohttp", "asyncio", "fcntl", "http", "httpx", "io", "os", "pathlib", "select", "shutil",
    "socket", "sqlite3", "ssl", "structlog", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib",
}  # fmt: skip
CLOCK = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}


class Import(NamedTuple):
    """One name that a module takes from another."""

    line: int
    module: str  #: whole, such as estafette.model.message
    name: str  #: empty where the module itself is imported


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package, by its dotted name without `estafette.`."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            parts = path.relative_to(PACKAGE).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__"), path


MODULES = dict(modules())


def imports(path: Path) -> Iterator[Import]:
    """Everything that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import hides the room"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = whole.removeprefix("estafette.") in MODULES
                yield (
                    Import(node.lineno, whole, "")
                    if is_module
                    else Import(node.lineno, str(node.module), alias.name)
                )


def room_of(module: str) -> str:
    return module.partition(".")[0]


def ours(path: Path) -> Iterator[tuple[Import, str]]:
    """The imports from this package, with the name that MODULES has for what is imported."""
    for item in imports(path):
        if item.module.split(".")[0] == "estafette":
            yield item, item.module.partition(".")[2]


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_what_it_may(module: str) -> None:
    room = room_of(module)
    if room in WAY_IN:
        return
    wrong = [
        f"line {item.line}: {name}"
        for item, name in ours(MODULES[module])
        if room_of(name) not in MAY[room] | {room} | BESIDE.get(module, set())
    ]
    assert not wrong, f"{module} may not import this: {wrong}"


def test_every_module_is_in_a_room_or_the_way_in() -> None:
    assert {room_of(module) for module in MODULES} <= set(MAY) | WAY_IN


@pytest.mark.parametrize("module", MODULES)
def test_only_the_way_in_sees_the_app(module: str) -> None:
    if room_of(module) not in SEE_APP:
        assert "app" not in {name for _, name in ours(MODULES[module])}


def is_shared(room: str, member: str) -> bool:
    """A door is a folder: a file beside the folders is for all doors."""
    return room == "doors" and MODULES[f"doors.{member}"].name != "__init__.py"


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name) in APART])
def test_members_that_stand_side_by_side_do_not_know_each_other(module: str) -> None:
    room, member = (*module.split("."), "")[:2]
    for item, name in ours(MODULES[module]):
        other = (*name.split("."), "")[:2]
        if other[0] == room and other[1] and not is_shared(*other):
            assert other[1] == member, f"line {item.line}: {module} knows {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name) in SEE_NO_SQL])
def test_sql_stays_in_the_store(module: str) -> None:
    seen = {item.module.split(".")[0] for item in imports(MODULES[module])}
    assert not seen & SQL


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name) == "providers"])
def test_a_provider_sees_no_account(module: str) -> None:
    account = {
        node.name
        for node in ast.parse(MODULES["model.account"].read_text()).body
        if isinstance(node, ast.ClassDef)
    }
    assert "Account" in account
    for item, name in ours(MODULES[module]):
        assert name != "model.account"
        assert not (room_of(name) == "model" and item.name in account), item


@pytest.mark.parametrize("module", [name for name in MODULES if room_of(name) == "model"])
def test_the_model_does_no_io_and_has_no_clock(module: str) -> None:
    path = MODULES[module]
    assert not {item.module.split(".")[0] for item in imports(path)} & IO
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CLOCK, f"line {node.lineno}: the time is handed in"
