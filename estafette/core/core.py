"""What doors and actions are handed: the parts of the core, together."""

from dataclasses import dataclass

from estafette.core.connections import Connections
from estafette.core.gateway import Gateway
from estafette.core.media import Media
from estafette.core.people import People


@dataclass(frozen=True)
class Core:
    """What the gateway does, by what it is about."""

    gateway: Gateway  #: messages
    people: People  #: accounts and keys
    connections: Connections  #: carriers
    media: Media  #: what goes with messages
    public_url: str  #: under which others reach us, without a slash at its end
