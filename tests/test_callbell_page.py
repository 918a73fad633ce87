"""docs/how-to/callbell.md runs as it is printed."""

import json
import re
import shutil
import subprocess

import pytest

from tests.conftest import Server
from tests.doors.callbell.conftest import bearer
from tests.doors.own.conftest import Own
from tests.tables import ROOT

PAGE = (ROOT / "docs/how-to/callbell.md").read_text()
EXAMPLES = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
ASKED = re.compile(r"status/[0-9a-f]{32}")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
def test_the_examples_run_as_printed(server: Server) -> None:
    key = bearer(Own(server)).removeprefix("Bearer ")
    found: list[str] = []
    for text in EXAMPLES:
        command = text.replace("http://127.0.0.1:8080", server.url)
        if found:  # the page asks after the message before
            command = ASKED.sub(f"status/{found[-1]}", command)
        # Nothing is asked of the world outside for the picture.
        command = command.replace("https://example.com/", "http://127.0.0.1:9/")
        done = subprocess.run(
            ["sh", "-ec", command], env={**server.env, "ESTAFETTE_API_KEY": key},
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        message = json.loads(done.stdout)["message"]
        assert message["status"] in ("enqueued", "sent", "delivered")
        found.append(message["uuid"])
    assert len(found) == 6
    assert set(message) >= {"contact", "conversation", "metadata"}
