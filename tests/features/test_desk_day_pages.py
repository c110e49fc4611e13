"""The pages of a day at the desk, by what they answer: what is typed is kept, what is shown is what is recorded."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest

from desk import Desk, hidden, matricule, serials, words
from drawing import SAYS, require, suspend
from filing import picture
from labelling import make_labels, symbols
from moving import listed
from reporting import unit_uuid
from salw.access.rules import roles_with
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.web.views.today import READ_TOGETHER
from salw_labels import STOCKS, Kind
from world import World


@pytest.fixture
def keeper(service: str, world: World) -> Desk:
    return Desk(service, world, "keeper")


def test_what_the_first_page_reads_together_the_same_roles_may_read() -> None:
    assert {tuple(roles_with(permission)) for permission in READ_TOGETHER} == {tuple(roles_with(READ_TOGETHER[0]))}


def test_an_issue_is_checked_then_recorded_as_it_was_shown_and_once(
    keeper: Desk, client: httpx.Client, world: World
) -> None:
    first, second, third = serials(world, [w.weapon_id for w in world.register(3)])
    # A bolt with the number of another weapon does not make that number name two.
    marks = [{"kind": "factory_serial", "raw": f"N{new_id().hex[-10:]}"}, {"kind": "part", "raw": first}]
    bolted = {"store": str(world.store_alpha), "origin": "purchase", "class_code": "SA-ASR", "marks": marks}
    assert client.put(f"/weapons/{new_id()}", json=bolted, headers=world["keeper"].headers).status_code == 200
    form = keeper.get("/perceptions/nouvelle")
    typed = {"id": hidden(form)["id"], "store": str(world.store_alpha), "codes": f"{first}\n{second}\n{first}\n"}
    wrong = keeper.send("/perceptions/nouvelle", 422, **{**typed, "to": "NEMO", "codes": f"{first}\nZZZ-9\n"})
    assert "Personne ne répond à" in words(wrong)
    assert "ZZZ-9" in words(wrong)
    assert 'value="NEMO"' in wrong
    typed |= {"to": matricule(world, "soldier"), "due_day": "2099-01-01", "due_hour": "18 h 00"}
    typed |= {"kind_0": "rounds", "calibre_0": "7.62x39", "quantity_0": "60"}
    for bad in ("²", "3²", "-5", "0", "9" * 5_000, "x"):  # said at its field, on both pages
        for act in ("", "issue"):
            again = keeper.send("/perceptions/nouvelle", 422, **{**typed, "quantity_0": bad, "act": act})
            assert 'id="quantity_0-error"' in again, bad
    for kind in ("canon", ""):
        assert 'id="kind_1-error"' in keeper.send("/perceptions/nouvelle", 422, **typed, kind_1=kind, quantity_1="1")
    check = keeper.send("/perceptions/nouvelle", 200, **typed)
    assert "a déjà" not in words(check)
    assert "Remettre 2 armes (" in words(check)
    assert "60 " in words(check)
    shown = {**hidden(check), "act": "issue"}
    where = keeper.send("/perceptions/nouvelle", 303, **shown)
    assert keeper.send("/perceptions/nouvelle", 303, **shown) == where
    slip = words(keeper.get(where))
    assert "Perception enregistrée sous le n°" in slip
    assert first in slip
    assert third not in slip
    out = words(keeper.get("/perceptions"))
    assert first in out
    more = words(keeper.send("/perceptions/nouvelle", 200, **{**typed, "id": str(new_id()), "codes": third}))
    assert f"a déjà {first}, {second}." in more or f"a déjà {second}, {first}." in more
    assert second in words(keeper.get(f"/personnes/{world['soldier'].person_id}"))
    again = keeper.send("/perceptions/nouvelle", 422, **{**typed, "id": str(new_id())})
    assert "n'est pas dans ce magasin (perçue)" in words(again)
    way = re.search(r'href="(/reintegrations/nouvelle\?[^"]*)"', keeper.get(f"/personnes/{world['soldier'].person_id}"))
    assert way
    brought = keeper.get(way[1].replace("&amp;", "&"))
    codes = re.search(r'<textarea[^>]*name="codes"[^>]*>([^<]*)<', brought)
    assert codes
    assert len(codes[1].split()) == 2  # what he has stands there already
    back = {"id": str(new_id()), "store": str(world.store_alpha), "codes": codes[1]}
    back |= {"kind_0": "rounds", "calibre_0": "7.62x39", "quantity_0": "50"}
    one_of_two = words(keeper.send("/reintegrations/nouvelle", 200, **{**back, "codes": first}))
    assert "Ne revient pas" not in one_of_two  # the other man may bring the rest
    for more, lacks in ((back, "10"), ({"kind_0": "", "calibre_0": "", "quantity_0": ""}, "60")):
        check = keeper.send("/reintegrations/nouvelle", 200, **{**back, **more})
        assert f"Ne revient pas : {lacks} (cartouches 7.62x39). Pourquoi ?" in words(check).replace("\u00a0", " ")
    check = keeper.send("/reintegrations/nouvelle", 200, **back)
    shown = {**hidden(check), "act": "return"}
    assert 'id="reason_0-error"' in keeper.send("/reintegrations/nouvelle", 422, **shown)
    where = keeper.send("/reintegrations/nouvelle", 303, **shown, reason_0="Tirées")
    assert "Bon de réintégration" in words(keeper.get(where))


def test_a_suspended_man_is_refused_and_no_page_of_the_counter_tells_why(
    keeper: Desk, service: str, client: httpx.Client, world: World
) -> None:
    (serial,) = serials(world, [w.weapon_id for w in world.register()])
    soldier = world["soldier"].person_id
    assert suspend(client, world, soldier).status_code == 200
    typed = {"id": str(new_id()), "store": str(world.store_alpha), "codes": serial, "to": matricule(world, "soldier")}
    pages = [
        keeper.send("/perceptions/nouvelle", 422, **typed),
        keeper.get(f"/personnes/{soldier}"),
        keeper.get("/detenteurs"),
        keeper.get("/aujourdhui"),
    ]
    assert "voir le commandant" in words(pages[0])
    assert "retrait : voir le commandant" in words(pages[1]).replace("\u00a0", " ")
    for page in pages:
        assert SAYS not in page
        assert "plainte" not in page.lower()
    assert keeper.ask(f"/personnes/{soldier}/retrait").status_code == 403
    commander = Desk(service, world, "commander")
    card = commander.get(f"/personnes/{soldier}")
    assert SAYS not in card
    there = f"/personnes/{soldier}/retrait"
    reason = commander.get(there)
    assert SAYS in reason
    another = {"id": str(new_id()), "reason": "medical", "text": "Visite du médecin"}
    asked = commander.send(there, 422, **another)  # in a tab that did not know of the first
    assert "Un retrait est déjà en cours : rien n'a été enregistré" in words(asked)
    known = re.findall(r'name="known" value="([^"]*)"', asked)[0]
    for _ in range(2):
        commander.send(there, 303, **another, known=known)
    both = commander.get(there)
    assert SAYS in both
    assert "Retrait 2 sur 2" in words(both)
    assert "Visite du médecin" in words(both)
    first, second = re.findall(r'name="which" value="([^"]*)"', both)
    assert 'id="text_2-error"' in commander.send(f"{there}/fin", 422, id=str(new_id()), which=second)
    assert commander.ask(f"/personnes/{world['keeper'].person_id}").status_code == 200
    said = []
    for which in (first, first, second, second):
        where = commander.send(f"{there}/fin", 303, id=str(new_id()), which=which, text="Classée sans suite")
        said.append(words(commander.get(where)))
    assert "1 autre retrait reste en cours : le droit de percevoir n'est pas rendu" in said[0]
    assert "déjà levé. 1 autre retrait reste en cours" in said[1]
    assert "Droit de percevoir rendu" in said[2]
    assert "déjà levé. Droit de percevoir rendu" in said[3]
    commander.send(f"/personnes/{world['keeper'].person_id}/retrait/fin", 404, id=str(new_id()), which=first, text="x")


def test_without_authorisation_a_reason_is_asked_for_and_the_commander_takes_note(
    keeper: Desk, service: str, client: httpx.Client, world: World
) -> None:
    assert require(client, world, world.alpha, required=True).status_code == 200
    (serial,) = serials(world, [w.weapon_id for w in world.register()])
    typed = {"id": str(new_id()), "store": str(world.store_alpha), "codes": serial, "to": matricule(world, "soldier")}
    check = keeper.send("/perceptions/nouvelle", 200, **typed)
    assert "ne peut pas percevoir. Pas d'autorisation de percevoir, et la formation l'exige" in words(check)
    shown = {**hidden(check), "act": "issue"}
    for said in ("", "x", "Alerte"):
        assert "10 caractères" in words(keeper.send("/perceptions/nouvelle", 422, **shown, override=said)) or not said
    keeper.send("/perceptions/nouvelle", 303, **shown, override="Alerte de nuit")
    commander = Desk(service, world, "commander")
    assert "1 délivrance sans autorisation à viser" in words(commander.get("/aujourdhui"))
    page = commander.get("/aujourdhui/derogations")
    assert "Alerte de nuit" in words(page)
    commander.send("/aujourdhui/derogations", 303, **hidden(page))
    assert "Aucune délivrance sans autorisation" in words(commander.get("/aujourdhui/derogations"))
    commander.send(
        f"/personnes/{world['soldier'].person_id}/autorisations", 303, id=str(new_id()), first_day="2020-01-01"
    )
    card = f"/personnes/{world['soldier'].person_id}"
    assert "Autorisation" in words(commander.get(card))
    for days in ({"first_day": "0001-01-01"}, {"first_day": "2020-01-01", "last_day": "9999-12-31"}):
        wrong = commander.send(f"{card}/autorisations", 422, id=str(new_id()), **days)
        assert "entre 1960 et 2099" in words(wrong)
    soon = (clock.now() + timedelta(days=40)).date()
    commander.send(f"{card}/autorisations", 303, id=str(new_id()), first_day=soon.isoformat())
    page = commander.get(card)
    assert f"à partir du {soon:%d/%m/%Y} à venir" in words(page)
    assert "à venir" in words(commander.get("/autorisations"))
    for which in re.findall(r'name="which" value="([^"]*)"', page):
        commander.send(f"{card}/autorisations/fin", 303, id=str(new_id()), which=which)
    assert "à venir" not in words(commander.get(card))

    # A whole section at once: who has none is ticked, who has one already is marked, and it is given once.
    unit = unit_uuid(world, world.alpha)
    form = commander.get(f"/autorisations/section?unit={unit}")
    people = re.findall(r'name="people" value="([^"]+)" checked', form)
    assert str(world["soldier"].person_id) in people
    sent = {"unit": unit, "people": people, "first_day": "2020-01-01"}
    act, where = hidden(form)["id"], "/autorisations/section"
    assert "Cocher au moins une personne" in words(
        commander.send(where, 422, id=act, unit=unit, first_day="2020-01-01")
    )
    given = commander.get("/autorisations").count('<th scope="row">')
    for _ in range(2):
        commander.send(where, 303, id=act, **sent)
    assert commander.get("/autorisations?done=section").count('<th scope="row">') == given + len(people)
    told = words(commander.get(f"/autorisations?done=section&count={len(people)}"))
    assert f"{len(people)} autorisations données" in told
    assert words(again := commander.get(f"{where}?unit={unit}")).count("toutes armes") == len(people) + 1
    assert " checked" not in again
    assert keeper.ask(where).status_code == 403
    stranger = str(world["soldier_bravo"].person_id)
    assert commander.send(where, 422, id=str(new_id()), **{**sent, "people": [*people, stranger]})


def test_a_mutation_goes_from_order_to_receipt_at_two_desks(service: str, world: World) -> None:
    first, second, third = serials(world, [w.weapon_id for w in world.register(3)])
    orderer, commander = Desk(service, world, "orderer"), Desk(service, world, "commander")
    keeper, other = Desk(service, world, "keeper"), Desk(service, world, "keeper_bravo")
    typed = {"id": str(new_id()), "from_store": str(world.store_alpha), "to_store": str(world.store_bravo)}
    due = (clock.now() + timedelta(days=3)).date().isoformat()
    bad = {"due_on": "2020-01-01", "dated_on": due, "codes": first}
    refused = orderer.send("/mutations/nouvelle", 422, **typed, **bad)
    assert 'id="due_on-error"' in refused
    assert 'id="dated_on-error"' in refused
    check = orderer.send("/mutations/nouvelle", 200, **typed, due_on=due, codes=f"{first}\n{second}\n{third}")
    where = orderer.send("/mutations/nouvelle", 303, **{**hidden(check), "act": "order"}).partition("?")[0]
    assert "un autre l'approuve" in words(orderer.get(where)) or "Approuver" not in orderer.get(where)
    commander.send(f"{where}/etape/approval", 303, id=str(new_id()))
    check = keeper.send(f"{where}/expedition", 200, id=str(new_id()), codes=f"{first}\n{third}")
    assert "Cette ligne sera annulée" in words(check)
    assert second in words(check)
    keeper.send(f"{where}/expedition", 303, **{**hidden(check), "act": "do"})
    assert "à recevoir ici" in words(other.get("/aujourdhui"))
    wrong = other.send(f"{where}/reception", 422, id=str(new_id()), codes=second)
    assert second in words(wrong)
    check = other.send(f"{where}/reception", 200, id=str(new_id()), codes=first)
    assert third in words(check), "what is expected and was not read is named"
    other.send(f"{where}/reception", 303, **{**hidden(check), "act": "do"})
    for desk in (keeper, other):
        page = desk.get(where)
        assert re.search(r"reçue en partie 1 reçue sur 2 .* 1 arme · ordre d'entrée n°.\d{6}/\d{4}", words(page))
        slip = re.findall(r'href="(/v1/documents/[^"]+)"', page.partition('id="steps"')[0])[0]
        assert desk.ask(slip).content.startswith(b"%PDF")
    none = other.send(f"{where}/reception", 200, id=str(new_id()), codes="")
    assert "rien n'est arrivé" in words(none)
    assert third in words(none)
    done = {**hidden(none), "act": "do"}
    assert "pourquoi ces armes" in words(other.send(f"{where}/reception", 422, **done))
    other.send(f"{where}/reception", 303, **done, why_rest="left_on_the_way", why_text="Camion en panne à l'étape")
    assert "restée en route" in words(keeper.get(where))
    assert "Camion en panne" in words(keeper.get(where)), "the sender reads what the receiver said"
    assert "déficit" in words(other.get(where)), "a shortfall is closed on the receiver's word"
    assert "1 reçue sur 2" in words(other.get("/mutations?which=short"))
    check = other.send(f"{where}/reception", 200, id=str(new_id()), codes=third)
    other.send(f"{where}/reception", 303, **{**hidden(check), "act": "do"})
    assert where not in other.get("/mutations?which=short")
    assert "close" in words(other.get(where))


def test_a_post_is_opened_and_relieved_by_scan(keeper: Desk, client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    (serial,) = serials(world, [weapon.weapon_id])
    body = {"store": str(world.store_alpha), "to": {"holder": str(world.post_alpha)}, "weapons": listed([weapon])}
    assert client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers).status_code == 200
    chief = words(keeper.get(f"/personnes/{world['soldier'].person_id}"))
    assert "Aucune arme à son nom" in chief
    assert f"{serial} Poste nord" in chief
    assert "répond de 1" in words(keeper.get("/detenteurs"))
    where = f"/postes/{world.post_alpha}"
    typed = {"id": str(new_id()), "incoming": matricule(world, "commander"), "how": "scan"}
    assert serial in words(keeper.send(f"{where}/releve", 422, **typed, codes=""))
    himself = keeper.send(f"{where}/releve", 422, **{**typed, "incoming": matricule(world, "soldier")}, codes=serial)
    assert "entrant et le sortant sont la même personne" in words(himself)
    assert suspend(client, world, world["keeper"].person_id).status_code == 200
    withdrawn = keeper.send(f"{where}/releve", 422, **{**typed, "incoming": matricule(world, "keeper")}, codes=serial)
    assert "Retrait : voir le commandant" in words(withdrawn).replace("\u00a0", " ")
    check = keeper.send(f"{where}/releve", 200, **typed, codes=serial)
    assert "Aucune arme ne bouge" in words(check)
    shown = {**hidden(check), "act": "do"}
    assert keeper.send(f"{where}/releve", 303, **shown) == keeper.send(f"{where}/releve", 303, **shown)
    assert "Relève enregistrée" in words(keeper.get(f"{where}?done=relieved"))
    keeper.send("/postes/nouveau", 422, id=str(new_id()), name="Équipage 3")
    unit = re.search(r'<option value="([0-9a-f-]{36})"', keeper.get("/postes/nouveau").partition('name="unit"')[2])
    assert unit
    made = {"kind": "crew", "name": "Équipage 3", "unit": unit[1], "answerable": matricule(world, "soldier")}
    act = str(new_id())
    crew = keeper.send("/postes/nouveau", 303, id=act, **made).partition("?")[0]
    assert keeper.send("/postes/nouveau", 303, id=act, **made).partition("?")[0] == crew
    again = keeper.send("/postes/nouveau", 422, id=str(new_id()), **{**made, "name": str(made["name"]).upper()})
    assert "porte déjà ce nom" in words(again)
    keeper.send(f"{crew}/nom", 422, id=str(new_id()), name="poste NORD")
    keeper.send(f"{crew}/nom", 303, id=str(new_id()), name="Équipage 4")
    assert "Équipage 4" in words(keeper.get("/postes"))
    keeper.send(f"{crew}/fermeture", 303, id=str(new_id()))
    assert "fermé" in words(keeper.send(f"{crew}/fermeture", 409, id=str(new_id())))
    assert "Équipage" not in words(keeper.get("/postes"))


def test_a_weapons_own_page_opens_what_may_be_done_with_it_filled_in(
    keeper: Desk, client: httpx.Client, service: str, world: World
) -> None:
    (weapon,) = world.register()
    page = f"/armes/{weapon.weapon_id}"
    shown = keeper.get(page)
    (issuing,) = re.findall(r'href="(/perceptions/nouvelle[^"]+)"', shown)
    number = re.search(r"codes=([^&\"]+)", issuing)
    assert number
    form = keeper.get(unescape(issuing))
    assert f">\n{number[1]}</textarea>" in form or f">{number[1]}</textarea>" in form
    assert f'value="{world.store_alpha}" selected' in form
    assert "/incident" not in Desk(service, world, "auditor").get(page)
    other = Desk(service, world, "keeper_bravo")
    assert other.ask(f"{page}/incident").status_code == 404

    photo = {"id": str(new_id()), "kind": "mark"}
    content = picture()
    for sent, status in ((b"", 422), (b"%PDF-1.7 x", 422), (content, 303), (content, 303)):
        answer = httpx.post(
            f"{service}{page}/photos", data=photo, files={"picture": ("p", sent)}, headers=keeper.headers, timeout=60
        )
        assert answer.status_code == status, words(answer.text)
    assert keeper.get(f"{page}?done=photo").count("<figure>") == 1
    heavy = {"picture": ("p", bytes(5 * 2**20))}
    answer = httpx.post(f"{service}{page}/photos", data=photo, files=heavy, headers=keeper.headers, timeout=60)
    assert answer.status_code == 413
    assert "4 Mo au plus" in words(answer.text)
    assert f'href="{page}"' in answer.text, "and leads back to the form"
    assert 'data-most="4194304"' in shown, "where a script tells it before"
    noise = keeper.send("/perceptions/nouvelle", 422, id=str(new_id()), store=str(world.store_alpha), codes="Q" * 5000)
    assert len(re.findall("Q{41,}", noise)) == 1, "what was typed is kept once, and shortened where a message names it"
    refused = httpx.post(
        f"{service}{page}/photos", data=photo, files={"picture": ("p", content)}, headers=other.headers, timeout=60
    )
    assert refused.status_code == 404

    form = keeper.get(f"{page}/incident")
    told = {**hidden(form), "day": clock.now().date().isoformat(), "hour": "00:00", "circumstances": "À la relève"}
    assert "Ce qui est arrivé" in keeper.send(f"{page}/incident", 422, **told)
    assert "À la relève" in keeper.send(f"{page}/incident", 422, **told, kind="lost", dtg="201430Z NOV 26")
    # Told by radio within the day, typed in two days later: the group of the message decides.
    gone = clock.now() - timedelta(days=2)
    message = (gone + timedelta(hours=3)).strftime("%d%H%MZ%b%y").upper()
    told |= {"day": gone.date().isoformat(), "hour": f"{gone:%H:%M}", "sender": "Poste nord", "station": "PC"}
    case = f"/incidents/{told['id']}"
    for _ in range(2):
        assert keeper.send(f"{page}/incident", 303, **told, kind="lost", dtg=message) == f"{case}?done=1"
    said = words(keeper.get(f"{case}?done=1"))
    assert {text for text in ("dans le délai", message, number[1], "Poste nord") if text not in said} == set()
    assert "incident en cours" in words(keeper.get("/aujourdhui"))
    assert "dans le délai" in words(keeper.get("/incidents"))
    assert other.ask(case).status_code == 404
    assert keeper.ask(f"/incidents?arme={number[1]}").headers["location"] == f"{page}/incident"
    assert "aucune arme" in words(keeper.ask("/incidents?arme=X0").text)
    assert "manquante" in keeper.get(page)
    assert not re.search(r'href="/perceptions/nouvelle', keeper.get(page))


def test_pages_take_names_as_they_write_them_and_say_what_is_not_theirs(
    service: str, client: httpx.Client, world: World
) -> None:
    keeper = Desk(service, world, "keeper")
    with world.transaction() as db:
        (man,) = run(
            db,
            "select v.value from person p join personal_value v on (v.country, v.id) = (p.country, p.value_id) "
            "where p.id = %(id)s",
            {"id": world["soldier"].person_id},
        )
    named = f"SDT {man['value']['family_name'].upper()}"
    assert man["value"]["given_names"] in words(keeper.get(f"/recherche?q={named}"))
    assert man["value"]["given_names"] in words(keeper.get(f"/detenteurs?q={named}"))

    assert "L'unité n'a pas de subordonnées." in words(keeper.get("/situation"))
    assert keeper.ask(f"/registres?store={world.store_bravo}").status_code == 404
    ahead = keeper.send("/perceptions/nouvelle", 422, id=str(new_id()), due_day="2300-01-01")
    said = words(ahead).replace("\u00a0", " ")
    assert "Jour : le 01/01/2300 est hors de portée" in said, said[:600]
    assert "aucune arme" in words(keeper.get(f"/personnes/{world['soldier'].person_id}"))

    (weapon,) = world.register(1)
    assert make_labels(client, world, [weapon]).status_code == 200
    label = symbols(world, weapon.weapon_id)[0][:12]
    asked = f"/etiquettes/reimprimer?labels={label}&reason=Sale&stock=a4-weapon-20mm"
    assert "sera imprimée de nouveau" in words(keeper.get(asked))
    unread = keeper.ask(asked.replace("&", "%0AK7M3%0AZZZ&", 1)).text
    for faulty in ("« K7M3 » : ce n", "« ZZZ » : ce n"):  # each on a line of its own, named, once on top
        assert words(unread).replace("\u00a0", " ").count(faulty) == 2
        assert f">{faulty}" in re.sub(r">\s+", ">", unread).replace("\u00a0", " ")
    other = Desk(service, world, "keeper_bravo").ask(asked)
    assert other.status_code == 422
    assert "sera imprimée de nouveau" not in words(other.text)
    void = keeper.get(f"/etiquettes/annuler?etiquette={label}")
    assert ">Annuler l&#39;étiquette<" in re.sub(r">\s+|\s+<", lambda m: m[0].strip(), void)
    keeper.send("/etiquettes/annuler", 303, id=str(new_id()), labels=label, reason="Perdue")
    again = keeper.ask(asked)
    assert f"déjà annulée : {label[1:5]}-{label[5:9]}-{label[9:]}" in words(again.text)
    paper = f"store={world.store_alpha}&stock="
    for count in ("0", "9" * 20):
        assert 'id="count-error"' in keeper.ask(f"/etiquettes/armes?{paper}a4-weapon-20mm&count={count}").text
    roll = next(name for name, stock in STOCKS.items() if stock.one_up and stock.takes(Kind.WEAPON))
    sentence = words(keeper.get(f"/etiquettes/vierges?{paper}{roll}&count=10")).partition("L'imprimante")[2]
    assert "20 étiquettes" in sentence[:60]
    assert "page" not in sentence.partition("rouleau")[0]
    card = f"kind=person&people={matricule(world, 'soldier')}&stock="
    people = next(name for name, stock in STOCKS.items() if stock.takes(Kind.PERSON))
    assert "remplace" not in words(keeper.get(f"/etiquettes/codes?{card}{people}"))
    history = client.get(f"/weapons/{weapon.weapon_id}/history", headers=world["keeper"].headers).json()["items"]
    told = [entry["sentence"] for entry in history if "Étiquette" in entry["sentence"]]
    assert f"{label[1:5]}-{label[5:9]}-{label[9:]}" in told[0]
