"""Who changed what: lines that stay, newest first, of one account."""

from estafette.model.session import Change
from tests.core.conftest import House


async def test_lines_are_kept_as_they_were(house: House) -> None:
    audit, account = house.app.core.audit, house.account.sid
    odd = {"when": house.account.created_at, "list": ("a", 1, None), "in": {"x": "\0y\ud800"}}
    made = await audit.note(
        account, actor="0" * 32, name="Jo\0", via="console", event="user.added", about="x" * 500, details=odd
    )  # fmt: skip
    (found,) = await audit.page(account)
    assert found == made
    assert isinstance(found, Change)
    assert (found.name, len(found.about)) == ("Jo", 201)
    assert found.details["list"] == ["a", 1, None]
    assert found.details["in"] == {"x": "y?"}


async def test_pages_and_groups(house: House) -> None:
    audit, account = house.app.core.audit, house.account.sid
    other, _ = await house.app.people.add_account("Another")
    for number in range(5):
        await audit.note(
            account, via="api", event=f"{('user', 'users')[number % 2]}.changed", about=str(number)
        )
    await audit.note(other.sid, via="cli", event="user.changed")
    first = await audit.page(account, limit=3)
    assert [item.about for item in first] == ["4", "3", "2"]
    second = await audit.page(account, limit=3, after=first[-1].id)
    assert [item.about for item in second] == ["1", "0"]
    assert [item.about for item in await audit.page(account, group="user")] == ["4", "2", "0"]
    assert await audit.page(account, group="us") == []
    assert len(await audit.page(other.sid)) == 1
