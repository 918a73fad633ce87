"""Text as people read it: links can be followed, and on WhatsApp marks make it bold, italic or struck out."""

import re

from markupsafe import Markup, escape

from estafette.model import Channel

_LINK = re.compile(r"https?://[^\s<>\"'`]{1,2000}")
_TAIL = re.compile(r"[.,;:!?)\]}»”’*_~]+$")
_MARKS = {"*": "strong", "_": "em", "~": "s"}
_LONGEST = 20_000  # characters that are looked at for marks
#: A mark stands before a word and behind one, as WhatsApp has it.
_MARKED = re.compile(
    r"(?<![^\W_])```(?P<code>[^`\n][^`]*?)```(?![^\W_])"
    r"|(?<![\w*_~])(?P<mark>[*_~])(?=\S)(?P<words>[^\n*_~]*[^\s*_~])(?P=mark)(?![\w*_~])"
)


def rich(text: str, channel: str = "") -> Markup:
    """A text with its links and, on WhatsApp, its marks. Line breaks stay as they are."""
    parts, at = [], 0
    for found in _LINK.finditer(text):
        url = _TAIL.sub("", found[0])
        parts.append(_marked(text[at : found.start()], channel))
        parts.append(link(url, url))
        at = found.start() + len(url)
    parts.append(_marked(text[at:], channel))
    return Markup("").join(parts)


def link(url: str, label: str) -> Markup:
    """A link out of the console, which tells nobody where it was followed."""
    return Markup('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>').format(
        url, label
    )


def _marked(text: str, channel: str) -> Markup:
    if channel != Channel.WHATSAPP or len(text) > _LONGEST:
        return escape(text)
    parts, at = [], 0
    for found in _MARKED.finditer(text):
        parts.append(escape(text[at : found.start()]))
        if found["code"]:
            parts.append(Markup("<code>{}</code>").format(found["code"]))
        else:
            name = Markup(_MARKS[found["mark"]])  # noqa: S704 - one of ours
            parts.append(Markup("<{0}>{1}</{0}>").format(name, found["words"]))
        at = found.end()
    parts.append(escape(text[at:]))
    return Markup("").join(parts)
