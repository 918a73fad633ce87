"""The lines of the page of doors run as they are printed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from html import unescape

import pytest

from tests.browser import needs_chromium, violations
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.console.conftest import Guest, Look
from tests.doors.own.conftest import Own
from tests.tables import ROOT

NODE = ROOT / "tests/node/node_modules"


class Page:
    """The blocks of the page, by the id of their part and their label."""

    def __init__(self, html: str) -> None:
        parts = re.findall(r'<section class="card" id="([\w-]+)"(.*?)</section>', html, re.DOTALL)
        self.blocks = {
            id: {
                unescape(label): unescape(text)
                for label, text in re.findall(
                    r'<h3 class="label">(.*?)</h3>.*?<code>(.*?)</code>', part, re.DOTALL
                )
            }
            for id, part in parts
        }


@pytest.fixture(scope="module")
def doors(owner: Guest) -> Page:
    return Page(owner.get("/console/doors").html)


@pytest.fixture(scope="module")
def environment(home: Server, own: Own) -> dict[str, str]:
    """What the page asks to be set."""
    bearer = own.post("/keys", {"label": "doors"})["bearer"]
    bin = os.path.dirname(sys.executable)
    return {
        **home.env,
        "PATH": f"{bin}:{os.environ['PATH']}",
        "ESTAFETTE_AUTH_TOKEN": AUTH_TOKEN,
        "ESTAFETTE_API_KEY": bearer,
        "NODE_PATH": str(NODE),
    }


def run(environment: dict[str, str], *commands: Sequence[str]) -> list[str]:
    """What commands print that run side by side."""
    started = [
        subprocess.Popen(one, env=environment, stdout=subprocess.PIPE, text=True)
        for one in commands
    ]
    said = [one.communicate(timeout=60)[0] for one in started]
    assert [one.returncode for one in started] == [0] * len(started)
    return said


SHELL = {
    "curl": lambda said: said["sid"].startswith("SM"),
    "callbell": lambda said: said["message"]["status"] == "enqueued",
    "cloud-api": lambda said: said["messages"][0]["id"].startswith("wamid."),
    "workflowgen": lambda said: said["MESSAGE_SID"].startswith("SM"),
    "flow-action": lambda said: said["success"],
    "logic-apps": lambda said: said["status"],
    "api": lambda said: said["status"] in ("queued", "sending", "sent"),
}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("id", SHELL)
def test_what_is_printed_for_a_shell_runs(
    doors: Page, environment: dict[str, str], id: str
) -> None:
    line = doors.blocks[id]["In a shell"]
    (said,) = run(environment, ["bash", "-c", line.replace("curl ", "curl -sS ", 1)])
    assert SHELL[id](json.loads(said)), said


def test_what_is_printed_as_a_program_runs(doors: Page, environment: dict[str, str]) -> None:
    python, command = [sys.executable, "-c"], ["bash", "-c"]
    lines = [
        [*python, doors.blocks["twilio-python"]["Python"]],
        [*python, doors.blocks["cloud-api"]["pywa"]],
        [*command, doors.blocks["commands"]["In a shell"]],
    ]
    if (NODE / "twilio").exists():
        lines.append(["node", "-e", doors.blocks["twilio-node"]["JavaScript"]])
    twilio, pywa, sent, *javascript = run(environment, *lines)
    assert pywa.startswith("wamid.")
    for said in (twilio, sent, *javascript):
        assert said.startswith("SM")


def test_what_is_to_be_fetched_or_posted_is_there(
    doors: Page, owner: Guest, own: Own, home: Server
) -> None:
    for id, label in (("logic-apps", "Definition"), ("api", "OpenAPI")):
        address = doors.blocks[id][label]
        assert address.startswith(home.url)
        assert owner.ask("GET", address.removeprefix(home.url)).status == 200
    step = json.loads(doors.blocks["flow-action"]["A step"])
    assert step["params"]["sender_id"] == "106540352242922"


def test_no_secret_is_on_it_and_a_guess_is_called_one(owner: Guest, own: Own) -> None:
    html = owner.get("/console/doors").html
    assert AUTH_TOKEN not in html
    assert ACCOUNT_SID in html
    assert "This address is a guess" in html
    settings = {"base_url": "http://127.0.0.1:9", "account_sid": "AC1", "auth_token": "t0ken-9"}
    own.post("/connections", {"name": "a.b", "provider": "twilio", "settings": settings})
    html = owner.get("/console/doors").html
    assert "/in/twilio/a.b" in html
    assert "t0ken-9" not in html


@needs_chromium
@pytest.mark.asyncio(loop_scope="session")
async def test_lines_are_copied(look: Look) -> None:
    async with look("/console/doors#curl", language="fr", is_dark=True, width=390) as page:
        assert await violations(page) == []
        part = page.locator("#curl")
        await part.get_by_role("button", name="Copier").click()
        kept = await page.evaluate("navigator.clipboard.readText()")
        assert kept.startswith("curl -X POST")
