"""What the tests of pages in a browser share: people who come in by their second factor, keys, and a look at a page."""

import os
import re
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import CDPSession, Page, expect
from sqlalchemy import Engine

from entrance import as_owner
from program import PASSWORD, give_account
from proving import code_of
from salw.access.guard import COOKIE
from world import World

PHONE, SCREEN = (360, 740), (1280, 800)
PICTURES = Path(__file__).parents[1] / "docs/guides/fr/img"  # what the French guides show
TALLEST = 1_500  # of a long list the beginning shows how it is made
COLOURS = 32  # few colours stand on a page: a picture of one is some twenty kilobytes

LEAST_TARGET = 24  # CSS pixels each way, WCAG 2.2, 2.5.8

# Links within a sentence are left out, as the standard does; so is what nobody sees.
TARGETS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
  .filter(e => e.checkVisibility() && !e.matches('.skip'))
  .filter(e => getComputedStyle(e).display !== 'inline' || e.parentElement.textContent.trim() === e.textContent.trim())
  .map(e => [e.textContent.trim() || e.id, ...['width', 'height'].map(way => e.getBoundingClientRect()[way])])"""


# What sticks out of the window to the right, but for what scrolls by itself.
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))
  .concat(['page'])"""

# axe-core, which others wrote and many trust; what it finds that shuts somebody out, with the elements it found it on.
AXE = Path(__file__).parent / "browser/vendor/axe.min.js"
SHUT_OUT = """async () => (await axe.run(document, {resultTypes: ['violations'], preload: false})).violations
  .filter(v => ['serious', 'critical'].includes(v.impact))
  .map(v => [v.id, ...v.nodes.map(n => n.html.slice(0, 160) + ' ' + n.failureSummary)])"""


def log_in(page: Page, account: str, password: str = PASSWORD) -> None:
    """Fill in the form by its labels and wait for the answer."""
    page.get_by_label("Compte", exact=True).fill(account)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    press(page, "Se connecter")


def come_in(page: Page, world: World, job: str) -> None:
    """Give the browser the session that one of the cast has: for what is not about logging in."""
    address = urlsplit(page.url)
    page.context.add_cookies([{"name": COOKIE, "value": world[job].token, "url": f"http://{address.netloc}"}])


def come_home(page: Page, world: World, job: str) -> None:
    """Come in as one of the cast and open the first page."""
    come_in(page, world, job)
    page.goto("/")


def go_to(page: Page, name: str) -> None:
    """Follow the navigation; on a phone it is folded into a menu."""
    menu = page.get_by_role("button", name="Ouvrir ou fermer le menu")
    if menu.is_visible():
        menu.click()
    page.get_by_role("navigation", name="Rubriques").get_by_role("link", name=name).click()


def press(page: Page, name: str) -> None:
    """Press a button that leads to another page."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def enrol_code(page: Page) -> tuple[str, list[str]]:
    """Go through the pages of the first generator; return its secret and the recovery codes."""
    press(page, "Commencer")
    secret = re.sub(r"\s", "", page.locator(".secret").inner_text())
    page.get_by_label("Code que montre l'application").fill(code_of(secret, later=-1))
    press(page, "Confirmer")
    codes = page.locator("#codes li").all_inner_texts()
    with page.expect_navigation():
        page.get_by_role("link", name="Je les ai notés").click()
    return secret, codes


def enter(page: Page, world: World, job: str) -> str:
    """Log in as one of the cast who enrols his first generator; return its secret."""
    log_in(page, give_account(world, job, demo=False))
    return enrol_code(page)[0]


def prove(page: Page, secret: str, *, later: int = 0) -> None:
    """Prove again, where the page asks for it, and go on."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Prouver de nouveau qui vous êtes")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_label("Code à usage unique").fill(code_of(secret, later=later))
    press(page, "Continuer")


def let_proofs_age(engine: Engine, page: Page) -> None:
    """Move the proofs of every session into the past: the page's own is among them."""
    as_owner(engine, "update session set proven_at = proven_at - interval '1 hour' where proven_at is not null")
    page.wait_for_timeout(1)


def add_key(page: Page, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """Give the browser a virtual key, which answers as soon as it is asked."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": False,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    return cdp, str(cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])


def fits(page: Page) -> None:
    """Hold that a page is no wider than a screen or a phone, a thumb hits all on it there, and it shuts nobody out.

    Its window ends at the size it had: what axe looks at, once for both.
    """
    page.wait_for_load_state()  # a link that was followed is done before the new page has its stylesheet
    own = page.viewport_size
    for width, height in (SCREEN, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(TOO_WIDE) == [], (page.url, width)
        targets = page.evaluate(TARGETS)
        assert targets
        assert [target for target in targets if min(target[1:]) < LEAST_TARGET] == [], (page.url, width)
    if own:
        page.set_viewport_size(own)
    assert_accessible(page)


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")


def assert_accessible(page: Page) -> None:
    """Hold that axe finds nothing serious or critical on a page as it stands."""
    page.evaluate(_axe())  # asked for from outside, so the policy of the page neither lets it in nor has to
    assert page.evaluate(SHUT_OUT) == [], page.url


def pictures_wanted() -> bool:
    """Say whether the pictures of the guides are to be taken anew."""
    return os.environ.get("SALW_PICTURES") == "1"


def picture(page: Page, name: str) -> None:
    """Hold that a page fits a phone and a screen; keep a picture of both for the guides where SALW_PICTURES=1 asks."""
    fits(page)
    if pictures_wanted():
        for width, height in (SCREEN, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            whole = Image.open(BytesIO(page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
            taken = whole.crop((0, 0, whole.width, min(whole.height, TALLEST)))
            PICTURES.mkdir(exist_ok=True)
            taken.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURES / f"{name}-{width}.png", optimize=True)


Open = Callable[..., Page]
