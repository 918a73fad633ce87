"""What doors and actions are handed: the parts of the core, together."""

from dataclasses import dataclass

from estafette.core.connections import Connections
from estafette.core.gateway import Gateway
from estafette.core.inbound import Inbound
from estafette.core.keywords import Keywords
from estafette.core.people import People
from estafette.core.senders import Senders
from estafette.core.suppressions import Suppressions


@dataclass(frozen=True)
class Core:
    """What the gateway does, by what it is about."""

    gateway: Gateway  #: messages
    people: People  #: accounts and keys
    connections: Connections  #: carriers
    senders: Senders  #: what accounts send from
    suppressions: Suppressions  #: who is not written to
    keywords: Keywords  #: STOP, START and HELP
    inbound: Inbound  #: what people write to us
    public_url: str  #: under which others reach us, without a slash at its end
