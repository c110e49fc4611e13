"""No page asks the database more than twelve times: every page of the service, as its routes name them."""

from collections.abc import Mapping

import httpx
import pytest

import writes
from devices import enrolled
from drawing import authorisations, contracts
from label_recipes import reprinted
from labelling import batch_body, make_labels, symbols
from moving import dispatch, listed
from proving import begin_totp
from salw.access.guard import COOKIE
from salw.access.rules import Role
from salw.core.db import run
from salw.core.ids import new_id
from salw.web.navigation import NAVIGATION
from salw.web.routes import PARTS
from service_fixtures import NO_CERTIFICATES
from statements import counted
from world import World

# What is no page of somebody who is logged in, and the addresses of forms, which lead back to where the form stands.
APART = {"/static/{address:path}", "/log-in", "/log-out", "/log-in/password", "/log-in/second-factor", "/proof/done"}
APART |= {"/access/sessions", "/access/sessions/{session_id}", "/access/factors/confirmation"}
APART |= {"/emergency-reads/{read_id}/{act}"}
PAGES = {route.path for part in PARTS for route in part.router.routes if "GET" in route.methods} - APART  # type: ignore[attr-defined]

QUERIES_MOST = 12

# Where a page is one of several by a word of its address: the words.
ACTS = {
    "/administration/accounts/{account_id}/{act}": ("disabling", "enabling", "password-reset", "factor-reset"),
    "/devices/{device_id}/{act}": ("renewal", "revocation"),
    "/etats-nominatifs/{list_id}/{moment}": ("perception", "reintegration"),
    "/entretien/{act}": ("travail", "piece", "atelier", "retour", "reforme"),
    "/etiquettes/{job}": ("armes", "vierges", "codes"),
    "/mutations/{transfer_id}/{step}": ("reception",),
}
# What else a page reads when its address asks for something.
ASKED = {
    "/armes": ("q={serial}", "store={store}"),
    "/autorisations/section": ("unit={unit}",),
    "/detenteurs": ("q=essai&unit={unit}",),
    "/etiquettes": ("store={store}",),
    "/etiquettes/armes": ("arme={weapon_id}&stock=a4-weapon-20mm&copies=2",),
    "/appels/nouveau": ("unit={unit}",),
    "/entretien": ("travail=repair",),
    "/perceptions/nouvelle": ("codes={registry_number}", "book={book_id}"),
    "/recherche": ("q={serial}", "q={registry_number}", "q={symbol}", "q={matricule}", "q=essai"),
    "/reintegrations/nouvelle": ("book={book_id}",),
    "/registres": ("store={store}",),
    "/registres/rapprochement": ("store={store}", "unit={unit}"),
    "/registres/lecture": tuple(f"register={one}&store={{store}}" for one in ("issues", "day", "journal", "inventory")),
    "/situation": ("unit={unit}&day=2026-01-01",),
    "/situation/armes": ("class=SA-ASR&unit={unit}",),
}


@pytest.fixture
def things(client: httpx.Client, world: World) -> Mapping[str, object]:
    """Let the keeper hold every function there is, make one of each thing that a page is about, and return their ids.

    Whoever holds every function sees the most on each page.
    """
    headers, soldier = world["keeper"].headers, world["soldier"].person_id
    for role in set(Role) - {Role.STOREKEEPER}:
        world.post("keeper", world.root, role)
    weapons = world.register(6)
    assert make_labels(client, world, weapons[:2]).status_code == 200
    contracts(client, world, soldier)
    authorisations(client, world, soldier)
    slip, batch, token = (str(new_id()) for _ in range(3))
    store, program = str(world.store_alpha), {"name": "Programme", "permissions": ["model:read"], "days": 30}
    drawn = {"store": store, "to": {"person": str(soldier)}, "weapons": listed(weapons[:1])}
    for answer in (
        client.put(f"/issues/{slip}", json=drawn, headers=headers),
        client.put(f"/tokens/{token}", json=program, headers=headers),
        client.post("/label-batches", json={**batch_body(weapons[2:3]), "id": batch}, headers=headers),
    ):
        assert answer.status_code == 200, answer.text
    with world.transaction() as db:
        (named,) = run(
            db,
            """
            select w.serial, w.registry_number, p.matricule, u.uuid as unit, g.id as posting_id
              from weapon w, person p, unit u, posting g
             where w.id = %(weapon)s and p.id = %(soldier)s and u.id = %(alpha)s and g.person_id = %(commander)s
            """,
            {
                "weapon": weapons[0].weapon_id,
                "soldier": soldier,
                "alpha": world.alpha,
                "commander": world["commander"].person_id,
            },
        )
    made = {
        "weapon_id": weapons[0].weapon_id,
        "person_id": soldier,
        "holder_id": world.post_alpha,
        "account_id": world["commander"].account_id,
        "factor_id": begin_totp(client, headers)["id"],
        "transfer_id": dispatch(client, world, weapons[3:5])[0],
        "list_id": writes.prepare_list(client, world).send(client).json()["id"],
        "muster_id": writes.muster(client, world).send(client).json()["id"],
        "incident_id": writes.done(client, writes.report(client, world)).path.rpartition("/")[2],
        "reform_id": writes.propose_reform(client, world).send(client).json()["id"],
        "book_id": writes.done(client, writes.print_book(client, world)).path.rpartition("/")[2],
        "device_id": enrolled(client, world).id,
        "reprint_id": reprinted(client, world),
        "symbol": symbols(world, weapons[0].weapon_id)[0],
    }
    return {**made, **named, "slip_id": slip, "batch_id": batch, "token_id": token, "store": store}


def addresses(things: Mapping[str, object]) -> list[str]:
    """Return the address of every page, also with what it may be asked; `KeyError` for one about a thing not made."""
    whole = []
    for page in sorted(PAGES):
        words = ACTS.get(page, ("",))
        whole += [page.replace("{" + page.rpartition("{")[2], word) if word else page for word in words]
        whole += [f"{page}?{question}" for question in ASKED.get(page, ())]
    return [address.format(**things) for address in whole]


def test_no_page_asks_the_database_more_than_twelve_times(
    service: str, world: World, things: Mapping[str, object]
) -> None:
    assert {entry.address for entry in NAVIGATION} <= PAGES
    over = {}
    with httpx.Client(base_url=service, cookies={COOKIE: world["keeper"].token}, verify=NO_CERTIFICATES) as desk:
        desk.get("/comparaison")  # a connection that is new asks the server who it is: no page's doing
        for address in addresses(things):
            with counted() as seen:
                answer = desk.get(address, headers={"Accept": "text/html"})
            assert answer.status_code in (200, 303), (address, answer.status_code)
            assert seen, address  # the statements of the service are counted at all
            if len(seen) > QUERIES_MOST:
                over[address] = (len(seen), seen)
    assert over == {}
