"""What doors and actions are handed: the parts of the core, together."""

from dataclasses import dataclass

from estafette.core.connections import Connections
from estafette.core.gateway import Gateway
from estafette.core.numbers import Numbers
from estafette.core.people import People
from estafette.core.usage import Usage
from estafette.core.verified import Verified


@dataclass(frozen=True)
class Core:
    """What the gateway does, by what it is about."""

    gateway: Gateway  #: messages
    people: People  #: accounts and keys
    connections: Connections  #: carriers
    public_url: str  #: under which others reach us, without a slash at its end
    numbers: Numbers  #: what an account holds and can take
    verified: Verified  #: whom trial accounts may write to
    usage: Usage  #: how much went through accounts
