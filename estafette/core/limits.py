"""What no message may ask for, whoever carries it: pure, and on the way of each."""

from urllib.parse import urlsplit

from estafette.model import Channel, Declined, Reason, Send
from estafette.model.networks import is_private_host
from estafette.model.text import units

LONGEST_BODY = 1600  # UTF-16 units, of an SMS, and of all that is asked for in Twilio's words
LONGEST_ELSEWHERE = 4096
_TWILIO = "twilio"  # the door whose limit is the same on every channel
KIND = "type"  #: in the content of a message of a kind beside text and media
MOST_MEDIA = 10


def check_addresses(send: Send) -> None:
    """Decline URLs that lead into our own network."""
    if send.callback_url and _leads_inside(send.callback_url):
        raise Declined(Reason.BAD_CALLBACK, send.callback_url)
    inside = [url for url in send.media if _leads_inside(url)]
    if inside:
        raise Declined(Reason.BAD_MEDIA, ", ".join(inside))


def _leads_inside(url: str) -> bool:
    return is_private_host(urlsplit(url).hostname or "")


def check(send: Send) -> None:
    """Decline what no carrier could take."""
    says_more = send.channel is Channel.WHATSAPP and KIND in send.content
    if not send.body and not send.media and not says_more:
        raise Declined(Reason.NOTHING_TO_SAY)
    if "\0" in send.body:
        raise Declined(Reason.BAD_BODY, "U+0000")
    is_short = send.channel is Channel.SMS or send.door == _TWILIO
    longest = LONGEST_BODY if is_short else LONGEST_ELSEWHERE
    if len(send.body) > longest // 2 and units(send.body) > longest:
        raise Declined(Reason.TOO_LONG, str(units(send.body)))
    if len(send.media) > MOST_MEDIA:
        raise Declined(Reason.TOO_MANY_MEDIA, str(len(send.media)))
