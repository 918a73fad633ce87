"""Debian's Chromium, driven by Playwright, on pages of a server of ours."""

import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)  # fmt: skip

from tests.patience import PATIENCE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
AXE = Path(__file__).parent / "node/node_modules/axe-core/axe.min.js"

#: What would otherwise ask the network for things that no test needs.
_QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

expect.set_options(timeout=PATIENCE * 1000)

needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")


@contextlib.asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A browser, for as long as it is needed."""
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        try:
            yield found
        finally:
            await found.close()


@contextlib.asynccontextmanager
async def opened(
    browser: Browser, *, language: str = "en", is_dark: bool = False, width: int = 1280
) -> AsyncIterator[Page]:
    """A page in a profile of its own. Raises what its console complained of, at the end."""
    context: BrowserContext = await browser.new_context(
        locale=language,
        color_scheme="dark" if is_dark else "light",
        viewport={"width": width, "height": 900},
        timezone_id="Europe/Paris",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE * 1000)
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(f"{message.location.get('url')}: {message.text}")

    page = await context.new_page()
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
    assert not complaints, complaints


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with a page, serious or worse; nothing where it is not installed."""
    if not AXE.exists():
        return []
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{page.url} {one['id']}: {one['help']}: "
        + "; ".join(node["html"][:150] for node in one["nodes"][:3])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
