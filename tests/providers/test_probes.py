"""Asking a carrier whether it takes our settings: one harmless request, and what comes of it."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from estafette.http import Http
from estafette.model import (
    Misconfigured,
    Refused,
    SendError,
    Throttled,
    Unclear,
    Unreached,
)
from estafette.model.fact import NAMES, Fact
from estafette.providers import Place, load, make, names
from tests.carrier import Carrier, carrying

SID = "AC" + "7" * 32
TWILIO = {"account_sid": SID, "auth_token": "a-token-of-twilio"}
META = {"token": "a-token-of-meta"}
NUMBERS = {"data": [{"id": "1", "display_phone_number": "+1 415", "verified_name": "Shop"}, 7]}


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    with carrying() as found:
        yield found


async def asked(name: str, settings: dict[str, Any], home: Path) -> Sequence[Fact] | SendError:
    provider, http = make(name, settings), Http(allows_private=True)
    await provider.open(Place(home, "node-1", http))
    try:
        return await provider.probe()
    except SendError as error:
        return error
    finally:
        await provider.close()
        await http.close()


async def test_twilio_is_asked_for_the_account(carrier: Carrier, tmp_path: Path) -> None:
    account = {"sid": SID, "friendly_name": "Ours", "type": "Full", "status": "active"}
    carrier.says(200, account)
    found = await asked("twilio", {**TWILIO, "base_url": carrier.url}, tmp_path)
    assert found == [
        Fact("name", "Ours"), Fact("account", SID), Fact("kind", "Full"), Fact("status", "active"),
    ]  # fmt: skip
    method, path, _ = carrier.asked[-1]
    assert (method, path) == ("GET", f"/2010-04-01/Accounts/{SID}.json")


async def test_twilio_is_asked_for_numbers_by_a_key(carrier: Carrier, tmp_path: Path) -> None:
    carrier.says(200, {"incoming_phone_numbers": [{"phone_number": "+14155550100"}, None]})
    key = {"key_sid": "SK1", "key_secret": "of-the-key", "base_url": carrier.url}
    assert await asked("twilio", {**TWILIO, **key}, tmp_path) == [Fact("number", "+14155550100")]
    method, path, _ = carrier.asked[-1]
    assert (method, path.partition("?")[0]) == (
        "GET", f"/2010-04-01/Accounts/{SID}/IncomingPhoneNumbers.json",
    )  # fmt: skip


async def test_meta_is_asked_for_the_numbers_of_the_account(
    carrier: Carrier, tmp_path: Path
) -> None:
    carrier.says(200, NUMBERS)
    settings = {**META, "waba_id": "42", "base_url": carrier.url}
    assert await asked("meta", settings, tmp_path) == [Fact("number", "+1 415 · Shop")]
    method, path, shown = carrier.asked[-1]
    assert (method, path.partition("?")[0]) == ("GET", "/v23.0/42/phone_numbers")
    assert shown == "Bearer a-token-of-meta"


async def test_meta_is_asked_who_the_token_is_where_no_account_is_known(
    carrier: Carrier, tmp_path: Path
) -> None:
    carrier.says(200, {"id": "9", "name": "A system user"})
    settings = {**META, "base_url": carrier.url}
    assert await asked("meta", settings, tmp_path) == [
        Fact("name", "A system user"), Fact("account", "9"),
    ]  # fmt: skip
    nobody = {"error": {"code": 100, "error_subcode": 33, "message": "me does not exist"}}
    carrier.says(400, nobody)
    assert await asked("meta", settings, tmp_path) == ()
    assert isinstance(await asked("meta", {**settings, "waba_id": "1"}, tmp_path), Refused)


@pytest.mark.parametrize(
    ("status", "said", "comes_to"),
    [
        (401, {"code": 20003, "message": "Authenticate"}, Misconfigured),
        (403, "<html>no</html>", Misconfigured),
        (429, "slow down", Throttled),
        (503, "", Unclear),
        (200, "<html>welcome</html>", Unclear),
        (200, [], Unclear),
        (307, "", Unclear),
    ],
)
@pytest.mark.parametrize("name", ["twilio", "meta"])
async def test_what_else_is_answered_is_told(
    carrier: Carrier, tmp_path: Path, name: str, status: int, said: Any, comes_to: type[SendError]
) -> None:
    if name == "meta" and status == 401:
        said = {"error": {"code": 190, "message": "Malformed access token a-token-of-meta"}}
    carrier.says(status, said)
    settings = {"twilio": TWILIO, "meta": META}[name]
    before = len(carrier.asked)
    found = await asked(name, {**settings, "base_url": carrier.url}, tmp_path)
    assert isinstance(found, comes_to), found
    assert "a-token-of" not in str(found)
    assert len(carrier.asked) == before + 1


@pytest.mark.parametrize("name", ["twilio", "meta"])
async def test_a_carrier_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    settings = {"twilio": TWILIO, "meta": META}[name]
    assert isinstance(
        await asked(name, {**settings, "base_url": "http://127.0.0.1:9"}, tmp_path), Unreached
    )


async def test_the_sandbox_answers_at_once(tmp_path: Path) -> None:
    assert await asked("sandbox", {}, tmp_path) == (Fact("name", "Sandbox"),)
    assert isinstance(await asked("sandbox", {"token": "other"}, tmp_path), Misconfigured)


@pytest.mark.parametrize("name", names())
def test_every_setting_says_what_it_is(name: str) -> None:
    for one in (one for one in fields(load(name)) if one.init):
        assert one.metadata["label"]
        assert one.metadata["hint"].endswith((".", "…"))
    assert len(set(NAMES)) == len(NAMES)
