"""The words of a desk: what is an e-mail address, and which values a field may hold."""

from datetime import UTC, datetime
from typing import Any

import pytest

from estafette.model.desk import Field, FieldKind, fits, read_email

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def field(kind: FieldKind, *options: str) -> Field:
    return Field(
        id="1", account="AC", name="f", kind=kind, options=options, created_at=NOW, updated_at=NOW
    )


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (FieldKind.TEXT, ["", "any\ntext"], [1, None, ["a"], {}]),
        (FieldKind.EMAIL, ["jo@example.com", " JO@x.fr "], ["jo", "", 1]),
        (FieldKind.NUMBER, ["1", "-2.5", "+3,5", ".5"], ["one", "", "1e3", "1.2.3", 1]),
        (
            FieldKind.DATE,
            ["2026-05-04", "2026-05-04T10:00:00Z"],
            ["2026-02-30", "04/05/2026", "2026-05-04T", "2026-05-04 x", ""],
        ),
        (FieldKind.DROPDOWN, ["S", "M"], ["L", "", ["S"], None]),
        (FieldKind.CHECKBOX, [[], ["S"], ["M", "S"]], ["S", ["L"], [1], [["S"]], None]),
    ],
)
def test_what_a_field_holds(kind: FieldKind, good: list[Any], bad: list[Any]) -> None:
    options = ("S", "M") if kind in (FieldKind.DROPDOWN, FieldKind.CHECKBOX) else ()
    asked = field(kind, *options)
    assert [value for value in good if not fits(asked, value)] == []
    assert [value for value in bad if fits(asked, value)] == []


def test_an_address_is_kept_in_lower_case() -> None:
    assert read_email(" Jo.Doe+X@Mail.Example ") == "jo.doe+x@mail.example"
    for text in ("jo", "jo@", "@x.fr", "jo@x..fr", "j o@x.fr", "a@b@c", "x" * 65 + "@x.fr", "\0@x"):
        assert read_email(text) is None
