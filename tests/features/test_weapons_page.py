"""The page that leads from what is engraved on a weapon to its history, and what stands at its head."""

import re
from importlib.resources import files

import httpx

from moving import dispatch, issue, receive
from salw.core.pages import PAGE_SIZE
from salw.custody.rules import State
from world import Member, World


def look(address: str, member: Member, text: str, language: str = "fr") -> httpx.Response:
    """Ask for the page as somebody in a browser."""
    token = member.headers["Authorization"].removeprefix("Bearer ")
    headers = {"Cookie": f"salw_session={token}", "Accept": "text/html"}
    return httpx.get(f"{address}/armes", params={"q": text, "language": language}, headers=headers)


def test_one_weapon_is_led_to_and_several_are_listed(service: str, world: World) -> None:
    (one,) = world.register(serials=["HX 771"])
    world.register(serials=["HX 772"])
    world.register(serials=["HX 772"])
    led = look(service, world["auditor"], "hx-771", "en")
    assert (led.status_code, led.headers["location"]) == (303, f"/armes/{one.weapon_id}?language=en")
    listed = look(service, world["auditor"], "HX 772").text
    assert listed.count('href="/armes/') == 2
    assert "Armes qui portent" in listed


def test_nothing_found_says_what_to_do_and_nothing_of_other_units(service: str, world: World) -> None:
    world.register(serials=["HX 773"])
    hidden, invented = (look(service, world["keeper_bravo"], text).text for text in ("HX 773", "HX 000"))
    assert "Aucune arme de votre périmètre" in hidden
    assert re.sub(r"HX(.)773", r"HX\g<1>000", hidden) == invented
    assert "Aucune arme" not in look(service, world["auditor"], "").text


def test_the_list_is_narrowed_by_its_address_and_keeps_it_from_page_to_page(
    service: str, client: httpx.Client, world: World
) -> None:
    weapons = world.register(PAGE_SIZE + 2)
    issue(client, world, weapons[:1])

    def ask(**asked: str) -> str:
        token = world["keeper"].headers["Authorization"].removeprefix("Bearer ")
        headers = {"Cookie": f"salw_session={token}", "Accept": "text/html"}
        return httpx.get(f"{service}/armes", params=asked, headers=headers).text

    everything, issued = ask(), ask(state="issued")
    assert everything.count('class="state ') == PAGE_SIZE
    assert (issued.count("state-issued"), issued.count('class="state ')) == (1, 1)
    here = ask(store=str(world.store_alpha), state="in_store", language="en")
    (further,) = re.findall(r'href="(/armes\?[^"]*cursor=[^"]*)"', ask(store=str(world.store_alpha)))
    assert f"store={world.store_alpha}" in further
    assert '<option value="in_store" selected>' in here
    assert "Aucune arme" in ask(state="destroyed")


def test_every_state_has_a_shape() -> None:
    style = files("salw.web").joinpath("static", "style.css").read_text("utf-8")
    assert set(re.findall(r"\.state-(\w+)", style)) == {state.value for state in State}


def test_a_history_names_the_weapon_and_leads_to_its_proofs_who_may_take_them(service: str, world: World) -> None:
    (weapon,) = world.register(serials=["HX 774"])
    pages = {}
    for job in ("auditor", "keeper"):
        token = world[job].headers["Authorization"].removeprefix("Bearer ")
        address = f"{service}/armes/{weapon.weapon_id}/historique"
        pages[job] = httpx.get(address, headers={"Cookie": f"salw_session={token}", "Accept": "text/html"}).text
    bundle = f"/v1/ledger/bundles?weapon={weapon.weapon_id}"
    assert all("HX 774" in page for page in pages.values())
    assert (bundle in pages["auditor"], bundle in pages["keeper"]) == (True, False)


def test_of_a_weapon_that_left_the_history_alone_is_told(client: httpx.Client, service: str, world: World) -> None:
    (weapon,) = world.register()
    receive(client, world, *dispatch(client, world, [weapon]))
    answers = {}
    for job in ("keeper", "keeper_bravo", "armourer"):
        token = world[job].headers["Authorization"].removeprefix("Bearer ")
        headers = {"Cookie": f"salw_session={token}", "Accept": "text/html"}
        answers[job] = httpx.get(f"{service}/armes/{weapon.weapon_id}", headers=headers)
    assert answers["keeper"].headers["location"] == f"/armes/{weapon.weapon_id}/historique"
    assert answers["armourer"].status_code == 303
    assert "Armurerie keeper_bravo" in answers["keeper_bravo"].text
