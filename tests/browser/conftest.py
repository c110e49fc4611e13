"""The pages in a real Chromium, as people have them before them: a phone in the armoury, a screen in the office."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from salw.access.factors.rules import Party
from salw.core.ids import random_bytes
from salw.core.settings import FACTOR_KEY_BYTES
from salw.main import create_app
from service_fixtures import Server

PHONE = (360, 740)
SCREEN = (1280, 800)
PATIENCE_MS = 20_000
# The browser itself notes these answers to a page or to the script of keys.
REFUSALS = ("400", "401", "403", "404", "409", "422", "429")
TOWN = "registre.test"  # a name in an office's network, where a browser trusts less than it trusts this machine


@dataclass
class Visits:
    """Opens the first page in a browser of its own each time, and remembers what pages asked for and complained of."""

    browser: Browser
    service: str
    contexts: list[BrowserContext] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(
        self, size: tuple[int, int] = PHONE, *, script: bool = True, host: str = "127.0.0.1", locale: str = "en-GB"
    ) -> Page:
        """Open the first page in a new browser, set up in English unless told otherwise, as shared ones may be."""
        context = self.browser.new_context(
            base_url=self.service.replace("127.0.0.1", host),
            viewport={"width": size[0], "height": size[1]},
            locale=locale,
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

    def close(self) -> None:
        """Close every browser; whatever was done, nobody else was asked and nothing complained of."""
        for context in self.contexts:
            context.close()
        assert self.complaints == []
        assert {host.partition(":")[0] for host in self.asked} <= {"127.0.0.1", "localhost", TOWN}

    def _listen(self, message: ConsoleMessage) -> None:
        # A refused log-in answers 401, a form to correct 422, no page 404, and the browser notes that itself.
        static = urlsplit(message.location["url"]).path.startswith("/static/")
        refusal = not static and any(f"status of {status}" in message.text for status in REFUSALS)
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
    visits.close()


@pytest.fixture(scope="session")
def local_service(urls: Mapping[str, str]) -> Iterator[str]:
    """Return the address of a service that goes by the name `localhost`, as keys must know it: they bind to a name."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        origin = f"http://localhost:{listening.getsockname()[1]}"
        party = Party(origin, random_bytes(FACTOR_KEY_BYTES))
        server = Server(uvicorn.Config(create_app(urls, party), log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        yield origin
        server.should_exit = True
        thread.join()


@pytest.fixture
def open_local(browser: Browser, local_service: str) -> Iterator[Callable[..., Page]]:
    """Return the way to open the first page under the name that keys are bound to."""
    visits = Visits(browser, local_service)
    yield visits.open
    visits.close()


@pytest.fixture
def open_at(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return the way to open the first page of a service that a test serves itself, by its address."""
    opened: list[Visits] = []

    def open_first(address: str, **how: Any) -> Page:
        opened.append(Visits(browser, address))
        return opened[-1].open(**how)

    yield open_first
    for visits in opened:
        visits.close()


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
