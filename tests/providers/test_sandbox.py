"""The sandbox: what its recipients do, and the ledger that remembers what it was offered."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from estafette.model import (
    Accepted,
    Channel,
    Declined,
    Misconfigured,
    Reason,
    Refused,
    Send,
    Status,
    Throttled,
    Unclear,
    Unreached,
)
from estafette.providers import Place, Provider, load, make, names, sandbox
from estafette.providers.sandbox import BEHAVIOUR, MAGIC, MAGIC_SENDER, Ledger, Sandbox
from tests.conftest import RECIPIENT, SENDER
from tests.providers.cases import HTTP, NODE, Case, Provides, answer, attempt_of, offer


class TestSandbox(Provides):
    """The cases that every provider must pass."""

    name = "sandbox"
    settings: ClassVar[dict[str, Any]] = {"delay": 0.1}
    wrong_secret: ClassVar[dict[str, Any]] = {"token": "hidden-word"}
    cases: ClassVar[dict[str, Case]] = {
        "anybody": Case(),
        "takes it and never tells": Case("+15005520200"),
        "tells twice": Case("+15005520202"),
        "tells in the wrong order": Case("+15005520205"),
        "is read": Case("+15005520207"),
        "refuses": Case("+15005520400", 1, Refused),
        "refuses what is outside the window": Case("+15005520470", 1, Refused),
        "takes it and does not answer": Case("+15005520408", 1, Unclear),
        "does neither": Case("+15005520504", 1, Unclear),
        "asks to come back": Case("+15005520429", 1, Throttled),
        "takes it the second time": Case("+15005520429", 2),
        "cannot be reached": Case("+15005520503", 1, Unreached, 0),
        "can be reached the second time": Case("+15005520503", 2),
        "can never be reached": Case("+15005520599", 9, Unreached, 0),
        "is not delivered": Case("+15005530003"),
        "is not delivered for a reason of nobody": Case("+15005539999"),
    }

    def requests(self, home: Path) -> int:
        files = (home / "sandbox").glob("*.log")
        return sum(len(file.read_text().splitlines()) for file in files)

    def test_every_recipient_that_is_documented_has_a_case(self) -> None:
        slow = {"+15005520102"}
        assert {case.recipient for case in self.cases.values()} >= set(BEHAVIOUR) - slow


#: Recipient: what is told how many delays after the answer.
TOLD: dict[str, list[tuple[float, Status]]] = {
    RECIPIENT: [(1, Status.DELIVERED)],
    "+15005520200": [],
    "+15005520202": [(1, Status.DELIVERED), (1, Status.DELIVERED)],
    "+15005520205": [(1, Status.DELIVERED), (1.5, Status.SENT)],
    "+15005520207": [(1, Status.DELIVERED), (2, Status.READ)],
    "+15005520408": [(1, Status.DELIVERED)],
    "+15005520504": [],
    "+15005520400": [],
    "+15005530003": [(1, Status.UNDELIVERED)],
}


@pytest.mark.parametrize("recipient", TOLD)
async def test_a_recipient_tells_what_is_documented(recipient: str) -> None:
    one = offer(recipient)
    found = await answer(Sandbox(delay=10), one)
    assert [(later.after / 10, later.receipt.status) for later in found.later] == TOLD[recipient]
    for later in found.later:
        assert (later.receipt.message, later.receipt.ref) == (one.message.id, f"SB{one.id}")


@pytest.mark.parametrize(
    ("code", "reason", "text"),
    [
        ("30003", Reason.UNREACHABLE, "Unreachable destination handset"),
        ("30005", Reason.UNKNOWN_HANDSET, "Unknown destination handset"),
        ("30006", Reason.LANDLINE, "Landline or unreachable carrier"),
        ("30007", Reason.BLOCKED, "Message filtered"),
        ("30008", Reason.OTHER, "Unknown error"),
        ("39999", Reason.OTHER, ""),
    ],
)
async def test_an_undelivered_message_says_why(code: str, reason: Reason, text: str) -> None:
    found = await answer(Sandbox(), offer(f"+150055{code}"))
    ((_, receipt),) = ((later.after, later.receipt) for later in found.later)
    assert (receipt.status, receipt.code) == (Status.UNDELIVERED, code)
    assert (receipt.reason, receipt.text) == (reason, text)


async def test_a_refusal_says_why() -> None:
    found = await answer(Sandbox(), offer("+15005520400"))
    assert isinstance(found, Refused)
    assert (found.code, found.reason, str(found)) == ("30007", Reason.BLOCKED, "Message filtered")


async def test_who_asks_to_come_back_says_when() -> None:
    found = await answer(Sandbox(), offer("+15005520429"))
    assert isinstance(found, Throttled)
    assert (found.code, found.retry_after) == ("429", 1)


@pytest.mark.parametrize(("recipient", "reason"), MAGIC.items())
def test_magic_recipients_are_declined_from_the_magic_sender_alone(
    recipient: str, reason: Reason
) -> None:
    def send(sender: str) -> Send:
        return Send(channel=Channel.SMS, sender=sender, recipient=recipient, body="Hi")

    with pytest.raises(Declined) as told:
        Sandbox().vet(send(MAGIC_SENDER))
    assert (told.value.reason, told.value.value) == (reason, recipient)
    Sandbox().vet(send(SENDER))


async def test_only_its_token_is_taken() -> None:
    with pytest.raises(Misconfigured) as told:
        await Sandbox(token="another").send(offer())
    assert told.value.code == "401"


# The ledger


async def opened(home: Path, node: str = NODE) -> Sandbox:
    provider = Sandbox()
    await provider.open(Place(home, node, HTTP))
    return provider


async def test_an_offer_that_was_seen_is_answered_again_as_it_was(tmp_path: Path) -> None:
    first = await opened(tmp_path)
    one = offer()
    answered = await first.send(one)
    await first.close()
    second = await opened(tmp_path, "node-2")
    assert await second.recall(attempt_of(one), one.message) == answered
    await second.close()


async def test_an_offer_that_was_never_seen_did_not_reach_it(tmp_path: Path) -> None:
    provider = await opened(tmp_path)
    one = offer()
    with pytest.raises(Unreached):
        await provider.recall(attempt_of(one), one.message)
    await provider.close()


async def test_a_process_of_another_machine_cannot_be_asked(tmp_path: Path) -> None:
    theirs = await opened(tmp_path / "theirs", "node-2")
    one = offer()
    await theirs.send(one)
    await theirs.close()
    ours = await opened(tmp_path / "ours")
    with pytest.raises(Unclear, match="machine"):
        await ours.recall(attempt_of(one, node="node-2"), one.message)
    await ours.close()


async def test_a_sandbox_that_was_not_opened_carries_and_remembers_nothing() -> None:
    provider = make("sandbox", {})
    one = offer()
    assert isinstance(await provider.send(one), Accepted)
    with pytest.raises(Unclear):
        await provider.recall(attempt_of(one), one.message)
    await provider.close()


async def test_an_offer_is_noted_before_it_is_answered(tmp_path: Path) -> None:
    provider = await opened(tmp_path)
    one = offer("+15005520408")
    assert isinstance(await answer(provider, one), Unclear)
    with pytest.raises(Unclear, match="no answer in time"):
        await provider.recall(attempt_of(one), one.message)
    await provider.close()


def test_a_full_ledger_is_begun_anew_and_the_one_before_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_LEDGER_SIZE", 40)
    ledger = Ledger(tmp_path, NODE)
    for n in range(8):
        ledger.note(f"attempt-{n}", "message")
    assert ledger.seen(NODE) == {f"attempt-{n}" for n in range(3, 8)}
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{NODE}.1.log", f"{NODE}.log"]
    ledger.close()


def test_a_ledger_goes_on_where_it_was(tmp_path: Path) -> None:
    for n in range(2):
        ledger = Ledger(tmp_path, NODE)
        ledger.note(f"attempt-{n}", "message")
        ledger.close()
    assert Ledger(tmp_path, "node-2").seen(NODE) == {"attempt-0", "attempt-1"}


# What is common to all


def test_providers_are_the_files_of_their_folder() -> None:
    folder = Path(sandbox.__file__).parent
    assert names() == sorted(
        path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")
    )
    assert all(issubclass(load(name), Provider) for name in names())


def test_a_name_without_a_file_is_no_provider() -> None:
    with pytest.raises(Misconfigured, match="there are: meta, sandbox, twilio"):
        load("smoke-signals")


async def test_a_provider_that_says_nothing_more_takes_nothing_and_knows_nothing(
    tmp_path: Path,
) -> None:
    class Bare(Provider):
        title = "Bare"
        channels = frozenset(Channel)

    bare, one = Bare(), offer()
    await bare.open(Place(tmp_path, NODE, HTTP))
    bare.vet(Send(channel=Channel.SMS, sender=SENDER, recipient=RECIPIENT))
    with pytest.raises(NotImplementedError):
        await bare.send(one)
    with pytest.raises(Unclear):
        await bare.recall(attempt_of(one), one.message)
    await bare.close()
