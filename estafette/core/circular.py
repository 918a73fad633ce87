"""How each row of a batch becomes a message: what all rows share, looked up once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from estafette.core.senders import Senders, chosen, read_address
from estafette.core.templates import Templates
from estafette.core.url import is_url
from estafette.model import Account, Channel, Reason, Send, Sender, Unknown
from estafette.model.address import spelled_recipient
from estafette.model.batch import Asked, BadRow, Role, Wrong, filled, folded
from estafette.model.filling import made_of, places
from estafette.model.template import Template, TemplateStatus, Unfilled, Unfit
from estafette.model.times import utc

DOOR = "own"  # in whose words it is told what becomes of the messages


class Circular:
    """What the rows of a batch become."""

    def __init__(
        self,
        asked: Asked,
        header: Sequence[str],
        senders: Sequence[Sender],
        template: Template | None,
    ) -> None:
        self._asked = asked
        self._header = [folded(name) for name in header]
        self._columns = {role: folded(name) for role, name in asked.columns.items()}
        self._known = {(sender.channel, sender.address) for sender in senders}
        self._usual = _usual(senders)
        self._template = template
        self._values = asked.values or tuple(usual_values(template, header, asked.columns))
        self._zone = zone_of(asked.zone)

    def send(self, cells: Sequence[str]) -> Send:
        """The message that a row becomes. Raises BadRow."""
        if len(cells) > len(self._header):
            raise BadRow(Wrong.CELLS, ",".join(cells[len(self._header) :]))
        row = dict(zip(self._header, map(_bare, cells), strict=False))
        channel = self._channel(row)
        recipient = _recipient(self._cell(row, Role.TO), channel)
        body, media, content = self._said(row, channel)
        sender = self._sender(row, channel)
        return Send(
            channel=channel,
            sender=sender,
            recipient=recipient,
            body=body,
            media=media,
            content=content,
            service=self._asked.service if not sender else "",
            send_at=self._time(row),
            callback_url=self._asked.callback_url,
            door=DOOR,
        )

    def _cell(self, row: Mapping[str, str], role: Role) -> str:
        return row.get(self._columns.get(role, ""), "")

    def _channel(self, row: Mapping[str, str]) -> Channel:
        word = self._cell(row, Role.CHANNEL)
        if not word:
            return self._asked.channel
        try:
            return Channel(word.casefold())
        except ValueError:
            raise BadRow(Wrong.CHANNEL, word) from None

    def _sender(self, row: Mapping[str, str], channel: Channel) -> str:
        asked = self._cell(row, Role.SENDER) or self._asked.sender
        if not asked and self._asked.service:
            return ""
        found = read_address(channel, asked) or asked if asked else self._usual.get(channel, "")
        if not found:
            raise BadRow(Reason.NO_SENDER, channel)
        if (channel, found) not in self._known:
            raise BadRow(Reason.FOREIGN_SENDER, found)
        return found

    def _said(
        self, row: Mapping[str, str], channel: Channel
    ) -> tuple[str, tuple[str, ...], Mapping[str, object]]:
        media = self._media(row)
        if not self._asked.template:
            body = self._cell(row, Role.BODY) or filled(self._asked.body, row)
            if not body.strip() and not media:
                raise BadRow(Reason.EMPTY_BODY)
            return body, media, {}
        found = self._template
        if found is None or found.status is not TemplateStatus.APPROVED:
            raise BadRow(Wrong.TEMPLATE, found.status if found else "")
        if found.channel not in ("", channel):
            raise BadRow(Wrong.TEMPLATE, channel)
        values = [filled(text, row) for text in self._values]
        try:
            made = made_of(found, values, next(iter(media), ""))
        except (Unfilled, Unfit) as error:
            raise BadRow(Wrong.TEMPLATE, str(error)) from None
        return made.body, made.media, made.content

    def _media(self, row: Mapping[str, str]) -> tuple[str, ...]:
        own = tuple(self._cell(row, Role.MEDIA).split())
        for url in own:
            if not is_url(url):
                raise BadRow(Wrong.MEDIA, url)
        return own or self._asked.media

    def _time(self, row: Mapping[str, str]) -> datetime | None:
        text = self._cell(row, Role.SEND_AT)
        if not text:
            return self._asked.send_at
        try:
            return utc(datetime.fromisoformat(text), self._zone)
        except (ValueError, OverflowError):
            raise BadRow(Wrong.TIME, text) from None


#: How a cell begins that a result file quoted, lest a spreadsheet reckon with it.
_QUOTED = ("'=", "'+", "'-", "'@", "'\t")


def _bare(cell: str) -> str:
    """A cell without the space around it, and without the quote that kept it from being a formula."""
    bare = cell.strip()
    return bare[1:] if bare[:2] in _QUOTED else bare


async def circular_of(
    account: Account, asked: Asked, header: Sequence[str], senders: Senders, templates: Templates
) -> Circular:
    """Look up what the rows share. What is not there any more is wrong with every row."""
    template = None
    if asked.template:
        try:
            template = await templates.get(account, asked.template)
        except Unknown:
            template = None
    return Circular(asked, header, await senders.list(account.sid), template)


def zone_of(name: str) -> tzinfo:
    """The zone of a name; UTC where there is none of it."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def _usual(senders: Sequence[Sender]) -> dict[Channel, str]:
    """What is sent from where nothing is said, by channel: the main one, or else the oldest."""
    found = {}
    for channel in Channel:
        one = chosen([sender for sender in senders if sender.channel is channel])
        if one:
            found[channel] = one.address
    return found


def usual_values(
    template: Template | None, header: Sequence[str], columns: Mapping[str, str]
) -> list[str]:
    """What fills the holes of a template where that is not said: the column of a hole's number, or
    else those that have no role, in their order.
    """
    if template is None:
        return []
    taken = set(map(folded, columns.values()))
    free = [name for name in header if folded(name) not in taken]
    named = {name.strip("{} "): name for name in header}
    found = []
    for place in range(1, places(template) + 1):
        name = named.get(str(place)) or (free[place - 1] if place <= len(free) else str(place))
        found.append(f"{{{name}}}")
    return found


def _recipient(text: str, channel: Channel) -> str:
    if not text:
        raise BadRow(Reason.NO_RECIPIENT)
    found = spelled_recipient(text, channel)
    if found is None:
        raise BadRow(Reason.BAD_RECIPIENT, text)
    return found
