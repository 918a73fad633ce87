"""The errors we raise, and the tree of them that is drawn on their page."""

import re

import pytest

from estafette.model import (
    Busy,
    Conflict,
    Declined,
    GatewayError,
    NewerSchema,
    Outcome,
    Reason,
    SendError,
    Throttled,
    Unknown,
    errors,
)

_BRANCH = re.compile(r"(?P<indent> *)[*+x] (?P<name>\w+)")


def drawn() -> dict[str, str]:
    """Each error in the drawing, and the one it hangs on."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if branch := _BRANCH.match(line):
            indent, name = len(branch["indent"]), branch["name"]
            above = [(depth, parent) for depth, parent in above if depth < indent]
            parents[name] = above[-1][1] if above else "Exception"
            above.append((indent, name))
    return parents


def test_the_drawn_tree_is_that_of_the_classes() -> None:
    classes = {
        name: found.__bases__[0].__name__
        for name, found in vars(errors).items()
        if isinstance(found, type) and issubclass(found, Exception)
    }
    assert drawn() == classes


def test_the_tree_has_a_class_for_each_outcome_but_acceptance() -> None:
    assert {error.outcome for error in SendError.__subclasses__()} == set(Outcome) - {
        Outcome.ACCEPTED
    }


@pytest.mark.parametrize("error", [Unknown, Conflict, Busy, NewerSchema, Throttled])
def test_an_error_without_a_text_says_what_it_is(error: type[GatewayError]) -> None:
    assert str(error()) == (error.__doc__ or "").strip()


def test_an_error_with_a_text_says_that() -> None:
    assert str(Busy("the disk is full")) == "the disk is full"


def test_what_was_declined_names_the_reason_and_the_part_to_blame() -> None:
    error = Declined(Reason.BAD_RECIPIENT, "+1")
    assert (error.reason, error.value) == (Reason.BAD_RECIPIENT, "+1")
    assert str(error) == "bad_recipient: +1"
    assert str(Declined(Reason.EMPTY_BODY)) == "empty_body"


def test_the_end_of_an_attempt_keeps_the_words_of_the_carrier() -> None:
    error = Throttled("Slow down!", code="429", retry_after=1.5, reason=Reason.BLOCKED)
    assert (str(error), error.code, error.retry_after) == ("Slow down!", "429", 1.5)
    assert (error.reason, error.later) == (Reason.BLOCKED, ())
