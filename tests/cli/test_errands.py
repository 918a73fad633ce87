"""`errands`: what workflows still wait for."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forked
from tests.conftest import Server
from tests.doors.workflowgen.conftest import Flow, context
from tests.receiver import receiving


@pytest.fixture
def owing(tmp_path: Path) -> Iterator[Server]:
    """A server that owes three outcomes to an address at which nobody listens."""
    with receiving() as gone:
        url = gone.url
    server = Server(tmp_path / "home", environment={"ESTAFETTE_REPLY_ORIGINS": url})
    try:
        flow = Flow(server.start())
        for number in range(3):
            answer = flow.call(context(reply_to=f"{url}/{number}"), "/SENDMESSAGE?reply=async")
            assert answer.status == 202
        yield server
    finally:
        server.close()


def asked(server: Server, *words: str) -> str:
    done = forked.run(server.env, ("errands", *words))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_owed_is_listed_page_by_page(owing: Server) -> None:
    first = json.loads(asked(owing, "list", "--limit", "2", "--json"))
    rest = json.loads(asked(owing, "list", "--after", first["next"], "--json"))
    listed = [*first["items"], *rest["items"]]
    assert rest["next"] is None
    assert [item["id"] for item in listed] == sorted((i["id"] for i in listed), reverse=True)
    assert {item["to"] for item in listed} == {owing.environment["ESTAFETTE_REPLY_ORIGINS"]}
    shown = asked(owing, "list", "--limit", "2")
    assert f"more: estafette errands list --after {first['next']}" in shown
    assert listed[0]["id"] in asked(owing)
    assert json.loads(asked(owing, "list", "--given-up", "--json"))["items"] == []
