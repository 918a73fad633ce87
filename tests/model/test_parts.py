"""The parts of an SMS, as they are shown and as they are billed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estafette.model.parts import GSM7, UCS2, divided
from estafette.model.text import BASIC, EXTENSION, segments


@pytest.mark.parametrize(
    ("body", "encoding", "sizes", "strange"),
    [
        ("", GSM7, [0], []),
        ("a" * 160, GSM7, [160], []),
        ("a" * 161, GSM7, [153, 8], []),
        ("a" * 152 + "€" * 5, GSM7, [152, 10], []),
        ("ç" * 70, UCS2, [70], ["ç"]),
        ("ê" * 66 + "😀" * 4, UCS2, [66, 8], ["ê", "😀"]),
    ],
)
def test_where_parts_end(body: str, encoding: str, sizes: list[int], strange: list[str]) -> None:
    found = divided(body)
    assert (found.encoding, [part.size for part in found.items]) == (encoding, sizes)
    assert found.strange == strange


@given(st.text(st.sampled_from(BASIC + EXTENSION + "çê漢字Ж"), max_size=700))
def test_they_are_as_many_as_are_billed_and_hold_the_whole_text(body: str) -> None:
    found = divided(body)
    assert "".join(part.text for part in found.items) == body
    assert len(found.items) == segments(body)
    assert all(part.size <= part.room for part in found.items)
