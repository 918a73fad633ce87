"""The README in French says what the one in English says: the same parts, names, figures and lines."""

import re

import pytest

from tests.tables import ROOT

ENGLISH = (ROOT / "README.md").read_text()
FRENCH = (ROOT / "README.fr.md").read_text()


def rows(text: str) -> list[str]:
    """The first cell of every row of its tables, where that is a name: a command, a setting, a number."""
    return re.findall(r"^\| (`[^|]*`(?:, …)?) \|", text, re.MULTILINE)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^#+ ",  # parts
        r"^```.*?^```",  # what is to be typed, and what is shown
        r"^\* |^\d+\. ",  # points
        r"`[a-z]+ [^|`]*`(?=.*\|)|`ESTAFETTE_\w+`",
    ],
)
def test_it_has_the_same_parts(pattern: str) -> None:
    flags = re.MULTILINE | re.DOTALL if pattern.startswith("^```") else re.MULTILINE
    found = [re.findall(pattern, text, flags) for text in (ENGLISH, FRENCH)]
    assert found[0] == found[1]


def test_its_tables_name_the_same_things() -> None:
    assert rows(FRENCH) == rows(ENGLISH)


def test_its_commands_have_the_same_parts() -> None:
    parts = [
        re.findall(r"^\| `estafette \w+` \|([^|]*)\|", t, re.MULTILINE) for t in (ENGLISH, FRENCH)
    ]
    assert parts[0] == parts[1]


def test_it_leads_to_the_same_pages() -> None:
    found = [set(re.findall(r"(?<!!)\[[^\]]*\]\(([^)]*)\)", text)) for text in (ENGLISH, FRENCH)]
    assert found[0] - {"README.fr.md"} == found[1] - {"README.md"}


def test_its_figures_are_the_same() -> None:
    figures = [re.findall(r"\d[\d,]*\.?\d*(?= \|)", text) for text in (ENGLISH, FRENCH)]
    assert figures[0] == figures[1]
