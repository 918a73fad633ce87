"""`estafette.actions.run`: from Python, in any thread, beside an event loop."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from estafette import actions
from estafette.actions import BadInputs, Failed
from estafette.model import Unknown
from estafette.runs import Outcome
from tests.conftest import SENDER, Server
from tests.doors.actions.conftest import Caller

TO = "+14155550192"


@pytest.fixture
def home(shared_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The home of a running server: both work on it at once."""
    for name, value in shared_server.env.items():
        monkeypatch.setenv(name, value)
    return shared_server


def send(**more: object) -> Outcome:
    given = {"TO": TO, "BODY": "Your parcel is here", "FROM": SENDER}
    found = actions.run("SENDMESSAGE", **{**given, **more})  # type: ignore[arg-type]
    assert isinstance(found, Outcome)
    return found


def test_a_run_gives_its_outputs(home: Server) -> None:
    found = send()
    assert found.ok
    assert found.failure is None
    assert found.MESSAGE_SID == found["MESSAGE_SID"] == found.outputs["MESSAGE_SID"]
    assert found.MESSAGE_SID.startswith("SM")
    assert dict(found) == found.outputs
    assert list(found) == ["MESSAGE_SID", "ERROR_MESSAGE", "ERROR_CODE"]
    assert "MESSAGE_SID" in repr(found)
    with pytest.raises(AttributeError, match="COLOUR"):
        _ = found.COLOUR
    with pytest.raises(KeyError):
        _ = found["COLOUR"]


def test_it_equals_what_http_answers(home: Server) -> None:
    found = send(idempotency_key="python/1")
    given = {"TO": TO, "BODY": "Your parcel is here", "FROM": SENDER}
    over_http = Caller(home).call(body=json.dumps(given), Idempotency_Key="python/1")
    assert found == over_http.members
    assert send(TO="1555") == Caller(home).run(**{**given, "TO": "1555"}).members


def test_a_failure_is_told_or_raised(home: Server) -> None:
    found = send(TO="1555")
    assert not found.ok
    assert found.failure is not None
    assert found.ERROR_CODE == found.failure.code == "21211"
    with pytest.raises(Failed) as told:
        send(TO="1555", raise_on_error=True)
    assert told.value.code == "21211"
    assert send(raise_on_error=True, mask_output=True).ok


def test_bad_input_is_raised(home: Server) -> None:
    for inputs in ({"COLOUR": "red"}, {"TO": {}}, {"TO": "\0"}, {"TO": float("inf")}):
        with pytest.raises(BadInputs):
            actions.run("SENDMESSAGE", **inputs)
    with pytest.raises(BadInputs):
        send(idempotency_key="x" * 256)
    with pytest.raises(Unknown):
        actions.run("NOTHING")
    with pytest.raises(Unknown):
        send(account="AC" + "0" * 32)


def test_it_runs_beside_an_event_loop(home: Server) -> None:
    async def work() -> list[Outcome]:
        inside = send()
        return [inside, *await asyncio.gather(*(asyncio.to_thread(send) for _ in range(3)))]

    assert all(found.ok for found in asyncio.run(work()))


def test_it_runs_in_several_threads(home: Server) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: send(), range(12)))
    assert len({outcome.MESSAGE_SID for outcome in found}) == 12


def test_a_new_home_is_filled_once_by_several_threads(tmp_path: Path, home: Server) -> None:
    program = (
        "import estafette.actions as actions\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        f"ask = lambda _: actions.run('SENDMESSAGE', TO={TO!r}, BODY='x', FROM={SENDER!r})\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    print([dict(found) for found in pool.map(ask, range(4))])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={**home.env, "ESTAFETTE_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("'MESSAGE_SID': 'SM") == 4
    assert "Traceback" not in done.stderr


def test_only_who_asks_for_it_imports_it() -> None:
    program = (
        "import sys, estafette.actions as actions\n"
        "actions.actions(); assert 'estafette.app' not in sys.modules\n"
        "assert not hasattr(actions, 'nothing')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
