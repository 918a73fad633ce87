"""What an account has used: messages that went out or came in, by what they went through."""

from msgspec import Struct

from estafette.model.address import is_short_code
from estafette.model.message import Channel
from estafette.model.number import NumberKind, kind_of


class Use(Struct, frozen=True):
    """How much was used of something."""

    count: int = 0  #: messages
    amount: int = 0  #: what is billed of them: segments of texts, messages of all else

    def __add__(self, other: "Use") -> "Use":
        return Use(self.count + other.count, self.amount + other.amount)


def category(channel: Channel, *, has_media: bool, is_inbound: bool, address: str) -> str:
    """The word under which a message counts; `address` is our sender's.

    `sms-outbound-longcode`, `mms-inbound-tollfree`, `whatsapp-outbound`.
    """
    way = "inbound" if is_inbound else "outbound"
    if channel is not Channel.SMS:
        return f"{channel}-{way}"
    return f"{'mms' if has_media else 'sms'}-{way}-{_through(address)}"


def _through(address: str) -> str:
    if is_short_code(address):
        return "shortcode"
    if not address.startswith("+"):
        return "alphanumeric"
    return "tollfree" if kind_of(address) is NumberKind.TOLL_FREE else "longcode"
