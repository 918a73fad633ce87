"""The demo: a server on an empty home, one SMS by Twilio's Python library and one by curl.

`make demo` runs it. It needs no carrier and no account anywhere: the sandbox carries the
messages. It ends the server and removes the home, whatever happens.
"""

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from rich.console import Console
from twilio.rest import Client  # type: ignore[import-untyped]

SENDER = "+15017122661"
RECIPIENT = "+15558675310"
DELAY = 1  # seconds until the sandbox delivers: long enough to see each status
PATIENCE = 30  # seconds for the server to start, and for a message to be delivered
FINAL = {"delivered", "undelivered", "failed", "canceled"}

console = Console(highlight=False, soft_wrap=True)


class Failed(Exception):
    """The demo cannot go on."""


@dataclass
class Server:
    """`estafette serve` in a process group of its own."""

    home: Path
    account_sid: str
    auth_token: str
    process: subprocess.Popen[bytes]
    url: str = ""

    @property
    def messages(self) -> str:
        """Where messages are created."""
        return f"{self.url}/2010-04-01/Accounts/{self.account_sid}/Messages.json"

    def wait_until_ready(self) -> None:
        """Learn where it listens, then ask until it is ready."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed("the server ended by itself")
            found = re.search(r"listens on (http://\S+)", self.log())
            self.url = found[1] if found else ""
            if self.url and self._is_ready():
                return
            time.sleep(0.05)
        raise Failed(f"the server was not ready within {PATIENCE} seconds")

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                return True
        except OSError:
            return False

    def log(self) -> str:
        """What it said so far."""
        return (self.home / "serve.log").read_text(errors="replace")

    def command(self, *words: str) -> str:
        """What an `estafette` command on the same home prints."""
        return subprocess.run(
            [sys.executable, "-m", "estafette", *words],
            env=_environment(self.home), capture_output=True, text=True, check=True, timeout=30,
        ).stdout  # fmt: skip

    def stop(self) -> None:
        """End it as an orchestrator does, and by force where that takes too long."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server on an empty home, for as long as this is open."""
    with tempfile.TemporaryDirectory(prefix="estafette-demo-") as folder:
        home = Path(folder)
        account_sid, auth_token = f"AC{secrets.token_hex(16)}", secrets.token_hex(16)
        known = {"ESTAFETTE_ACCOUNT_SID": account_sid, "ESTAFETTE_AUTH_TOKEN": auth_token}
        with (home / "serve.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "estafette", "serve", "--port", "0"],
                env=_environment(home) | known,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        server = Server(home, account_sid, auth_token, process)
        try:
            server.wait_until_ready()
            yield server
        except Exception:
            for line in server.log().splitlines()[-15:]:
                console.print(f"   server: {line}", style="dim", markup=False)
            raise
        finally:
            server.stop()


def _environment(home: Path) -> dict[str, str]:
    """Ours, without settings that are meant for another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESTAFETTE_")}
    return {
        **kept,
        "ESTAFETTE_HOME": str(home),
        "ESTAFETTE_SANDBOX_DELAY": str(DELAY),
        "ESTAFETTE_LOG_FORMAT": "json",
    }


def send_with_twilio(server: Server) -> str:
    """Send one SMS with Twilio's library and watch it until it is delivered; give its SID."""
    title(2, "An SMS, sent with Twilio's Python library")
    code("client = Client(account_sid, auth_token)")
    code(f'client.api.base_url = "{server.url}"   # the only line that is not for Twilio')
    code(f'client.messages.create(to="{RECIPIENT}", from_="{SENDER}", body="Hi there")')
    client = Client(server.account_sid, server.auth_token)
    client.api.base_url = server.url
    began = time.monotonic()
    message = client.messages.create(to=RECIPIENT, from_=SENDER, body="Hi there")
    sid = str(message.sid)
    watch(sid, str(message.status), began, lambda: str(client.messages(sid).fetch().status))
    return sid


def send_with_curl(server: Server) -> None:
    """Send one SMS with curl, or as curl would, and watch it until it is delivered."""
    title(3, "Another, sent with curl")
    form = {"To": RECIPIENT, "From": SENDER, "Body": "Hi from a shell"}
    code(f'curl "{server.url}/2010-04-01/Accounts/$ACCOUNT_SID/Messages.json" \\')
    code('-u "$ACCOUNT_SID:$AUTH_TOKEN" \\', 2)
    code(" ".join(f'--data-urlencode "{name}={value}"' for name, value in form.items()), 2)
    began = time.monotonic()
    if shutil.which("curl"):
        answer = _curl(server, form)
    else:
        console.print("   curl is not here: Python sends the same request", style="yellow")
        answer = _request(server, server.messages, form)
    sid = answer.get("sid")
    if not sid:
        raise Failed(f"the server answered: {answer}")
    at = server.messages.replace(".json", f"/{sid}.json")
    watch(str(sid), str(answer["status"]), began, lambda: str(_request(server, at)["status"]))


def _curl(server: Server, form: dict[str, str]) -> dict[str, object]:
    """The token goes in by standard input: arguments can be read by everybody on a machine."""
    words = ["curl", "--silent", "--show-error", "--max-time", "20", "--config", "-"]
    for name, value in form.items():
        words += ["--data-urlencode", f"{name}={value}"]
    done = subprocess.run(
        [*words, server.messages],
        input=f'user = "{server.account_sid}:{server.auth_token}"\n',
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(done.stderr.strip())
    return _object(done.stdout)


def _request(server: Server, url: str, form: dict[str, str] | None = None) -> dict[str, object]:
    shown = base64.b64encode(f"{server.account_sid}:{server.auth_token}".encode()).decode()
    data = urlencode(form).encode() if form else None
    request = urllib.request.Request(url, data, {"Authorization": f"Basic {shown}"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return _object(answer.read())
    except urllib.error.HTTPError as error:
        return _object(error.read())


def _object(text: str | bytes) -> dict[str, object]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise Failed(f"the server answered: {found}")
    return found


def watch(sid: str, status: str, began: float, ask: Callable[[], str]) -> None:
    """Print each status of a message as it changes. Raises Failed unless it is delivered."""
    console.print(f"\n   {sid}")
    end = began + PATIENCE
    while True:
        mark = "[green]✓[/]" if status == "delivered" else "[cyan]·[/]"
        console.print(f"   {mark} {time.monotonic() - began:5.2f} s  {status}")
        before = status
        while status == before and status not in FINAL:
            if time.monotonic() > end:
                raise Failed(f"{sid} is still {status} after {PATIENCE} seconds")
            time.sleep(0.02)
            status = ask()
        if status == before:
            break
    if status != "delivered":
        raise Failed(f"{sid} is {status}")


def show_timeline(server: Server, sid: str) -> None:
    """What became of a message, as a command tells it."""
    title(4, "What became of the first one")
    code(f"estafette messages show {sid}")
    console.print()
    shown = server.command("messages", "show", sid)
    _, _, timeline = shown.partition("\n\n")
    for line in timeline.strip("\n").splitlines():
        console.print(f"   {line.rstrip()}", markup=False)


NEXT = f"""
[bold]Yours to try[/]

   make serve                            a server that stays, on http://127.0.0.1:8080; at its
                                         first start it shows the account to use, once
   client.api.base_url = "http://127.0.0.1:8080"     in a program that is written for Twilio
   estafette send --to {RECIPIENT} --body Hi --follow
   estafette messages follow             watch every message from another terminal
   estafette --help                      everything else (the command is in .venv/bin)

   Some recipients make the sandbox behave like a carrier on a bad day:

   +15005520400   refused as filtered       +15005530003   not delivered, with code 30003
   +15005520503   unreachable at first      +15005520207   delivered, then read
   +15005520408   taken without an answer   all of them: docs/reference/sandbox.md
"""


def title(number: int, text: str) -> None:
    """The head of a step."""
    console.print(f"\n[bold cyan]{number}[/]  [bold]{text}[/]\n")


def code(text: str, indent: int = 0) -> None:
    """A line that somebody could type."""
    console.print(f"   {' ' * indent}{text}", style="blue", markup=False)


def main() -> None:
    """Run the demo; exit 1 with a line that says why where it fails."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in ("TWILIO_REGION", "TWILIO_EDGE"):  # the library would change the host by these
        os.environ.pop(name, None)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    try:
        title(1, "A server on an empty home")
        with running() as server:
            console.print(f"   It listens on {server.url}; SQLite and a sandbox carrier.")
            console.print(f"   Its home is {server.home}, for as long as this takes.")
            sid = send_with_twilio(server)
            send_with_curl(server)
            show_timeline(server, sid)
        console.print("\n[green]Both messages are delivered.[/] The server has stopped.")
        console.print(NEXT, end="")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        text = str(error) or type(error).__name__
        console.print(f"\nThe demo failed: {text}", style="red", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
