"""Opt-out: words by which people say that they want no more messages, and what is kept of it."""

import re
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from estafette.model.message import Channel


class Keyword(StrEnum):
    """What somebody wants who writes one of the words."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


#: The words that Twilio documents, as of 2026. A text is one of them whole, or none.
WORDS = {
    Keyword.STOP: ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    Keyword.START: ("START", "YES", "UNSTOP"),
    Keyword.HELP: ("HELP", "INFO"),
}
#: Those that count whatever an account sets: people rely on them.
RESERVED = {
    Keyword.STOP: ("STOP",),
    Keyword.START: ("START", "UNSTOP"),
    Keyword.HELP: ("HELP",),
}
_NOT_TOLL_FREE = {"YES"}  # carriers of toll-free numbers do not take it for a START
_WORD = re.compile(r"\S{1,40}")


class BadWords(ValueError):
    """Words that nobody could write, or that would mean two things."""

    def __init__(
        self, keyword: Keyword, word: str, text: str, other: Keyword | None = None
    ) -> None:
        super().__init__(text)
        self.keyword = keyword  #: in whose list it stands
        self.word = word
        self.other = other  #: in whose list it stands as well


class OptOut(Struct, frozen=True, kw_only=True):
    """How an account, or a service of it, treats these words. An empty text: no reply."""

    stop_text: str = (
        "You have successfully been unsubscribed. You will not receive any more messages from"
        " this number. Reply START to resubscribe."
    )
    start_text: str = (
        "You have successfully been re-subscribed to messages from this number. Reply HELP for"
        " help. Reply STOP to unsubscribe. Msg&Data Rates May Apply."
    )
    help_text: str = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
    stop_words: tuple[str, ...] = WORDS[Keyword.STOP]
    start_words: tuple[str, ...] = WORDS[Keyword.START]
    help_words: tuple[str, ...] = WORDS[Keyword.HELP]
    enabled: bool = True  #: whether the words are listened for at all

    def text(self, keyword: Keyword) -> str:
        """The reply to a word."""
        return {
            Keyword.STOP: self.stop_text,
            Keyword.START: self.start_text,
            Keyword.HELP: self.help_text,
        }[keyword]

    def words(self) -> dict[Keyword, tuple[str, ...]]:
        """What is listened for."""
        return {
            Keyword.STOP: self.stop_words,
            Keyword.START: self.start_words,
            Keyword.HELP: self.help_words,
        }


DEFAULT = OptOut()


def with_words(
    stop: tuple[str, ...], start: tuple[str, ...], help: tuple[str, ...]
) -> dict[Keyword, tuple[str, ...]]:
    """Words as they are kept: upper case, each once, and the reserved ones among them.

    Raises BadWords for one with a space in it, and for one that stands in two lists.
    """
    given = {Keyword.STOP: stop, Keyword.START: start, Keyword.HELP: help}
    found: dict[Keyword, tuple[str, ...]] = {}
    owner: dict[str, Keyword] = {}
    for keyword, words in given.items():
        listed = dict.fromkeys([*(word.strip().upper() for word in words), *RESERVED[keyword]])
        for word in listed:
            if not _WORD.fullmatch(word):
                text = f"{word!r} is not one word of at most 40 characters"
                raise BadWords(keyword, word, text)
            if (other := owner.setdefault(word, keyword)) is not keyword:
                text = f"{word} cannot mean both {other} and {keyword}"
                raise BadWords(keyword, word, text, other)
        found[keyword] = tuple(listed)
    return found


def keyword(text: str, rules: OptOut = DEFAULT, *, is_toll_free: bool = False) -> Keyword | None:
    """What a text asks for; None for nearly every text.

    Only the whole text counts, in any case, without the white space around it.
    """
    said = text.strip().upper()
    if not rules.enabled or not said or (is_toll_free and said in _NOT_TOLL_FREE):
        return None
    return next((word for word, words in rules.words().items() if said in words), None)


def could_be_keyword(text: str) -> bool:
    """Whether it is one word: most texts are not, and are looked at no further."""
    return _WORD.fullmatch(text.strip()) is not None


class Suppression(Struct, frozen=True, kw_only=True):
    """Somebody who asked not to be written to."""

    account: str
    recipient: str
    channel: Channel
    scope: str = ""  #: the id of a sender or a service; empty for everything of the account
    source: str = ""  #: how we know, such as `api`, or `message ` and the id of what they wrote
    created_at: datetime


class Wish(Struct, frozen=True):
    """An inbound text was one of the words."""

    keyword: Keyword
    reply: str  #: what is said to it; empty for nothing
