"""The page of this door lists what is served, and the page for its users runs as printed."""

import re
import subprocess
import sys

import pytest

from estafette.doors.whatsapp.messages import Messages
from estafette.doors.whatsapp.routes import PARTS
from tests.conftest import Server
from tests.doors.own.conftest import Own
from tests.tables import ROOT

PAGE = ROOT / "estafette/doors/whatsapp/README.md"
GUIDE = ROOT / "docs/how-to/cloud-api.md"
_ROW = re.compile(r"^\| (GET|POST|DELETE) \| (/\S+?)[,` ]", re.MULTILINE)
_HOLE = re.compile(r"\{\w+\}")


def bare(path: str) -> str:
    """A path whose holes have no names."""
    return _HOLE.sub("{}", path)


def test_the_page_lists_what_is_served() -> None:
    served = {(method, bare(path)) for part in PARTS for method, path, _ in part.TABLE}
    listed = {(method, bare(path)) for method, path in _ROW.findall(PAGE.read_text())}
    assert listed <= served
    assert {(method, bare(path)) for method, path, _ in Messages.TABLE} <= listed


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def run(command: list[str], server: Server, token: str) -> str:
    env = {**server.env, "ESTAFETTE_API_KEY": token}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


@pytest.mark.parametrize("at", range(len(examples("sh"))))
def test_what_is_printed_for_a_shell_runs(at: int, server: Server, token: str, own: Own) -> None:
    text = examples("sh")[at].replace("http://127.0.0.1:8080", server.url)
    found = re.search(r'"id":"(wamid\.[^"]+)"', run(["sh", "-ec", text], server, token))
    assert found
    assert own.get(f"/messages/{found[1]}")["door"] == "whatsapp"


def test_what_is_printed_for_pywa_runs(server: Server, token: str, own: Own) -> None:
    (text,) = examples("python")
    text = text.replace("port=8080", f"port={server.port}").replace("127.0.0.1:8080", "127.0.0.1")
    sent = run([sys.executable, "-W", "ignore", "-c", text], server, token).strip()
    assert own.get(f"/messages/{sent}")["body"] == "Tea is ready"
