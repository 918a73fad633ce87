"""Numbered pages against a plain filter and sort of the same messages."""

import random

import pytest
from sqlalchemy import Connection

from estafette.model import Filter
from estafette.store import numbered, recipients
from tests.store.conftest import ACCOUNT
from tests.store.test_listing import RECIPIENTS, insert, plain, some, some_filter


@pytest.mark.parametrize("seed", range(8))
def test_pages_hold_what_a_plain_filter_and_sort_gives_by_their_numbers(
    conn: Connection, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "_BUCKETS_AT_ONCE", 3)
    rng = random.Random(seed)
    stored = some(rng, rng.choice([0, 1, 30, 120]))
    insert(conn, stored, filed=rng.randrange(len(stored) + 1))
    for _ in range(8):
        filter, size = some_filter(rng), rng.choice([1, 2, 5, 7, 50, 1000])
        wanted = plain(stored, filter)
        assert numbered.count(conn, ACCOUNT, filter) == len(wanted)
        pages = len(wanted) // size + 2
        for page in rng.sample(range(pages), min(pages, 8)):
            found = numbered.page(conn, ACCOUNT, filter, limit=size, skip=page * size)
            assert [one.id for one in found] == wanted[page * size :][:size]


def test_far_beyond_the_last_page_there_is_nothing(conn: Connection) -> None:
    insert(conn, some(random.Random(3), 30))
    for filter in (Filter(), Filter(recipient=RECIPIENTS[0])):
        assert numbered.page(conn, ACCOUNT, filter, limit=1000, skip=2**31 * 1000) == []
