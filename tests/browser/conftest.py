"""The pages in a real Chromium, as people have them before them: a phone in the armoury, a screen in the office."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

PHONE = (360, 740)
SCREEN = (1280, 800)
PATIENCE_MS = 20_000
REFUSALS = {"401": "/log-in", "422": "/", "404": "/nope"}
TOWN = "registre.test"  # a name in an office's network, where a browser trusts less than it trusts this machine


@dataclass
class Visits:
    """Opens the first page in a browser of its own each time, and remembers what pages asked for and complained of."""

    browser: Browser
    service: str
    contexts: list[BrowserContext] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, size: tuple[int, int] = PHONE, *, script: bool = True, host: str = "127.0.0.1") -> Page:
        """Open the first page in a new browser that was set up in English, as shared ones may be."""
        context = self.browser.new_context(
            base_url=self.service.replace("127.0.0.1", host),
            viewport={"width": size[0], "height": size[1]},
            locale="en-GB",
            java_script_enabled=script,
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: self.asked.append(urlsplit(request.url).netloc))
        context.on("console", self._listen)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.contexts.append(context)
        page = context.new_page()
        page.goto("/")
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        # A refused log-in answers 401, a form to correct 422, no page 404, and the browser notes that itself.
        address = urlsplit(message.location["url"]).path
        refusal = any(status in message.text and address == path for status, path in REFUSALS.items())
        if message.type in ("error", "warning") and not refusal:
            self.complaints.append(f"{message.text} ({message.location['url']})")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Debian's chromium, which ends with the module: its event loop would be in the way of other tests."""
    expect.set_options(timeout=PATIENCE_MS)
    names = ("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, names))),
            # Without its sandbox it also runs as root and in a container; it sees no page but ours.
            args=["--no-sandbox", f"--host-resolver-rules=MAP {TOWN} 127.0.0.1"],
            # Playwright would switch off what a person has: pages kept alive for the back button.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


@pytest.fixture
def visits(browser: Browser, service: str) -> Iterator[Visits]:
    """Return the way to open the first page; whatever was done, nobody else was asked and nothing complained of."""
    visits = Visits(browser, service)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.complaints == []
    assert {host.partition(":")[0] for host in visits.asked} <= {"127.0.0.1", TOWN}


@pytest.fixture
def phone(visits: Visits) -> Page:
    """Return the first page on an armourer's phone."""
    return visits.open()


@pytest.fixture
def screen(visits: Visits) -> Page:
    """Return the first page on an inspector's screen."""
    return visits.open(SCREEN)


@pytest.fixture
def open_page(visits: Visits) -> Callable[..., Page]:
    """Return the way to open the first page otherwise."""
    return visits.open
