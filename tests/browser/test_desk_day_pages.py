"""The pages of a day at the desk in a real Chromium: no wider than a phone, in both languages, read by a wedge."""

import re
from collections.abc import Callable
from io import BytesIO

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

import writes
from moving import a_section, dispatch, issue
from pages import PHONE, come_in, fits, press
from reporting import unit_uuid
from salw.core.db import run
from world import World

pytestmark = pytest.mark.chromium

Open = Callable[..., Page]
# The codes of texts: one on a page is a text that is missing.
KINDS = "web|shortfall|incident|"
KINDS += "state|role|declared|hindrance|transfer_status|holder_kind|muster_\\w+|work|condition|part|reform_kind"
CODES = re.compile(rf"\b(?:{KINDS})\.[a-z_]+")


def facts_of(world: World, weapon: object) -> tuple[str, str]:
    """Return the serial of a weapon and the matricule of the soldier."""
    with world.transaction() as db:
        (one,) = run(db, "select serial from weapon where id = %(id)s", {"id": weapon})
        (man,) = run(db, "select matricule from person where id = %(id)s", {"id": world["soldier"].person_id})
    return one["serial"], man["matricule"]


def test_a_keeper_issues_by_reader_and_every_page_fits(open_page: Open, client: httpx.Client, world: World) -> None:
    weapons = world.register(5)
    issue(client, world, weapons[:1])
    transfer, _ = dispatch(client, world, weapons[1:3])
    case = writes.done(client, writes.report(client, world)).path
    serial, matricule = facts_of(world, weapons[3].weapon_id)
    page = open_page()
    come_in(page, world, "keeper")
    page.goto("/aujourdhui")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Aujourd'hui")
    fits(page)
    page.get_by_role("link", name="Nouvelle perception").click()
    page.get_by_label("Détenteur", exact=True).fill(matricule)
    codes = page.get_by_label("Armes remises")
    codes.focus()
    for key in f"{serial}\n":  # as a wedge types: the code, then the key that ends a line
        page.keyboard.press("Enter" if key == "\n" else key)
    fits(page)
    press(page, "Vérifier")
    expect(page.get_by_text("Remettre 1 arme (")).to_be_visible()
    fits(page)
    press(page, "Remettre 1 arme")
    expect(page.get_by_role("status")).to_contain_text("Perception enregistrée")
    fits(page)
    signs_on_the_screen(page, client, world, matricule)
    soldier, post = world["soldier"].person_id, world.post_alpha
    paths = ("/perceptions", "/detenteurs", f"/personnes/{soldier}", "/mutations", f"/mutations/{transfer}", "/postes")
    paths += ("/incidents", case)
    more = (f"/postes/{post}", f"/postes/{post}/releve", "/etats-nominatifs", "/etats-nominatifs/nouveau")
    for path in ("/aujourdhui", *paths, *more, "/reintegrations/nouvelle", "/aujourdhui/emargements"):
        page.goto(path)
        fits(page)
        assert CODES.findall(page.locator("body").inner_text()) == []
        page.goto(f"{path}?language=en")
        fits(page)
        assert CODES.findall(page.locator("body").inner_text()) == []


def signs_on_the_screen(page: Page, client: httpx.Client, world: World, matricule: str) -> None:
    """Acknowledge the bon before us: an empty frame sends nothing, what is drawn is kept as a picture."""
    slip = page.url.partition("?")[0].rpartition("/")[2]
    page.get_by_text("Ajouter un émargement").click()
    frame = page.get_by_role("img", name="Signature à l'écran")
    expect(frame).to_be_hidden()
    page.get_by_label("Qui émarge").fill(matricule)
    way = page.get_by_role("combobox", name="Façon")
    way.select_option("drawn")
    fits(page)
    draws(page, frame)
    way.focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Effacer la signature")).to_be_focused()
    page.keyboard.press("Enter")
    press(page, "Enregistrer l'émargement")
    expect(page.get_by_role("alert")).to_contain_text("Photo du bon signé, ou signature")
    fits(page)
    draws(page, frame)
    page.set_viewport_size({"width": 740, "height": 360})  # a phone turned round keeps what is drawn
    press(page, "Enregistrer l'émargement")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(page.get_by_role("region", name="Émargements")).to_contain_text("signature tracée à l'écran")
    (kept,) = client.get("/acknowledgements", params={"slip": slip}, headers=world["keeper"].headers).json()["items"]
    assert (kept["kind"], kept["person"]) == ("drawn", str(world["soldier"].person_id))
    answer = client.get(f"/files/{kept['file']}", headers=world["keeper"].headers)
    picture = Image.open(BytesIO(answer.content)).convert("L")
    assert min(picture.size) >= 240, picture.size
    ink = sum(picture.histogram()[:128]) / (picture.width * picture.height)
    assert 0.002 < ink < 0.1, ink  # two strokes on white paper


def draws(page: Page, frame: Locator) -> None:
    """Draw a stroke and a dot with the mouse."""
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box is not None
    assert box["width"] >= 280, box
    assert box["height"] >= 120, box
    page.mouse.move(box["x"] + 30, box["y"] + 90)
    page.mouse.down()
    for right, down in ((90, 30), (150, 90), (250, 40)):
        page.mouse.move(box["x"] + right, box["y"] + down, steps=4)
    page.mouse.up()
    page.mouse.click(box["x"] + 260, box["y"] + 30)


def test_lists_musters_and_maintenance_fit_and_are_done_in_few_gestures(
    open_page: Open, client: httpx.Client, world: World
) -> None:
    men, _ = a_section(world, 3)
    made = writes.prepare_list(client, world, lines=[{"to": {"person": str(man)}} for man in men])
    listed = writes.done(client, made).path.rsplit("/", 1)[1]
    weapons = world.register(2)
    writes.done(client, writes.work(client, world, weapons, result="to_repair"))
    writes.done(client, writes.finding(client, world, weapons[:1]))
    reform = writes.done(client, writes.propose_reform(client, world)).path.rsplit("/", 1)[1]
    writes.done(client, writes.open_workshop(client, world))
    page = open_page()
    come_in(page, world, "keeper")
    page.goto(f"/etats-nominatifs/{listed}/perception")
    page.get_by_text("Changer").first.click()
    fits(page)
    page.get_by_label("Toutes les armes prévues").check()
    page.get_by_label("absent 1").check()
    press(page, "Vérifier")
    expect(page.get_by_text("Remettre 2 armes (")).to_be_visible()
    fits(page)
    press(page, "Remettre 2 armes")
    expect(page.get_by_role("status")).to_contain_text("Perception enregistrée")
    fits(page)
    page.goto(f"/appels/nouveau?unit={unit_uuid(world, world.alpha)}")
    page.get_by_role("checkbox", name="présentée").first.check()
    fits(page)
    press(page, "Vérifier")
    fits(page)
    press(page, "Clore l'appel")
    expect(page.get_by_role("status")).to_contain_text("Appel enregistré")
    muster = page.url.partition("?")[0].partition("/appels/")[2]
    paths = [f"/etats-nominatifs/{listed}/reintegration", "/appels", f"/appels/{muster}", "/entretien/atelier"]
    paths += ["/entretien/reforme", f"/armes/{weapons[0].weapon_id}/entretien", "/entretien/reformes"]
    for job, more in (("keeper", paths), ("armourer", ["/entretien?travail=repair", "/entretien/pieces"])):
        come_in(page, world, job)
        for path in more:
            page.goto(path)
            fits(page)
            for address in (path, f"{path}{'&' if '?' in path else '?'}language=en"):
                page.goto(address)
                assert CODES.findall(page.locator("body").inner_text()) == []
    come_in(page, world, "commander")
    for path in (f"/entretien/reformes/{reform}", f"/autorisations/section?unit={unit_uuid(world, world.alpha)}"):
        page.goto(path)
        fits(page)
    transfer, _ = dispatch(client, world, world.register(2))
    come_in(page, world, "keeper_bravo")
    page.goto(f"/mutations/{transfer}/reception")
    press(page, "Vérifier")
    fits(page)
    assert CODES.findall(page.locator("body").inner_text()) == []
    come_in(page, world, "armourer")
    for act in ("travail", "piece"):
        page.goto(f"/entretien/{act}")
        fits(page)
