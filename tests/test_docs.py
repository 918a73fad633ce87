"""What is promised in the docs is there, and what is there is in the docs."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from estafette.doors.twilio.forms import CONTENT_TYPE
from estafette.doors.twilio.routes import TABLE
from tests import tables
from tests.conftest import Server
from tests.tables import ROOT

PAGES = {str(page.relative_to(ROOT)): page for page in tables.pages()}
COMMANDS = dict(tables.commands())

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
_ROW = re.compile(r"^\| (GET|POST|PUT|PATCH|DELETE) \| `?([^ `|]+)`? \|", re.MULTILINE)

#: Package registries, by the parts of their hosts: not even this page names one.
REGISTRIES = [
    ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"),
    ("yarnpkg", "com"), ("crates", "io"), ("proxy", "golang", "org"), ("rubygems", "org"),
    ("ghcr", "io"), ("docker", "io"), ("quay", "io"), ("anaconda", "org"),
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_are_those_of_the_code(page: str) -> None:
    text = PAGES[page].read_text()
    assert tables.filled(text) == text, "write them anew: make docs"


def test_every_table_stands_somewhere() -> None:
    said = "".join(page.read_text() for page in PAGES.values())
    assert {name for name in tables.TABLES if f"<!-- table: {name} -->" in said} == set(
        tables.TABLES
    )


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("README.md", "settings"),
        ("README.md", "sandbox"),
        ("README.md", "commands"),
        ("docs/reference/settings.md", "settings"),
        ("docs/reference/commands.md", "options"),
        ("docs/reference/metrics.md", "metrics"),
        ("docs/reference/sandbox.md", "sandbox"),
    ],
)
def test_a_reference_stands_where_people_look_for_it(page: str, name: str) -> None:
    assert f"<!-- table: {name} -->" in PAGES[page].read_text()


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in _LINK.findall(PAGES[page].read_text()):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (PAGES[page].parent / path).resolve() if path else PAGES[page]
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page}: {link}"


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as links call them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shell_lines(page: str) -> Iterator[str]:
    """The command lines of a page's examples, continued ones joined."""
    for language, text in _FENCE.findall(PAGES[page].read_text()):
        if language == "sh":
            yield from text.replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_an_example_exists(page: str) -> None:
    for line in shell_lines(page):
        if re.match(r"(?:\.venv/bin/|/opt/estafette/bin/)?estafette ", line):
            check_command(shlex.split(line))


def check_command(words: list[str]) -> None:
    """Its words are those of a command, and its options are that command's."""
    name = "estafette"
    for word in words[1:]:
        if f"{name} {word}" not in COMMANDS:
            break
        name = f"{name} {word}"
    command = COMMANDS[name]
    assert name != "estafette", words
    known = {name for item in command.params for name in (*item.opts, *item.secondary_opts)}
    asked = {word for word in words if word.startswith("--")}
    assert asked <= known, f"{name} has no {asked - known}"


@pytest.mark.parametrize("page", PAGES)
def test_every_target_of_make_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = PAGES[page].read_text()
    asked = re.findall(r"`make ([a-z]+)", text)
    asked += [words[1] for words in map(str.split, shell_lines(page)) if words[:1] == ["make"]]
    assert set(asked) <= targets, page


def example(language: str, has: str, server: Server) -> str:
    """The example of the README in a language that contains a text, for this server."""
    found = _FENCE.findall(PAGES["README.md"].read_text())
    (text,) = (text for named, text in found if named == language and has in text)
    return str(text).replace("http://127.0.0.1:8080", server.url)


def test_the_python_example_of_the_readme_runs_as_printed(server: Server) -> None:
    text = example("python", "Client", server)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text], env=server.env, capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    sid, status = done.stdout.split()
    assert sid.startswith("SM")
    assert status in ("queued", "sending", "sent", "delivered")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
def test_the_curl_example_of_the_readme_runs_as_printed(server: Server) -> None:
    text = example("sh", "curl", server)
    done = subprocess.run(
        ["sh", "-ec", text], env=server.env, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout)["status"] == "queued"


def test_the_readme_says_how_to_test() -> None:
    assert "`make test`" in PAGES["README.md"].read_text()


def test_the_page_of_the_twilio_door_lists_its_routes() -> None:
    page = ROOT / "estafette/doors/twilio/README.md"
    if not page.exists():
        pytest.skip("the page is not written yet")
    served = {(method, path) for method, path, _ in TABLE}
    assert set(_ROW.findall(page.read_text())) == served


def test_the_page_of_the_twilio_door_lists_its_forms() -> None:
    """Of each path that it lists, that is: those are the paths of the first form."""
    text = (ROOT / "estafette/doors/twilio/README.md").read_text()
    found = re.findall(r"^\| (?:none|`(\.\w+)`) \| `(\w+/[^`]+)` \|", text, re.MULTILINE)
    assert dict(found) == CONTENT_TYPE
    assert all(path.endswith(".json") for _, path, _ in TABLE if path.startswith("/2010-04-01"))


def tracked() -> list[Path]:
    """The files that a commit holds or would hold; every file where there is no git to ask."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        names = [name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        made = re.compile(r"(^|/)(\.git|\.venv|node_modules|__pycache__|\.\w+_cache|results)/")
        paths = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
        names = [path for path in paths if not made.search(path)]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_no_file_names_a_package_registry() -> None:
    named = re.compile("|".join(re.escape(".".join(parts)) for parts in REGISTRIES))
    for path in tracked():
        found = named.search(path.read_bytes().decode(errors="ignore"))
        assert not found, f"{path.relative_to(ROOT)} names {found}"


def test_no_lock_holds_an_address() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text, path.name
        assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE), f"{path.name}: an option"
    for path in tracked():
        if path.name == "package-lock.json":
            packages = json.loads(path.read_text())["packages"]
            assert not [name for name, item in packages.items() if "resolved" in item], path
