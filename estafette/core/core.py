"""What doors and actions are handed: the parts of the core, together."""

from dataclasses import dataclass

from estafette.core.aliases import Aliases
from estafette.core.applications import Applications
from estafette.core.attention import Attention
from estafette.core.audit import Audit
from estafette.core.batches import Batches
from estafette.core.blocks import Blocks
from estafette.core.business import Business
from estafette.core.challenge import Challenge
from estafette.core.connections import Connections
from estafette.core.contacts import Contacts
from estafette.core.deliveries import Deliveries
from estafette.core.desk import Desk
from estafette.core.errands import Errands
from estafette.core.gateway import Gateway
from estafette.core.handset import Handset
from estafette.core.inbound import Inbound
from estafette.core.inlet import Inlet
from estafette.core.keywords import Keywords
from estafette.core.lists import Lists
from estafette.core.media import Media
from estafette.core.numbers import Numbers
from estafette.core.offers import Offers
from estafette.core.panel import Panel
from estafette.core.people import People
from estafette.core.phones import Phones
from estafette.core.pools import Pools
from estafette.core.relay import Relay
from estafette.core.resends import Resends
from estafette.core.sayings import Sayings
from estafette.core.senders import Senders
from estafette.core.sessions import Sessions
from estafette.core.subscriptions import Subscriptions
from estafette.core.suppressions import Suppressions
from estafette.core.templates import Templates
from estafette.core.uploads import Uploads
from estafette.core.usage import Usage
from estafette.core.verified import Verified
from estafette.core.watch import Watch
from estafette.core.webhooks import Webhooks
from estafette.core.window import Window


@dataclass(frozen=True)
class Core:
    """What the gateway does, by what it is about."""

    gateway: Gateway  #: messages
    offers: Offers  #: what became of messages, and what was asked of carriers
    resends: Resends  #: messages once more
    people: People  #: accounts and keys
    connections: Connections  #: carriers
    senders: Senders  #: what accounts send from
    suppressions: Suppressions  #: who is not written to
    keywords: Keywords  #: STOP, START and HELP
    inbound: Inbound  #: what people write
    inlet: Inlet  #: what carriers tell
    media: Media  #: what goes with messages
    pools: Pools  #: services, and the senders in them
    templates: Templates  #: texts with holes
    applications: Applications  #: webhooks that senders and messages share
    subscriptions: Subscriptions  #: who is told what happens in an account
    webhooks: Webhooks  #: those of them that are added by hand
    deliveries: Deliveries  #: what they were told, one by one
    public_url: str  #: under which others reach us, without a slash at its end
    numbers: Numbers  #: what an account holds and can take
    verified: Verified  #: whom trial accounts may write to
    usage: Usage  #: how much went through accounts
    relay: Relay  #: what is sent while somebody waits
    panel: Panel  #: the Twilio account that actions send through
    errands: Errands  #: what is done after the answer, and told at another address
    lists: Lists  #: messages by the numbers of their pages
    contacts: Contacts  #: who is written to and who writes, and the conversations with them
    desk: Desk  #: users and teams, and the words that they use
    window: Window  #: until when people on WhatsApp may be written to freely
    uploads: Uploads  #: files to be sent in messages to come
    attention: Attention  #: what people see of us while they wait
    sayings: Sayings  #: what WhatsApp messages say
    aliases: Aliases  #: what platforms call people beside, or in place of, their numbers
    watch: Watch  #: whether something happened
    blocks: Blocks  #: whom accounts do not hear on WhatsApp
    business: Business  #: the ids of WhatsApp business accounts
    phones: Phones  #: what is kept of WhatsApp numbers beside what every sender has
    challenge: Challenge  #: whether addresses want to be told
    sessions: Sessions  #: who is signed in to the console
    audit: Audit  #: who changed what
    handset: Handset  #: the telephones of people who are not there
    batches: Batches  #: many messages that are sent as one
