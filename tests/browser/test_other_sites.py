"""Another site in the same browser: what its forms can do to us, which is nothing."""

from functools import partial

import pytest
from playwright.sync_api import Browser, Route, expect

from program import PASSWORD, give_account
from world import World

pytestmark = pytest.mark.chromium

ELSEWHERE = "http://ailleurs.test/"
FORM = """
<!doctype html><meta charset="utf-8"><title>Ailleurs</title>
<form method="post" action="{service}{path}"><input name="account" value="{account}">
<input name="password" value="{password}"><button>Gagner un prix</button></form>
"""


def answer_with(html: str, route: Route) -> None:
    route.fulfill(body=html, content_type="text/html")


def test_a_form_of_another_site_logs_nobody_out_or_in(browser: Browser, service: str, world: World) -> None:
    keeper, other = give_account(world, "keeper"), give_account(world, "auditor")
    context = browser.new_context(base_url=service)
    try:
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Compte").fill(keeper)
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter").click()
        expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()
        for path in ("/log-out", "/log-in", "/v1/sessions"):
            html = FORM.format(service=service, path=path, account=other, password=PASSWORD)
            context.route(ELSEWHERE, partial(answer_with, html))
            page.goto(ELSEWHERE)
            page.get_by_role("button").click()
            page.wait_for_url(f"{service}{path}")
            said = "request.wrong_origin" if path.startswith("/v1") else "La demande ne vient pas de ce site"
            expect(page.locator("body")).to_contain_text(said)
            page.goto("/")
            expect(page.get_by_role("heading", name="ESSAI-KEEPER")).to_be_visible()
            context.unroute(ELSEWHERE)
    finally:
        context.close()
