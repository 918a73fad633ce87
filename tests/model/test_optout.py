"""Which texts are words by which people opt out, and in again."""

import pytest

from estafette.model import Keyword, OptOut
from estafette.model.optout import WORDS, BadWords, could_be_keyword, keyword, with_words


@pytest.mark.parametrize(
    ("text", "found"), [(word, asked) for asked, words in WORDS.items() for word in words]
)
def test_every_word_is_heard_in_any_case_with_white_space_around_it(
    text: str, found: Keyword
) -> None:
    for said in (text, text.lower(), text.capitalize(), f" \t{text}\r\n", f"\u00a0{text}"):
        assert keyword(said) is found


@pytest.mark.parametrize("text", ["", " ", "STOP PLEASE", "STOP.", "S TOP", "STOP!", "DON'T STOP"])
def test_only_a_whole_text_is_a_word(text: str) -> None:
    assert keyword(text) is None


def test_toll_free_numbers_know_fewer_words() -> None:
    assert keyword("yes", is_toll_free=True) is None
    assert keyword("unstop", is_toll_free=True) is Keyword.START
    assert keyword("start", is_toll_free=True) is Keyword.START
    assert keyword("cancel", is_toll_free=True) is Keyword.STOP


def test_an_account_has_words_of_its_own_or_none() -> None:
    rules = OptOut(stop_words=("STOP", "ARRÊT"))
    assert keyword("arrêt", rules) is Keyword.STOP
    assert keyword("QUIT", rules) is None
    assert keyword("STOP", OptOut(enabled=False)) is None


def test_reserved_words_stay() -> None:
    found = with_words(("fin", "Fin"), (), ("aide",))
    assert found[Keyword.STOP] == ("FIN", "STOP")
    assert found[Keyword.START] == ("START", "UNSTOP")
    assert found[Keyword.HELP] == ("AIDE", "HELP")


@pytest.mark.parametrize(
    "words",
    [(("two words",), (), ()), (("",), (), ()), (("HELP",), (), ()), ((), ("stop",), ()),
     (("x" * 41,), (), ()), (("OK",), ("ok",), ())],
)  # fmt: skip
def test_words_mean_one_thing_and_can_be_written(
    words: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
) -> None:
    with pytest.raises(BadWords):
        with_words(*words)


@pytest.mark.parametrize(
    ("text", "could"),
    [(" STOP\n", True), ("x" * 40, True), ("x" * 41, False), ("STOP PLEASE", False), ("", False)],
)
def test_most_texts_are_looked_at_no_further(text: str, could: bool) -> None:
    assert could_be_keyword(text) is could
