"""How long the server takes for each page of the console, with many messages stored.

`python -m bench console`: fills a home, signs in, asks each page again and again, and reads the time that
the answers carry. Pages that are not there are left out.
"""

import http.client
import re
import statistics
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

from rich.console import Console
from rich.table import Table

from bench.seed import seed
from bench.servers import ACCOUNT_SID, TOKEN, Measured, estafette, fresh_home

_ROUNDS = 41
_MOST = 100  # milliseconds that a page may take
_TOOK = re.compile(r"total;dur=([\d.]+)")
_MESSAGES = "/console/messages"


class _Browser:
    """Somebody who is signed in."""

    def __init__(self, server: Measured) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        self._cookies: dict[str, str] = {}
        form = urlencode({"name": ACCOUNT_SID, "secret": TOKEN})
        kind = {"content-type": "application/x-www-form-urlencoded"}
        status, _, _ = self._ask("POST", "/console/sign-in", form, kind)
        if status != 303:
            raise SystemExit(f"could not sign in: {status}")

    def get(self, path: str) -> tuple[int, str, float]:
        """The status, the page, and the milliseconds that the server took."""
        return self._ask("GET", path, None, {})

    def _ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, str, float]:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._line.request(method, path, body, {**headers, "cookie": cookie})
        answer = self._line.getresponse()
        for value in answer.headers.get_all("set-cookie", []):
            name, _, rest = value.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        took = _TOOK.search(answer.headers["server-timing"] or "")
        return answer.status, answer.read().decode(), float(took[1]) if took else 0.0


def measure(console: Console, count: int, home: Path | None = None) -> None:
    """Measure every page with `count` messages stored, and print. A `home` that is given is used as it is."""
    if home:
        with estafette(home, "--no-carry") as server:
            _print(console, _Browser(server), count)
        return
    with fresh_home() as made:
        with estafette(made, "--no-carry"):
            pass
        console.print(f"storing {count:,} messages took {seed(made, count):.0f} s")
        with estafette(made, "--no-carry") as server:
            _print(console, _Browser(server), count)


def _print(console: Console, browser: _Browser, count: int) -> None:
    table = Table("page", "first ms", "median ms", "p95 ms", "", box=None)
    table.title = f"What the server takes for a page, {count:,} messages stored"
    for path in _paths(browser):
        status, _, first = browser.get(path)
        if status == 404:
            continue
        if status != 200:
            table.add_row(unescape(path), "", "", "", f"answered {status}")
            continue
        spans = sorted(browser.get(path)[2] for _ in range(_ROUNDS))
        median, late = statistics.median(spans), spans[int(len(spans) * 0.95)]
        mark = "" if late < _MOST else "SLOW"
        table.add_row(path, *(f"{span:.1f}" for span in (first, median, late)), mark)
    console.print(table)


def _paths(browser: _Browser) -> list[str]:
    """The pages, those of the list of messages in many ways."""
    _, html, _ = browser.get(_MESSAGES)
    older = re.search(r'rel="next" href="([^"]*)"', html)
    one = re.search(r'href="(/console/messages/[0-9a-f]{32})"', html)
    days = [datetime.now(UTC) - timedelta(days=days) for days in (15, 5)]
    since, until = (f"{day:%Y-%m-%dT%H:%M}" for day in days)
    queries = [
        "status=failed", "status=delivered", "direction=inbound", "channel=whatsapp",
        "text=eight", "text=nobody+wrote+this", f"text={quote('café')}",
        "with=%2B14150000042", "with=%2B14155559999", "with=%2B14155559999&status=failed",
        "sender=%2B15017122661", "sender=%2B15017122661&status=failed",
        f"from={since}&until={until}", f"from={since}&until={until}&status=failed",
    ]  # fmt: skip
    names = [
        "pulse", "conversations", "contacts", "phone", "send", "opt-outs", "templates",
        "settings/messaging", "settings/retention", "settings/window", "senders", "connections",
        "callbacks", "doors", "keys", "users", "activity",
    ]  # fmt: skip
    return [
        _MESSAGES,
        *([unescape(older[1])] if older else []),
        *(f"{_MESSAGES}?{query}" for query in queries),
        *([one[1]] if one else []),
        *(f"/console/{name}" for name in names),
    ]
