"""Puts everything together: an opened home, the gateway in it, and the doors around it."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from estafette.core.applications import Applications
from estafette.core.attention import Attention
from estafette.core.audit import Audit
from estafette.core.baggage import Baggage
from estafette.core.batches import Batches, Makers
from estafette.core.blobs import Blobs
from estafette.core.bucket import Bucket, read_url
from estafette.core.business import Business
from estafette.core.callbacks import Callbacks
from estafette.core.cards import Cards
from estafette.core.challenge import Challenge
from estafette.core.clock import utc_now
from estafette.core.connections import Connections
from estafette.core.contacts import Contacts
from estafette.core.core import Core
from estafette.core.courier import Courier
from estafette.core.deliveries import Deliveries
from estafette.core.desk import Desk
from estafette.core.errands import Errands
from estafette.core.exchange import Voice
from estafette.core.first import First, first_start
from estafette.core.gateway import Gateway
from estafette.core.handset import Handset
from estafette.core.inbound import Inbound
from estafette.core.inlet import Inlet
from estafette.core.keywords import Keywords
from estafette.core.lanes import new_node
from estafette.core.lists import Lists
from estafette.core.mailing import Mailing
from estafette.core.media import Link, Media
from estafette.core.numbers import Numbers
from estafette.core.offers import Offers
from estafette.core.panel import Panel
from estafette.core.people import People
from estafette.core.phones import Phones
from estafette.core.pools import Pools
from estafette.core.prints import has_no_secrets, use_print_key
from estafette.core.pulse import Pulses
from estafette.core.relay import Relay
from estafette.core.replies import Replies
from estafette.core.resends import Resends
from estafette.core.retention import Retentions
from estafette.core.rotation import Rotation
from estafette.core.sayings import Sayings
from estafette.core.senders import Senders
from estafette.core.sessions import Sessions
from estafette.core.subscriptions import Subscriptions
from estafette.core.sweeper import Sweeper
from estafette.core.talks import Conversations
from estafette.core.templates import Templates
from estafette.core.uploads import Uploads
from estafette.core.usage import Usage
from estafette.core.vault import Vault, WrongKey
from estafette.core.verified import Verified
from estafette.core.watch import Watch
from estafette.core.webhooks import Webhooks
from estafette.core.window import Window
from estafette.core.worker import Worker
from estafette.doors import Door, doors
from estafette.home import keyring, make_home
from estafette.http import Http
from estafette.model.rules import WindowPolicy
from estafette.providers import Place
from estafette.settings import Settings
from estafette.store import Store
from estafette.store.lanes import Node


@dataclass(frozen=True)
class App:
    """The parts, opened."""

    settings: Settings
    vault: Vault
    store: Store
    http: Http
    core: Core
    node: Node

    @property
    def people(self) -> People:
        """Accounts and keys."""
        return self.core.people

    @property
    def connections(self) -> Connections:
        """Carriers."""
        return self.core.connections

    @property
    def inbound(self) -> Inbound:
        """What people write to us."""
        return self.core.inbound

    @property
    def gateway(self) -> Gateway:
        """Messages."""
        return self.core.gateway

    async def first_start(self) -> First | None:
        """Fill an empty database; None if it was not empty."""
        s = self.settings
        asked = First(s.account_sid, s.auth_token, s.api_key)
        return await first_start(self.store, self.vault, utc_now, asked)

    @property
    def rotation(self) -> Rotation:
        """The key that seals."""
        return Rotation(self.store, self.vault)

    async def prove_key(self) -> None:
        """Raises WrongKey where the key that seals opens the token of no account at all."""
        why = ""
        for account in await self.people.accounts():
            try:
                await self.people.token(account.sid)
            except WrongKey as error:
                why = str(error)
            else:
                return
        if why:
            raise WrongKey(f"the secret key is not that of this database: {why}")

    def show_media(self, found: Iterable[Door]) -> None:
        """Let doors show media where one of them gives them."""
        link, public_url = _link(found), self.core.public_url
        if link:
            self.core.media.show_at(lambda item: f"{public_url}{link(item)}")

    def worker(self, owed: Callable[[], None] = lambda: None) -> Worker:
        """What carries messages in this process."""
        core = self.core
        link = _link(doors(core))
        baggage = Baggage(
            self.store, core.media, utc_now, public_url=core.public_url, link=link, owed=owed
        )
        return Worker(self.store, self.connections, utc_now, self.node, baggage, owed)

    def show_callbacks(self, found: Iterable[Door]) -> None:
        """Let callbacks be looked at in the words of these doors."""
        self.core.deliveries.show_with(self.callbacks(found).preview)

    def callbacks(self, found: Iterable[Door] | None = None) -> Callbacks:
        """What tells customers' addresses from this process."""
        found = list(doors(self.core) if found is None else found)
        link = _link(found)
        voices = {
            door.name: Voice(
                door.post,
                door.hear,
                door.decline,
                door.link or link,
                door.tell,
                door.manner,
                door.look,
            )
            for door in found
            if door.post or door.tell
        }
        replies = Replies(self.store, self.gateway, self.people, utc_now)
        return Callbacks(
            self.store,
            self.people,
            self.http,
            utc_now,
            voices,
            replies,
            self.core.media,
            self.core.subscriptions,
            Cards(self.core.contacts, self.core.aliases, utc_now),
            public_url=self.core.public_url,
        )

    def mailing(self) -> Mailing:
        """What carries batches in this process."""
        core = self.core
        return Mailing(self.store, core.batches, core.gateway, core.people, utc_now)

    def courier(self) -> Courier:
        """What does errands and tells their outcomes from this process."""
        core = self.core
        finish = {door.name: door.finish for door in doors(core) if door.finish}
        return Courier(self.store, core.errands, core.people, self.http, utc_now, finish)

    def sweeper(self) -> Sweeper:
        """What forgets what is old from this process."""
        return Sweeper(self.store, self.core.usage, utc_now)


def _link(found: Iterable[Door]) -> Link | None:
    """The path at which a door gives one of the media: for all that give none themselves."""
    return next((door.link for door in found if door.link), None)


@contextlib.asynccontextmanager
async def opened(
    settings: Settings,
    wake: Callable[[], None] = lambda: None,
    *,
    host: str = "localhost",
    public_url: str = "",
) -> AsyncIterator[App]:
    """Open the home and its database, and close them at the end.

    `host` is what a server listens on, `public_url` how it is reached where the settings do not
    say so.

    Raises BadHome, BadKey, BadBucket, BadUrl, NewerSchema or Busy where that cannot be done.
    """
    make_home(settings.home)
    bucket_url = read_url(settings.media_url) if settings.media_url else None
    store = await Store.open(settings.database_url)
    try:
        is_new = await store.read(has_no_secrets)
        vault = Vault(keyring(settings, may_make=is_new))
        await use_print_key(store, vault, utc_now)
    except BaseException:
        await store.close()
        raise
    node = new_node()
    allows_private = settings.allows_private(host)
    http = Http(allows_private=allows_private)
    public_url = settings.public_url or public_url
    place = Place(settings.home, node.id, http, public_url)
    defaults = {"sandbox": {"delay": settings.sandbox_delay}}
    connections = Connections(store, vault, utc_now, place, defaults)
    inside = Http(allows_private=True)
    blobs = Blobs(
        settings.home / "media", Bucket(bucket_url, inside, utc_now) if bucket_url else None
    )
    parts = _Parts(store, vault, http, connections, blobs, wake)
    core = _core(settings, parts, allows_private=allows_private, public_url=public_url)
    try:
        yield App(settings, vault, store, http, core, node)
    finally:
        await connections.close()
        await inside.close()
        await http.close()
        await store.close()


class _Parts(NamedTuple):
    """What the core is built on."""

    store: Store
    vault: Vault
    http: Http
    connections: Connections
    blobs: Blobs
    wake: Callable[[], None]


def _core(settings: Settings, parts: _Parts, *, allows_private: bool, public_url: str) -> Core:
    """The parts of the core, around what they are built on."""
    store, vault, http, connections, blobs, wake = parts
    people = People(store, vault, utc_now)
    audit = Audit(store, utc_now)
    pools = Pools(store, utc_now)
    verified = Verified(store, utc_now)
    gateway = Gateway(
        store,
        connections,
        utc_now,
        wake,
        allows_private=allows_private,
        pools=pools,
        verified=verified,
        window=Window(store, connections, utc_now, WindowPolicy(settings.window_policy)),
    )
    keywords = Keywords(store, gateway, people, utc_now)
    inbound = Inbound(store, keywords, utc_now, wake, gateway.blocks, gateway.aliases)
    media = Media(
        store,
        blobs,
        http,
        utc_now,
        needs_credentials=settings.media_needs_credentials,
    )
    uploads = Uploads(store, blobs, utc_now)
    templates = Templates(store, connections, utc_now)
    senders = Senders(store, connections, utc_now, gateway.forget, allows_private=allows_private)
    subscriptions = Subscriptions(store, vault, utc_now, allows_private=allows_private)
    business, challenge = Business(people, connections), Challenge(http)
    contacts = Contacts(store, utc_now, gateway.blocks.forget)
    return Core(
        gateway=gateway,
        offers=Offers(gateway, connections, senders, media, public_url=public_url),
        resends=Resends(store, gateway, utc_now),
        people=people,
        connections=connections,
        senders=senders,
        suppressions=gateway.suppressions,
        keywords=keywords,
        inbound=inbound,
        inlet=Inlet(store, connections, gateway, inbound, templates),
        media=media,
        pools=pools,
        templates=templates,
        applications=Applications(store, utc_now),
        subscriptions=subscriptions,
        webhooks=Webhooks(subscriptions, senders, business, challenge),
        deliveries=Deliveries(store, utc_now, wake),
        numbers=Numbers(store, connections, gateway, utc_now, allows_private=allows_private),
        verified=verified,
        relay=Relay(store, vault, connections, gateway, utc_now, wait=settings.action_wait),
        usage=Usage(store, utc_now),
        errands=Errands(
            store,
            vault,
            utc_now,
            origins=settings.reply_origins,
            allows_private=allows_private,
        ),
        lists=Lists(store),
        public_url=public_url,
        has_public_url=bool(settings.public_url),
        panel=Panel(store, vault, utc_now),
        uploads=uploads,
        attention=Attention(gateway, connections),
        sayings=Sayings(gateway, templates, uploads),
        window=gateway.window,
        contacts=contacts,
        conversations=Conversations(store, gateway, contacts, templates, uploads, gateway.window),
        aliases=gateway.aliases,
        desk=Desk(store, utc_now),
        blocks=gateway.blocks,
        business=business,
        phones=Phones(senders, vault),
        challenge=challenge,
        batches=Batches(store, Makers(gateway, senders, pools, templates), utc_now),
        sessions=Sessions(store, people, utc_now, audit),
        audit=audit,
        watch=Watch(store),
        handset=Handset(gateway, inbound, senders, connections, uploads, utc_now),
        pulses=Pulses(store, utc_now),
        retention=Retentions(store, utc_now),
    )
