"""The desk: users, teams, and the words that they use; told of in the transaction that changes them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from sqlalchemy import Connection as Conn
from sqlalchemy import select

from estafette.core.clock import utc_now
from estafette.core.desk import Desk
from estafette.model import Account, BadValue, Conflict, Subscription, Unknown
from estafette.model.desk import FieldKind
from estafette.model.ids import instant, new_id
from estafette.model.notice import Event
from estafette.store import Store, accounts, subscriptions
from estafette.store.schema import conversations, notices
from tests.databases import KINDS, emptied

BEFORE = datetime(2026, 5, 4, 12, tzinfo=UTC)
MINE, OTHER = "AC" + "1" * 32, "AC" + "2" * 32


@pytest.fixture(params=KINDS)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return emptied(request, tmp_path)


@pytest.fixture
async def store(where: str) -> AsyncIterator[Store]:
    found = await Store.open(where)
    for sid in (MINE, OTHER):
        owner = Account(sid=sid, name=sid, created_at=BEFORE, updated_at=BEFORE)
        await found.write(partial(accounts.add, account=owner, token_sealed=""))
    yield found
    await found.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store, utc_now)


async def told(store: Store) -> list[tuple[str, str, dict[str, Any]]]:
    """What somebody was to be told, in order: event, about whom, and how things were."""
    rows = await store.read(lambda conn: conn.execute(select(notices).order_by("id")).fetchall())
    return [(row.event, row.about, json.decode(row.facts)) for row in rows]


async def listen(store: Store) -> None:
    """Somebody wants to be told everything that happens to users and teams."""
    now = utc_now()
    item = Subscription(
        id=new_id(now),
        account=MINE,
        door="callbell",
        event=f"{Event.AGENT_STATUS},{Event.TEAM_MEMBERSHIP}",
        url="https://customer.example/told",
        details={},
        created_at=now,
        updated_at=now,
    )
    await store.write(lambda conn: subscriptions.add(conn, item, ""))


async def test_a_user_is_known_by_their_address_in_capitals_or_not(desk: Desk) -> None:
    made = await desk.add_user(MINE, email=" Jo@Example.COM ", name="Jo", role="agent")
    assert (made.email, made.name, made.role, made.available) == (
        "jo@example.com",
        "Jo",
        "agent",
        True,
    )
    assert await desk.user(MINE, made.id) == made
    assert await desk.user_by_email(MINE, "JO@example.com") == made
    assert await desk.user_by_email(MINE, "nobody") is None
    assert await desk.user_by_email(OTHER, "jo@example.com") is None
    assert await desk.users(MINE) == [made]
    with pytest.raises(Conflict):
        await desk.add_user(MINE, email="jo@EXAMPLE.com")
    theirs = await desk.add_user(OTHER, email="jo@example.com")
    for asked in (
        desk.user(MINE, theirs.id),
        desk.change_user(MINE, theirs.id, name="x"),
        desk.remove_user(MINE, theirs.id),
    ):
        with pytest.raises(Unknown):
            await asked


@pytest.mark.parametrize(
    "email",
    ["", "jo", "jo@", "@example.com", "a b@example.com", "a@b@c", "a@b\n", "\ud800@b.c", "x" * 300],
)
async def test_what_is_no_address_is_no_users(desk: Desk, email: str) -> None:
    if email == "a@b\n":  # what stands around it is dropped
        assert (await desk.add_user(MINE, email=email)).email == "a@b"
        return
    with pytest.raises(BadValue) as error:
        await desk.add_user(MINE, email=email)
    assert error.value.field == "email"


async def test_an_account_begins_with_one_team_that_stays(desk: Desk) -> None:
    first, again = await asyncio.gather(desk.teams(MINE), desk.teams(MINE))
    assert first == again
    assert [(team.name, team.is_default, team.members) for team in first] == [("General", True, 0)]
    assert first[0].created_at == BEFORE
    with pytest.raises(Conflict):
        await desk.remove_team(MINE, first[0].id)
    with pytest.raises(Conflict):
        await desk.change_team(MINE, first[0].id, is_default=False)
    renamed = await desk.change_team(MINE, first[0].id, name="All")
    assert (renamed.name, renamed.is_default) == ("All", True)
    other = await desk.add_team(MINE, name="Sales", is_default=True)
    assert [(team.name, team.is_default) for team in await desk.teams(MINE)] == [
        ("Sales", True),
        ("All", False),
    ]
    await desk.remove_team(MINE, first[0].id)
    assert await desk.teams(MINE) == [other]


async def test_two_processes_make_one_first_team_and_one_user(where: str, desk: Desk) -> None:
    there = await Store.open(where)
    try:
        two = Desk(there, utc_now)
        teams = await asyncio.gather(*(one.teams(MINE) for one in (desk, two) for _ in range(3)))
        assert all(found == teams[0] for found in teams)
        asked = [one.add_user(MINE, email="jo@example.com") for one in (desk, two)]
        done = await asyncio.gather(*asked, return_exceptions=True)
        assert len(await desk.users(MINE)) == 1
        assert sum(isinstance(one, Conflict) for one in done) == 1
    finally:
        await there.close()


async def test_the_members_of_a_team(desk: Desk, store: Store) -> None:
    jo, ann = [await desk.add_user(MINE, email=f"{name}@example.com") for name in ("jo", "ann")]
    await listen(store)
    team = await desk.add_team(MINE, name="Support", members=["JO@example.com", "jo@example.com"])
    assert team.members == 1
    assert await desk.members(MINE, team.id) == [jo]
    assert await desk.is_member(MINE, team.id, jo.id)
    assert not await desk.is_member(MINE, team.id, ann.id)
    moved = await desk.change_team(MINE, team.id, members=["ann@example.com"])
    assert moved.members == 1
    assert await desk.team(MINE, team.id) == moved
    assert await desk.crews(MINE) == {team.id: [ann]}
    with pytest.raises(BadValue) as error:
        await desk.change_team(MINE, team.id, name="x", members=["nobody@example.com"])
    assert error.value.field == "members"
    assert await desk.team(MINE, team.id) == moved
    await desk.remove_user(MINE, ann.id)
    assert (await desk.team(MINE, team.id)).members == 0
    said = [
        (event, about, facts["reason"], facts["user"]["email"], facts["team"]["members"])
        for event, about, facts in await told(store)
    ]
    assert said == [
        (Event.TEAM_MEMBERSHIP, team.id, reason, f"{name}@example.com", members)
        for reason, name, members in (
            ("agent_added", "jo", 1),
            ("agent_removed", "jo", 1),
            ("agent_added", "ann", 1),
            ("agent_removed", "ann", 0),
        )
    ]


async def test_what_a_user_says_of_themselves_is_told_once(desk: Desk, store: Store) -> None:
    user = await desk.add_user(MINE, email="jo@example.com")
    lunch = await desk.add_status(MINE, name="Lunch", emoji="🍙")
    await listen(store)
    away = await desk.change_user(MINE, user.id, available=False, status=lunch.id)
    assert (away.available, away.status) == (False, lunch.id)
    assert away.available_at == away.status_at > user.available_at
    again = await desk.change_user(MINE, user.id, available=False, name="Jo")
    assert again.available_at > away.available_at
    assert (again.status_at, again.name) == (away.status_at, "Jo")
    await desk.remove_status(MINE, lunch.id)
    assert (await desk.user(MINE, user.id)).status == ""
    with pytest.raises(BadValue):
        await desk.change_user(MINE, user.id, status=lunch.id)
    theirs = await desk.add_status(OTHER, name="Theirs")
    with pytest.raises(BadValue):
        await desk.change_user(MINE, user.id, status=theirs.id)
    said = [
        (event, about, facts["user"]["available"], facts["status"] and facts["status"]["name"])
        for event, about, facts in await told(store)
    ]
    assert said == [
        (Event.AGENT_STATUS, user.id, False, "Lunch"),
        (Event.AGENT_STATUS, user.id, False, None),
    ]


async def test_nothing_is_kept_of_what_nobody_wants_to_be_told(desk: Desk, store: Store) -> None:
    user = await desk.add_user(MINE, email="jo@example.com")
    await desk.change_user(MINE, user.id, available=False)
    assert await told(store) == []


async def test_what_is_removed_looks_after_nothing(desk: Desk, store: Store) -> None:
    user = await desk.add_user(MINE, email="jo@example.com")
    team = await desk.add_team(MINE, name="Support", members=["jo@example.com"])
    funnel = await desk.add_funnel(MINE, name="Interest")
    parts = {"assignee": user.id, "team": team.id, "funnel": funnel.id}
    await store.write(lambda conn: _converse(conn, MINE, utc_now(), **parts))
    await store.write(lambda conn: _converse(conn, OTHER, utc_now(), **parts))
    await desk.remove_user(MINE, user.id)
    assert await _looked_after(store) == {
        MINE: ("", team.id, funnel.id),
        OTHER: tuple(parts.values()),
    }
    await desk.remove_team(MINE, team.id)
    await desk.remove_funnel(MINE, funnel.id)
    assert await _looked_after(store) == {MINE: ("", "", ""), OTHER: tuple(parts.values())}


async def _looked_after(store: Store) -> dict[str, tuple[str, ...]]:
    rows = await store.read(lambda conn: conn.execute(select(conversations)).fetchall())
    return {row.account: (row.assignee, row.team, row.funnel) for row in rows}


def _converse(conn: Conn, account: str, now: datetime, **parts: str) -> None:
    at = instant(now)
    times = dict.fromkeys(("opened_at", "created_at", "updated_at"), at)
    id = new_id(now)
    row = {"id": id, "account": account, "contact": id, "sender": "s", **times, **parts}
    conn.execute(conversations.insert().values(**row))


async def test_tags_are_one_word_in_capitals_or_not(desk: Desk) -> None:
    tag = await desk.add_tag(MINE, name=" VIP ")
    assert tag.name == "VIP"
    with pytest.raises(Conflict):
        await desk.add_tag(MINE, name="vip")
    assert (await desk.change_tag(MINE, tag.id, name="Vip")).name == "Vip"
    other = await desk.add_tag(MINE, name="New")
    with pytest.raises(Conflict):
        await desk.change_tag(MINE, other.id, name="vIP")
    assert [item.name for item in await desk.tags(MINE)] == ["Vip", "New"]
    await desk.remove_tag(MINE, tag.id)
    with pytest.raises(Unknown):
        await desk.tag(MINE, tag.id)


async def test_a_field_has_options_where_something_is_chosen(desk: Desk) -> None:
    size = await desk.add_field(MINE, name="Size", kind=FieldKind.DROPDOWN, options=["S", "M", "S"])
    assert (size.kind, size.options) == (FieldKind.DROPDOWN, ("S", "M"))
    assert await desk.field(MINE, size.id) == size
    for kind, options in ((FieldKind.CHECKBOX, []), (FieldKind.DATE, ["x"])):
        with pytest.raises(BadValue):
            await desk.add_field(MINE, name="Other", kind=kind, options=options)
    with pytest.raises(Conflict):
        await desk.add_field(MINE, name="Size")
    many = await desk.change_field(MINE, size.id, kind=FieldKind.CHECKBOX)
    assert many.options == ("S", "M")
    plain = await desk.change_field(MINE, size.id, kind=FieldKind.TEXT, name="Height")
    assert (plain.name, plain.options) == ("Height", ())
    with pytest.raises(BadValue):
        await desk.change_field(MINE, size.id, kind=FieldKind.DROPDOWN)
    await desk.remove_field(MINE, size.id)
    assert await desk.fields(MINE) == []


async def test_a_stage_stands_behind_the_others_unless_it_is_said(desk: Desk) -> None:
    for name in ("Awareness", "Interest"):
        await desk.add_funnel(MINE, name=name, emoji="🧘‍♂️")
    first = await desk.add_funnel(MINE, name="Cold", position=0)
    assert [(item.name, item.position) for item in await desk.funnels(MINE)] == [
        ("Cold", 0),
        ("Awareness", 1),
        ("Interest", 2),
    ]
    assert (await desk.change_funnel(MINE, first.id, position=9)).position == 9
    assert [item.name for item in await desk.funnels(MINE)][-1] == "Cold"


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "a\nb", "\ud800", "x" * 201])
async def test_a_name_stands_in_one_line(desk: Desk, name: str) -> None:
    for asked in (
        desk.add_tag(MINE, name=name),
        desk.add_field(MINE, name=name),
        desk.add_status(MINE, name=name),
        desk.add_funnel(MINE, name=name),
        desk.add_team(MINE, name=name),
    ):
        with pytest.raises(BadValue):
            await asked
