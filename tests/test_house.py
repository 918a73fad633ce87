"""The size of things, and the locks: what keeps a house in order when nobody looks."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
MOST_LINES = 300  # of code: neither blank, nor comment, nor docstring
LONG = 30  # lines of a function, from its `def`
SHARE_LONG = 0.1

SOURCES = {
    str(path.relative_to(ROOT)): path
    for folder in ("estafette", "bench", "demo")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
PACKAGE = {name: path for name, path in SOURCES.items() if name.startswith("estafette/")}


def lines_of_code(path: Path) -> int:
    text = path.read_text()
    silent = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node.value.value, str) and node.end_lineno
        for line in range(node.lineno, node.end_lineno + 1)
    }
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in silent
        for number, line in enumerate(text.splitlines(), 1)
    )


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a module with their length in lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("name", PACKAGE)
def test_a_module_is_short_enough_to_be_read(name: str) -> None:
    assert lines_of_code(PACKAGE[name]) <= MOST_LINES, "split it by noun"


def test_nine_functions_in_ten_are_short() -> None:
    sizes = [size for path in PACKAGE.values() for _, size in functions(path)]
    assert sum(size >= LONG for size in sizes) <= SHARE_LONG * len(sizes)


@pytest.mark.parametrize("name", SOURCES)
def test_every_module_says_what_it_is_for(name: str) -> None:
    assert ast.get_docstring(ast.parse(SOURCES[name].read_text()))


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]


def group(name: str) -> Iterator[str]:
    for item in GROUPS[name]:
        yield from group(item["include-group"]) if isinstance(item, dict) else [item]


NEEDED = {
    "run": [*PROJECT["project"]["dependencies"], *group("build")],
    "demo": [*PROJECT["project"]["dependencies"], *group("build"), *group("demo")],
    "dev": [*PROJECT["project"]["dependencies"], *group("dev")],
}


def locked(name: str) -> dict[str, Version]:
    """The versions of a lock, by the names of their packages."""
    text = (ROOT / f"requirements/{name}.txt").read_text()
    pins = re.findall(r"^([\w.-]+)==(\S+)(?: ;[^\\]*)? \\$", text, re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in pins}


@pytest.mark.parametrize("name", NEEDED)
def test_a_lock_holds_what_is_needed(name: str) -> None:
    found = locked(name)
    for requirement in map(Requirement, NEEDED[name]):
        if requirement.marker is None or requirement.marker.evaluate(default_environment()):
            version = found.get(canonicalize_name(requirement.name))
            assert version, f"{requirement} is not in requirements/{name}.txt: make lock"
            assert requirement.specifier.contains(version, prereleases=True), "make lock"


@pytest.mark.parametrize("name", NEEDED)
def test_every_pin_of_a_lock_has_hashes(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text()
    pins = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(pins) == len(locked(name))
    assert all("--hash=sha256:" in pin for pin in pins)


def test_the_locks_agree() -> None:
    dev = locked("dev")
    for name in ("run", "demo"):
        assert locked(name).items() <= dev.items()
