"""One round of a node: everything that is due in its lanes, taken up in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from msgspec import Struct, json
from msgspec.json import Decoder
from sqlalchemy import Connection, text

from estafette.model import Later, Offer, Reason, Receipt, Status
from estafette.model.fallback import Why
from estafette.model.rules import allowance, next_offer_at
from estafette.store import attempts, bulk, callbacks, fallbacks, jobs, lanes, media, receipts
from estafette.store.attempts import WAITING
from estafette.store.callbacks import Fact
from estafette.store.fallbacks import Failed
from estafette.store.jobs import Job
from estafette.store.schema import jobs as jobs_table
from estafette.store.schema import messages

NewId = Callable[[], str]

_OURS_FOR = 60_000_000  # microseconds after which what is to be done about media is taken up anew


class Quota(NamedTuple):
    """What may be taken up in one lane: how many offers, and how its unanswered ones are settled."""

    connection: str
    offers: int
    rate: float = 0.0  #: offers a second; 0 for as many as there is room for
    busy: frozenset[str] = frozenset()
    resends: bool = False
    errands: int = 0  #: how many jobs about media


class Taken(NamedTuple):
    """What a round took up: offers by lane, and the messages that came to another status."""

    offers: dict[str, list[Offer]]
    moved: list[receipts.Moved]
    next_at: dict[str, float]  #: by lane with a pace: when its next offer may leave
    errands: Sequence[Job] = ()  #: about media; they are due again unless they are done by then


def take_up(
    conn: Connection, quotas: Mapping[str, Quota], *, node: str, now: int, new_id: NewId, most: int
) -> Taken:
    """Take up to `most` jobs of each kind in each lane that the node holds right now."""
    offers: dict[str, list[Offer]] = {}
    moved: list[receipts.Moved] = []
    paces: dict[str, float] = {}
    errands: list[Job] = []
    for lane, next_at in lanes.holds(conn, node, tuple(quotas)).items():
        quota = quotas[lane]
        told = jobs.take(conn, lane, "receipts", now, most)
        if told:
            moved += _tell(conn, told, quota.connection, now, new_id)
        settled = jobs.take(conn, lane, "settle", now, most)
        if settled:
            moved += _settle(conn, settled, quota, now)
        if quota.errands:
            errands += jobs.lease(
                conn, lane, media.KIND, now=now, until=now + _OURS_FOR, limit=quota.errands
            )
        room = quota.offers
        if quota.rate:
            room = min(room, allowance(next_at / 1e6, now / 1e6, quota.rate))
            paces[lane] = next_at / 1e6
        if room:
            taken = jobs.take(conn, lane, "send", now, room, busy=quota.busy)
            offers[lane], expired = _offer(conn, taken, quota, node, now, new_id)
            moved += expired
            if quota.rate and taken:
                paces[lane] = next_offer_at(next_at / 1e6, now / 1e6, len(taken), quota.rate)
                lanes.pace(conn, lane, int(paces[lane] * 1e6))
    return Taken(offers, moved, paces, tuple(errands))


def _offer(
    conn: Connection, taken: Sequence[Job], quota: Quota, node: str, now: int, new_id: NewId
) -> tuple[list[Offer], list[receipts.Moved]]:
    """Offers of the jobs taken; messages whose validity has ended fail instead."""
    ids = [job.message for job in taken]
    late = bulk.select(
        conn, messages, "id", ids, ("id",), where=f"expires_at <= {now} AND status IN {WAITING}"
    )
    expired = [row[0] for row in late]
    failed = _fail(conn, expired, Reason.EXPIRED, now)
    ready = [job for job in taken if job.message not in expired]
    made = attempts.start(
        conn,
        ready,
        [new_id() for _ in ready],
        node=node,
        connection=quota.connection,
        now=now,
    )
    _owe_queued(conn, ready, made, now)
    return made, failed


def _owe_queued(conn: Connection, taken: Sequence[Job], made: Sequence[Offer], now: int) -> None:
    """Tell of what was scheduled that it is queued; it is offered in the same moment."""
    scheduled = {job.message for job in taken if job.data == jobs.SCHEDULED}
    if scheduled:
        found = [offer.message for offer in made if offer.message.id in scheduled]
        facts = [callbacks.of(one, Status.QUEUED, now) for one in found if one.callback_url]
        callbacks.owe(conn, facts)


def expire(
    conn: Connection, held_up: Sequence[str], *, node: str, now: int, most: int
) -> list[receipts.Moved]:
    """Fail what has waited too long in lanes that cannot send, as a parked connection's.

    It looks at the `most` jobs of each lane that have been due the longest.
    """
    moved: list[receipts.Moved] = []
    for lane in lanes.holds(conn, node, held_up):
        asked = {"lane": lane, "now": now, "most": most}
        late = list(conn.execute(_LATE, asked).scalars())
        bulk.delete_pairs(conn, jobs_table, [(message, "send") for message in late])
        moved += _fail(conn, late, Reason.EXPIRED, now)
    return moved


_LATE = text(
    "SELECT messages.id FROM (SELECT message FROM jobs WHERE lane = :lane AND kind = 'send'"  # noqa: S608
    " AND due_at <= :now ORDER BY due_at, message LIMIT :most) AS waiting"
    " JOIN messages ON messages.id = waiting.message"
    f" WHERE messages.expires_at <= :now AND messages.status IN {WAITING}"
)


def _settle(conn: Connection, taken: Sequence[Job], quota: Quota, now: int) -> list[receipts.Moved]:
    """Decide about messages of which nobody ever said whether they were taken."""
    rows = bulk.select(
        conn, messages, "id", [job.message for job in taken], ("id",),
        where="status = 'sending'", lock=True,
    )  # fmt: skip
    silent = {row[0] for row in rows}
    if quota.resends:
        again = [
            job._replace(kind="send", due_at=now, data="") for job in taken if job.message in silent
        ]
        bulk.update(
            conn, messages, ("k",), [(job.message,) for job in again],
            sets=f"status = 'queued', updated_at = {now}",
        )  # fmt: skip
        jobs.put(conn, again)
        return []
    return _fail(conn, list(silent), Reason.UNANSWERED, now)


_WHY = {Reason.EXPIRED: Why.EXPIRED, Reason.UNANSWERED: Why.UNANSWERED}


def _fail(conn: Connection, ids: Sequence[str], reason: Reason, now: int) -> list[receipts.Moved]:
    """Fail messages, but for those that go their second way instead."""
    if not ids:
        return []
    failed = {id: Failed(_WHY[reason], reason=reason) for id in ids}
    turned = fallbacks.instead(conn, failed, now, among=fallbacks.UNDER_WAY[:3])
    ids = [id for id in ids if id not in turned]
    bulk.update(
        conn,
        messages,
        ("k",),
        [(id,) for id in ids],
        where="messages.status IN ('scheduled', 'queued', 'sending')",  # not what was called back meanwhile
        sets=(
            f"status = 'failed', reason = '{reason}', code = '', text = '', updated_at = {now},"
            " body = CASE WHEN messages.redacted THEN '' ELSE messages.body END,"
            " content = CASE WHEN messages.redacted THEN '' ELSE messages.content END"
        ),
    )
    rows = bulk.select(
        conn, messages, "id", ids, ("id", "status", "account", "door", "callback_url"),
        where="status = 'failed'",
    )  # fmt: skip
    callbacks.owe(
        conn,
        [
            Fact(id, Status(status), account, door, url, now, reason)
            for id, status, account, door, url in rows
        ],
    )
    return [receipts.Moved(id, Status.FAILED) for id in ids]


def _tell(
    conn: Connection, taken: Sequence[Job], connection: str, now: int, new_id: NewId
) -> list[receipts.Moved]:
    """Record what carriers inside this process have to tell by now; keep the rest for later."""
    told, rest = [], []
    for job in taken:
        waiting = []
        for due_at, receipt in _unpack(job.data):
            if due_at <= now:
                told.append(receipts.Told(new_id(), connection, receipt, now))
            else:
                waiting.append((due_at, receipt))
        if waiting:
            rest.append(job._replace(due_at=waiting[0][0], data=_pack(waiting)))
    moved = receipts.record(conn, told)
    jobs.put(conn, rest)
    return [move for move in moved if move]


def later_job(lane: str, message: str, later: Sequence[Later], now: int) -> Job:
    """The job that gives these receipts when their time comes."""
    due = [(now + int(item.after * 1e6), item.receipt) for item in later]
    return Job(message, "receipts", lane, min(at for at, _ in due), data=_pack(due))


class _Due(Struct, frozen=True, array_like=True):
    """A receipt that waits for its time, in microseconds."""

    at: int
    receipt: Receipt


_WAITING = Decoder(list[_Due])


def _pack(due: Sequence[tuple[int, Receipt]]) -> str:
    return json.encode(sorted(due, key=itemgetter(0))).decode()


def _unpack(data: str) -> list[tuple[int, Receipt]]:
    return sorted(((due.at, due.receipt) for due in _WAITING.decode(data)), key=itemgetter(0))
