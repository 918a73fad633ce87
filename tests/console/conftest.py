"""What the tests of the console share: a server of each module's own, who is signed in, a browser."""

import contextlib
import http.client
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser import browsing, opened
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, Server
from tests.doors.own.conftest import Own
from tests.patience import PATIENCE

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
_LINK = re.compile(r"https?://[^/\s]+(/console/welcome/\S+)")


@dataclass
class Seen:
    """An answer of the console."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def html(self) -> str:
        return self.body.decode()

    @property
    def text(self) -> str:
        """What stands on the page, without its marks."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.html)).split())


@dataclass
class Guest:
    """Somebody with a browser that keeps cookies and runs no script."""

    server: Server
    cookies: dict[str, str] = field(default_factory=dict)
    language: str = "en"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Seen:
        """One request, to a path that begins with `/console`."""
        sent = {"accept-language": self.language, **(headers or {})}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        try:
            line.request(method, path, body or None, sent)
            answer = line.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0].strip('"')
            known = {name.lower(): value for name, value in answer.getheaders()}
            return Seen(answer.status, known, answer.read())
        finally:
            line.close()

    def get(self, path: str, status: int = 200, **query: str) -> Seen:
        found = self.ask("GET", f"{path}?{urlencode(query)}" if query else path)
        assert found.status == status, (found.status, found.text[:500])
        return found

    def post(self, path: str, status: int = 303, **form: str | list[str]) -> Seen:
        """Send a form, with the proof that a page of ours sent it."""
        found = self.ask(
            "POST",
            path,
            urlencode({"csrf": self.csrf, **form}, doseq=True).encode(),
            {"content-type": "application/x-www-form-urlencoded"},
        )
        assert found.status == status, (found.status, found.text[:500])
        return found

    def follow(self, seen: Seen) -> Seen:
        """The page that an answer leads to."""
        return self.get(seen.headers["location"])

    @property
    def csrf(self) -> str:
        found = re.search(r'"X-CSRF": "([0-9a-f]*)"', self.get("/console/doors").html)
        assert found
        return found[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own."""
    server = Server(tmp_path_factory.mktemp("console") / "home").start()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def owner(home: Server) -> Guest:
    """Somebody who signed in with the account's own token."""
    guest = Guest(home)
    form = urlencode({"name": ACCOUNT_SID, "secret": AUTH_TOKEN}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert guest.ask("POST", "/console/sign-in", form, kind).status == 303
    return guest


@pytest.fixture(scope="module")
def own(home: Server) -> Own:
    """The same account through our own API."""
    return Own(home)


def link_of(server: Server) -> str:
    """The path that a new home's first start printed: it signs in once."""
    found = _LINK.search(server.log)
    assert found, server.log
    return found[1]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser for all tests: each page has a profile of its own."""
    async with browsing() as found:
        yield found


Look = Callable[..., AbstractAsyncContextManager[Page]]


@pytest.fixture(scope="module")
def look(browser: Browser, owner: Guest, home: Server) -> Look:
    """Opens a page of the owner's, who is signed in: `async with look("/console/…") as page`."""
    return _Looking(browser, owner, home).at


@dataclass(frozen=True)
class _Looking:
    browser: Browser
    owner: Guest
    home: Server

    def at(self, path: str, **options: object) -> AbstractAsyncContextManager[Page]:
        return self._open(path, options)

    @contextlib.asynccontextmanager
    async def _open(self, path: str, options: Mapping[str, object]) -> AsyncIterator[Page]:
        async with opened(self.browser, **options) as page:  # type: ignore[arg-type]
            kept = [
                {"name": name, "value": value, "url": f"{self.home.url}/console/"}
                for name, value in self.owner.cookies.items()
                if name == "estafette_session"
            ]
            await page.context.add_cookies(kept)  # type: ignore[arg-type]
            await page.goto(f"{self.home.url}{path}")
            yield page
