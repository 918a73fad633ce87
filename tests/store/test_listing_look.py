"""Lists that look at few messages for each page: short pages, and nothing lost between them."""

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from estafette.model import Cursor, Direction, Filter, Message, Status
from estafette.model.ids import first_id, made_at
from estafette.model.message import Going, Looked
from estafette.store import listing
from tests.store.conftest import ACCOUNT, NOON, message
from tests.store.test_listing import RECIPIENTS, SENDERS, SPREADS, START, insert, plain, some

WORDS = ["Straße", "ÉCOLE", "école", "100 %", "a_b", "\\", "Ωμέγα", "你好", "[x]", "*?", "x]y^-"]


def all_kinds(rng: random.Random, count: int) -> list[Message]:
    """Messages both ways, with texts, some of them redacted."""
    found = []
    for one in some(rng, count):
        said = replace(one, body=rng.choice(WORDS), redacted=rng.random() < 0.1)
        if rng.random() < 0.4:
            said = replace(
                said,
                direction=Direction.INBOUND,
                sender=rng.choice(RECIPIENTS),
                recipient=rng.choice(SENDERS),
            )
        found.append(said)
    return found


def some_filter(rng: random.Random) -> Filter:
    def maybe(value: object, nothing: object = None) -> object:
        return value if rng.random() < 0.35 else nothing

    at = START + rng.choice(SPREADS) * rng.random()
    return Filter(
        party=maybe(rng.choice([*RECIPIENTS, SENDERS[0], "+14155559999"]), ""),  # type: ignore[arg-type]
        sender=maybe(rng.choice([*SENDERS, RECIPIENTS[0]]), ""),  # type: ignore[arg-type]
        recipient=maybe(rng.choice([*RECIPIENTS, *SENDERS]), ""),  # type: ignore[arg-type]
        direction=maybe(rng.choice(list(Going))),  # type: ignore[arg-type]
        status=maybe(rng.choice([Status.SENT, Status.DELIVERED, Status.FAILED])),  # type: ignore[arg-type]
        created_from=maybe(at),  # type: ignore[arg-type]
        created_until=maybe(at + rng.choice(SPREADS) * rng.random()),  # type: ignore[arg-type]
        sent_from=maybe(at) if rng.random() < 0.4 else None,  # type: ignore[arg-type]
        text=maybe(rng.choice(WORDS), ""),  # type: ignore[arg-type]
    )


def wanted(stored: Sequence[Message], filter: Filter) -> list[str]:
    by_id = {one.id: one for one in stored}
    older = replace(filter, direction=None)

    def fits(one: Message) -> bool:
        is_inbound = one.direction is Direction.INBOUND
        directions = {str(one.direction), "inbound" if is_inbound else "outbound"}
        return (
            filter.party in ("", one.sender, one.recipient)
            and (not filter.direction or filter.direction in directions)
            and (not filter.created_from or one.id >= first_id(filter.created_from))
            and (not filter.created_until or one.id < first_id(filter.created_until))
            and (not filter.text or (not one.redacted and filter.text.lower() in one.body.lower()))
        )

    return [id for id in plain(stored, older) if fits(by_id[id])]


def walk(conn: Connection, filter: Filter, limit: int, most: int | None) -> list[Looked]:
    pages: list[Looked] = []
    cursor: Cursor | None = None
    while not pages or cursor:
        assert len(pages) < 500
        page = listing.look(conn, ACCOUNT, filter, limit=limit, cursor=cursor, most=most)
        assert len(page.items) <= limit
        if page.upto:
            assert len(page.items) < limit
            assert page.older
        pages.append(page)
        cursor = page.older
    return pages


@pytest.mark.parametrize("seed", range(6))
def test_short_pages_leave_nothing_out_both_ways(conn: Connection, seed: int) -> None:
    rng = random.Random(seed)
    stored = all_kinds(rng, rng.choice([1, 40, 120]))
    insert(conn, stored, filed=rng.randrange(len(stored) + 1))
    for _ in range(12):
        filter, limit = some_filter(rng), rng.choice([1, 3, 10, 50])
        most = rng.choice([1, 4, 30, 1000, None])
        expected = wanted(stored, filter)
        pages = walk(conn, filter, limit, most)
        assert [item.id for page in pages for item in page.items] == expected, filter
        back: list[str] = []
        cursor = pages[-1].newer
        last = [item.id for item in pages[-1].items]
        while cursor:
            page = listing.look(conn, ACCOUNT, filter, limit=limit, cursor=cursor, most=most)
            back = [item.id for item in page.items] + back
            cursor = page.newer
        assert back + last == expected, filter


CASES = [
    ("école", "Une ÉCOLE", True),
    ("ÉCOLE", "une école", True),
    ("ecole", "école", False),
    ("hi THERE", "well, Hi there!", True),
    ("ωμέγα", "ΩΜΈΓΑ", True),
    ("привет", "ПРИВЕТ", True),
    ("100%", "100%", True),
    ("100%", "1000", False),
    ("a_b", "a_b", True),
    ("a_b", "axb", False),
    ("\\d", "a\\d", True),
    ("\\d", "7", False),
    ("é*[a]?", "É*[A]?", True),
    ("é*", "été", False),
    ("é.", "ét", False),
    ("你好", "说你好吗", True),
    ("straße", "STRAßE", True),
    ("👍🏽 é", "ok 👍🏽 É", True),
    ("é]", "[É]", True),
    ("^é-", "^É-", True),
]


@pytest.mark.parametrize(("asked", "body", "is_found"), CASES)
def test_a_text_is_found_whatever_its_case(
    conn: Connection, asked: str, body: str, is_found: bool
) -> None:
    insert(conn, [message(body=body), message(body=body, redacted=True)])
    page = listing.look(conn, ACCOUNT, Filter(text=asked), limit=5)
    assert [item.redacted for item in page.items] == [False] * is_found


def test_where_looking_ended_is_told(conn: Connection) -> None:
    stored = [message(NOON + timedelta(seconds=n)) for n in range(30)]
    insert(conn, stored)
    page = listing.look(conn, ACCOUNT, Filter(text="nobody"), limit=5, most=10)
    assert not page.items
    assert page.older == Cursor(stored[20].id)
    assert page.upto == made_at(stored[20].id)
    assert listing.look(conn, ACCOUNT, Filter(), limit=5, most=3).upto is None
