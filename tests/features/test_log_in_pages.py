"""What the pages of log-in refuse, over plain HTTP."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine

from entrance import enrol
from program import PASSWORD, give_account
from proving import half_session, let_proofs_age
from salw.access.guard import COOKIE
from salw.core.ids import new_id
from salw.web.assets import static_address
from salw.web.forms import safe_next
from service_fixtures import NO_CERTIFICATES
from world import World

PAGE = {"accept": "text/html"}


@pytest.fixture
def site(service: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=service, verify=NO_CERTIFICATES, timeout=30, headers={"origin": service, **PAGE}
    ) as site:
        yield site


def come_in(site: httpx.Client, world: World, job: str) -> None:
    site.cookies.set(COOKIE, world[job].token)


def leads(answer: httpx.Response) -> str:
    """Return where a page leads."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.mark.parametrize(
    "path",
    ["/log-in/password", "/log-in/second-factor", "/access", "/access/factors/new", "/access/recovery-codes", "/proof"],
)
def test_a_stranger_is_led_to_the_log_in(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 401
    assert "Se connecter" in answer.text


def test_a_right_password_leads_to_the_step_that_remains(site: httpx.Client, world: World) -> None:
    account = give_account(world, "keeper", demo=False)
    answer = site.post("/log-in", data={"account": account, "password": PASSWORD}, params={"language": "en"})
    assert leads(answer) == "/access/factors/new?language=en"
    assert "httponly" in answer.headers["set-cookie"].lower()
    for path in ("/", "/log-in/password", "/log-in/second-factor"):
        assert leads(site.get(path)) == "/access/factors/new"
    for path in ("/access", "/access/password", "/access/recovery-codes", "/access/tokens/new", "/proof"):
        assert leads(site.get(path)) == "/log-in"


def test_half_a_session_changes_nothing_by_form(site: httpx.Client, world: World) -> None:
    site.cookies.set(COOKIE, half_session(world, "keeper")["Authorization"].removeprefix("Bearer "))
    for path in ("/access/sessions", f"/access/sessions/{new_id()}", "/access/recovery-codes", "/proof"):
        assert leads(site.post(path, data={"password": PASSWORD})) == "/log-in"


def test_an_old_proof_leads_to_the_page_that_asks_for_one_and_back(
    site: httpx.Client, world: World, owner_engine: Engine
) -> None:
    come_in(site, world, "keeper")
    let_proofs_age(owner_engine, world["keeper"], timedelta(hours=1))
    assert leads(site.get("/access/factors/new")) == "/proof?next=%2Faccess%2Ffactors%2Fnew"
    file = f"/v1/stores/{world.store_alpha}/reconciliation.pdf?from=2026-01-01&to=2026-01-31"
    asked = leads(site.get(file))
    assert asked.startswith("/proof?next=%2Fv1%2Fstores%2F")
    assert asked.endswith("from%3D2026-01-01%26to%3D2026-01-31")
    refused = site.get(file, headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (403, "session.proof_required")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("/access", "/access"),
        ("/v1/stores/1/reconciliation.pdf?from=2026-01-01", "/v1/stores/1/reconciliation.pdf?from=2026-01-01"),
        ("//ailleurs.test/", None),
        ("/\\ailleurs.test/", None),
        ("/\t/ailleurs.test/", None),
        ("https://ailleurs.test/", None),
        ("ailleurs", None),
        ("javascript:alert(1)", None),
        ("", None),
        ("/" + "x" * 3_000, None),
    ],
)
def test_a_proof_goes_on_to_addresses_of_this_site_alone(asked: str, kept: str | None) -> None:
    assert safe_next(asked) == kept


def test_only_pages_of_keys_load_the_script_of_keys(site: httpx.Client, world: World) -> None:
    come_in(site, world, "keeper")
    address = static_address("passkey.js")
    assert f'<script type="module" src="{address}"' in site.get("/access/factors/new").text
    for path in ("/", "/access", "/access/password"):
        answer = site.get(path)
        assert answer.status_code == 200
        assert "script-src 'self';" in answer.headers["content-security-policy"]
        assert "passkey" not in answer.text
    assert site.get(address).headers["content-type"] == "text/javascript; charset=utf-8"


def test_a_secret_is_never_shown_at_an_address_that_can_be_opened_again(site: httpx.Client, world: World) -> None:
    come_in(site, world, "keeper")
    made = site.post("/access/factors/new", data={"id": str(new_id()), "name": "Téléphone"})
    assert "<svg" in made.text
    assert made.headers["cache-control"] == "no-store"
    assert leads(site.get("/access/factors/confirmation")) == "/access/factors/new"


@pytest.mark.parametrize("typed", ["0000-0000-0000-0000", "rien", "x" * 99])
def test_a_wrong_recovery_code_is_told_of_as_one(
    site: httpx.Client, world: World, owner_engine: Engine, typed: str
) -> None:
    account = give_account(world, "keeper", demo=False)
    enrol(owner_engine, account)
    site.post("/log-in", data={"account": account, "password": PASSWORD})
    answer = site.post("/log-in/second-factor", data={"recovery_code": typed})
    assert answer.status_code in (401, 422)
    assert "Ce code de secours n&#39;est pas accepté" in answer.text
    assert "heure du téléphone" not in answer.text
