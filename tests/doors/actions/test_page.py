"""The examples of the page for people run as printed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Server
from tests.tables import ROOT

PAGE: str = (ROOT / "docs/how-to/actions.md").read_text()
FENCES = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
CURL = [text for language, text in FENCES if language == "sh" and text.startswith("curl")]
(PYTHON,) = (text for language, text in FENCES if language == "python")
(COMMANDS,) = (text for language, text in FENCES if language == "sh" and "action run" in text)


def run(command: list[str], server: Server, folder: Path) -> str:
    done = subprocess.run(
        command,
        env={**server.env, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("text", CURL)
def test_the_examples_for_curl(server: Server, tmp_path: Path, text: str) -> None:
    asked = text.replace("http://127.0.0.1:8080", server.url)
    said = run(["sh", "-ec", asked.replace("curl ", "curl -sS ", 1)], server, tmp_path)
    assert re.search(r"SM[0-9a-f]{32}", said), said


def test_the_example_in_python(server: Server, tmp_path: Path) -> None:
    assert run([sys.executable, "-c", PYTHON], server, tmp_path).startswith("SM")


@pytest.mark.slow
def test_the_examples_of_commands(server: Server, tmp_path: Path) -> None:
    inputs = {"TO": "+15558675310", "BODY": "x", "FROM": "+15017122661"}
    (tmp_path / "inputs.json").write_text(json.dumps(inputs))
    asked = COMMANDS.replace("estafette ", f"{sys.executable} -m estafette ")
    said = run(["sh", "-ec", asked], server, tmp_path)
    assert len(re.findall(r"SM[0-9a-f]{32}", said)) == 2
