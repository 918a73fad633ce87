"""Every language of the console is complete."""

import re

import pytest

from tests import words

_HOLE = re.compile(r"%\((\w+)\)[sd]")
CASES = [(language, page) for language in words.TRANSLATED for page in sorted(words.said())]


@pytest.mark.parametrize(("language", "page"), CASES)
def test_a_catalog_says_everything_that_is_said_and_no_more(language: str, page: str) -> None:
    found = {message.id for message in words.read(language, page) if message.id}
    assert found == words.said()[page], "python -m tests.words"


@pytest.mark.parametrize(("language", "page"), CASES)
def test_everything_is_translated_with_its_holes(language: str, page: str) -> None:
    for message in words.read(language, page):
        if not message.id:
            continue
        assert not message.fuzzy
        asked = [message.id] if isinstance(message.id, str) else list(message.id)
        told = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(told), f"no translation of {asked[0]!r}"
        for text in told:
            assert set(_HOLE.findall(text)) <= set(_HOLE.findall("".join(asked))), text
        if len(asked) == 1:
            assert set(_HOLE.findall(told[0])) == set(_HOLE.findall(asked[0])), told[0]


@pytest.mark.parametrize("language", words.TRANSLATED)
def test_one_text_has_one_translation(language: str) -> None:
    found: dict[object, object] = {}
    for page in words.said():
        for message in words.read(language, page):
            if message.id:
                assert found.setdefault(message.id, message.string) == message.string
