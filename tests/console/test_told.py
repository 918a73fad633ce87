"""Everything that the core says when it does not do something can be said in every language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import estafette
from estafette.console.reasons import REASONS
from estafette.console.told import sentence_of, told
from estafette.console.words import words
from estafette.model import BadFallback, BadValue, Declined, Reason, TooMany, Unknown

PACKAGE = Path(estafette.__file__).parent

#: The errors that a page can show, and which of their arguments is the text.
TEXT = {
    "BadFallback": 1, "BadMessaging": 1, "BadPolicy": 0, "BadSheet": 0, "BadValue": 1, "Busy": 0,
    "Conflict": 0, "Misconfigured": 0, "Unfilled": 0, "Unfit": 0, "Unknown": 0,
}  # fmt: skip
FIELD_AND_TEXT = {"Malformed"}  #: two arguments that make one text


def literal(node: ast.expr) -> str:
    """A text with `x` for what is only known when it is said."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) for part in node.values)
    if isinstance(node, ast.BinOp):
        return literal(node.left) + literal(node.right)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "later":
        return literal(node.args[0])
    return "x"


def raised() -> Iterator[tuple[str, str]]:
    """Where the core says what."""
    for room in ("core", "model", "store", "providers"):
        for path in sorted((PACKAGE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and (text := _text(node)).strip("x :"):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", text


def _text(node: ast.Call) -> str:
    name = ast.unparse(node.func)
    if name in FIELD_AND_TEXT and len(node.args) > 1:
        return f"{literal(node.args[0])} {literal(node.args[1])}"
    place = TEXT.get(name, -1)
    return literal(node.args[place]) if 0 <= place < len(node.args) else ""


RAISED = sorted(set(raised()))


def test_the_core_says_enough_to_be_looked_at() -> None:
    assert len(RAISED) > 100


@pytest.mark.parametrize("where", ["core", "model", "store", "providers"])
def test_every_text_of_the_core_has_a_sentence(where: str) -> None:
    missing = [
        (place, text)
        for place, text in RAISED
        if place.startswith(f"{where}/") and sentence_of(text) is None
    ]
    assert missing == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_reason_is_said(language: str) -> None:
    assert set(REASONS) == set(Reason)
    said = {told(Declined(reason, "+14155550100"), words(language)) for reason in Reason}
    assert len(said) == len(Reason)
    assert all(text.endswith(" +14155550100") for text in said)


def test_an_error_is_told_in_the_language_of_who_reads_it() -> None:
    fr, en = words("fr"), words("en")
    taken = BadValue("email", "'x' is not an e-mail address")
    assert told(taken, fr) == "'x' n’est pas une adresse e-mail."
    assert told(taken, en) == str(taken)
    assert told(Unknown("no sender +14155550100 on whatsapp"), fr) == (
        "L’expéditeur +14155550100 n’existe pas sur WhatsApp."
    )
    assert told(Unknown(), fr) == "Cela n’existe pas."
    assert told(TooMany(0.2), fr).startswith("Trop d’essais. Attendez 1 seconde")
    assert "12 seconds" in told(TooMany(11.4), en)
    second = told(BadFallback("after", "must be 1 to 5 seconds"), fr)
    assert second == "Le second chemin doit aller de 1 à 5 secondes."


def test_what_is_not_known_is_shown_as_it_is() -> None:
    for text in ("what nobody wrote down", "x" * 5000, "100 % of %(it)s", "%s"):
        assert told(Unknown(text), words("fr")) == text
    assert told(Unknown("no sender %(a)s %d on sms"), words("fr")).startswith(
        "L’expéditeur %(a)s %d"
    )
