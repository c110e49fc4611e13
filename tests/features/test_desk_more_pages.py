"""Pages of the desk for lists, musters and maintenance: few gestures, each fault at its line, one act for one press."""

import re
from typing import Any
from uuid import UUID

import httpx
import pytest

import writes
from desk import Desk, hidden, matricule, serials, words
from drawing import lift, ok, suspend
from filing import picture
from moving import a_section, listed
from reporting import unit_uuid
from salw.core.db import run
from salw.core.ids import new_id
from world import World


@pytest.fixture
def keeper(service: str, world: World) -> Desk:
    return Desk(service, world, "keeper")


def test_a_morning_with_its_exceptions_goes_out_in_one_act_and_the_evening_names_who_is_not_back(
    keeper: Desk, service: str, client: httpx.Client, world: World
) -> None:
    people, weapons = a_section(world, 5)
    spare, stray = world.register(2)
    named = [w.weapon_id for w in (spare, stray, weapons[2], weapons[3])]
    spare_serial, stray_serial, third, fourth = serials(world, named)
    made = writes.done(
        client, writes.prepare_list(client, world, lines=[{"to": {"person": str(one)}} for one in people[:4]])
    )
    page = f"/etats-nominatifs/{made.path.rsplit('/', 1)[1]}"
    with world.transaction() as db:
        rows = run(db, "select id, matricule from person where id = any(%(ids)s)", {"ids": people})
    numbers = {row["id"]: row["matricule"] for row in rows}
    added = keeper.send(f"{page}/ajouter", 422, id=str(new_id()), version=1, people=f"{numbers[people[4]]}\nNEMO\n")
    assert "Ligne 2" in words(added)
    assert numbers[people[4]] in added, "nothing typed is lost"
    keeper.send(f"{page}/ajouter", 303, id=str(new_id()), version=1, people=numbers[people[4]])
    form = keeper.get(f"{page}/perception")
    assert words(form).count("Changer") == 5
    # Line 1 stays away, line 2 draws another weapon, line 3 is another man, and one came who is on no line.
    typed: dict[str, Any] = {"id": str(new_id()), "whole": "yes", "absent": [1], "line": [1, 2, 3, 4, 5]}
    typed["instead"] = ["", stray_serial + "9", "", "", ""]
    typed["replaced"] = ["", "", matricule(world, "armourer"), "", ""]
    typed["more"] = f"{matricule(world, 'soldier')}; {spare_serial}"
    wrong = keeper.send(f"{page}/perception", 422, **typed)
    assert "Ligne 2 : autre arme" in words(wrong).replace("\u00a0", " ")
    assert stray_serial + "9" in wrong
    assert spare_serial in wrong
    typed["instead"][1] = spare_serial
    twice = words(keeper.send(f"{page}/perception", 422, **typed))
    assert "déjà donnée à un autre" in twice
    typed["instead"][1] = stray_serial
    _who_may_not_draw_is_named_at_his_line(keeper, client, world, page, people, typed)
    _whose_weapon_is_swapped_is_left_without(
        keeper, client, world, page, (people[1], numbers[people[1]], fourth), typed
    )
    check = keeper.send(f"{page}/perception", 200, **typed)
    said = words(check).replace("\u00a0", " ")
    assert "Remettre 5 armes" in said
    assert "Notés absents : 2" in said
    assert "à la place de" in said
    shown = {"id": typed["id"], "act": "do", "body": hidden(check)["body"]}
    where = keeper.send(f"{page}/perception", 303, **shown)
    assert keeper.send(f"{page}/perception", 303, **shown) == where, "the same press is one issue"
    out = keeper.get(where)
    assert f"/perceptions/{typed['id']}" in out
    bon = keeper.get(f"/perceptions/{typed['id']}")
    rows = re.findall(r'<th scope="row">(\d+)\. <a class="code"', bon)
    assert rows == ["2", "4", "5", "6", "7"], "the bon keeps the order and the numbers of the list"
    card = words(keeper.get(f"/personnes/{world['armourer'].person_id}"))
    assert third in card
    whose = words(keeper.get(f"/personnes/{people[2]}"))
    assert re.search(f"perçues par un autre .* {third} Perçue par \\S+ ESSAI-ARMOURER", whose), whose
    _the_evening_names_who_is_not_back(keeper, client, world, page, weapons[2].weapon_id)


def _the_evening_names_who_is_not_back(
    keeper: Desk, client: httpx.Client, world: World, page: str, third: UUID
) -> None:
    """Take back three of the five, and one of another slip with the rounds that it lacks, each in its condition."""
    other = _a_weapon_of_another_slip(client, world)
    back: dict[str, Any] = {"id": str(new_id()), "whole": "yes", "absent": [4, 5], "codes": other[1]}
    asked = keeper.send(f"{page}/reintegration", 422, **back)
    assert 'id="reason_0-error"' in asked, "rounds that lack are asked for before the last press"
    row = {"kind_0": "rounds", "calibre_0": "7,62x39", "quantity_0": "0", "reason_0": "tirées"}
    check = keeper.send(f"{page}/reintegration", 200, **back, **row)
    said = words(check).replace("\u00a0", " ")
    assert "Pas rentrées : 2" in said
    assert "ESSAI-SOLDIER" in said, "who brings a weapon of another slip is named"
    assert "d'un autre bon" in said
    states = [f"{other[0]}:to_repair", f"{third}:unserviceable", "x:y"]
    shown = {"id": back["id"], "act": "do", "body": hidden(check)["body"], "condition": states}
    where = keeper.send(f"{page}/reintegration", 303, **shown)
    assert keeper.send(f"{page}/reintegration", 303, **shown) == where
    standing = keeper.get(where)
    for figure in ("2</strong> perçue", "2</strong> absent", "3</strong> réintégrée"):
        assert figure in standing
    with world.transaction() as db:
        sql = "select condition from weapon where id = any(%(ids)s) order by condition"
        seen = [row["condition"] for row in run(db, sql, {"ids": [other[0], third]})]
    assert seen == ["to_repair", "unserviceable"]


def _a_weapon_of_another_slip(client: httpx.Client, world: World) -> tuple[UUID, str]:
    """Issue the soldier a weapon with rounds on a slip of its own."""
    (weapon,) = world.register()
    sent = writes.issue(client, world, [weapon])
    rounds = {"declared": [{"kind": "rounds", "calibre": "7,62x39", "quantity": 30}]}
    writes.done(client, writes.Write(sent.method, sent.path, {**sent.body, **rounds}, sent.headers))
    return weapon.weapon_id, serials(world, [weapon.weapon_id])[0]


def _who_may_not_draw_is_named_at_his_line(
    keeper: Desk, client: httpx.Client, world: World, page: str, people: list[UUID], typed: dict[str, Any]
) -> None:
    """Withdraw from the man in place, from one whose weapon was read, and from one who came too: each by name."""
    withdrawn = (people[1], world["armourer"].person_id, world["soldier"].person_id)
    placed = [str(ok(suspend(client, world, one))["id"]) for one in withdrawn]
    refused = keeper.send(f"{page}/perception", 422, **typed)
    for field in ("replaced_2", "replaced_3", "more"):
        assert "voir le commandant" in refused.partition(f'id="{field}-error"')[2][:400], field
    assert "Ligne 3 : autre homme" in words(refused)
    for one in placed:
        ok(lift(client, world, one))


def _whose_weapon_is_swapped_is_left_without(
    keeper: Desk, client: httpx.Client, world: World, page: str, man: tuple[UUID, str, str], typed: dict[str, Any]
) -> None:
    """Give the man of line 2 the weapon of line 4, and a second one as somebody who came too."""
    person, number, fourth = man
    spare = typed["more"].partition("; ")[2]
    swapped = {**typed, "instead": ["", fourth, "", "", ""], "more": f"{number}; {spare}"}
    own = {"line": [5], "instead": [""], "replaced": [matricule(world, "keeper")]}
    assert "c'est vous-même" in words(keeper.send(f"{page}/perception", 200, id=str(new_id()), whole="yes", **own))
    check = keeper.send(f"{page}/perception", 200, **swapped)
    said = words(check).replace("\u00a0", " ")
    assert "Sans arme, la leur étant donnée à un autre : 1" in said
    assert "non lues" not in said
    assert "déjà inscrit, ligne 2" in said
    again = str(ok(suspend(client, world, person))["id"])
    refused = keeper.send(f"{page}/perception", 422, **swapped, act="do", body=hidden(check)["body"])
    assert 'id="replaced_2-error"' in refused, "who lost his right since the page was shown is named"
    assert spare in refused, "nothing typed is lost"
    ok(lift(client, world, again))


def test_a_muster_is_ticked_on_one_page_and_says_who_is_missing(
    keeper: Desk, service: str, client: httpx.Client, world: World
) -> None:
    weapons = world.register(4)
    writes.done(client, writes.issue(client, world, weapons[:3]))
    scanned, ticked, left, stray = serials(world, [w.weapon_id for w in weapons])
    unit = unit_uuid(world, world.alpha)
    assert "Armes perçues" in words(keeper.get(f"/appels/nouveau?unit={unit}"))
    typed: dict[str, Any] = {"id": str(new_id()), "unit": unit, "codes": f"{scanned}\n{stray}"}
    typed["told"] = [str(weapons[1].weapon_id)]
    wrong = keeper.send("/appels/nouveau", 422, **typed)
    for said in (f"{stray} » n'est à personne", "Dire comment", "Écrire un matricule"):
        assert said in words(wrong).replace("\u00a0", " ")
    assert f'value="{weapons[1].weapon_id}" form="muster" checked' in wrong, "nothing ticked is lost"
    typed |= {"codes": scanned, "reporter": matricule(world, "armourer"), "told_how": "radio", "told_hour": "0 h 01"}
    check = keeper.send("/appels/nouveau", 200, **typed)
    assert words(check).index(left) < words(check).index(ticked) < words(check).index(scanned)
    _a_muster_says_one_thing_of_each(keeper, typed, weapons[0].weapon_id)
    shown = {**hidden(check), "act": "do"}
    for day, hour in (("9999-12-31", ""), ("2099-12-31", ""), ("2001-01-01", ""), ("2001-01-01", "6 h 00")):
        bad = keeper.send("/appels/nouveau", 422, **typed, held_day=day, held_hour=hour)
        assert 'id="held_day-error"' in bad, day
    assert "rien n'a été enregistré" in words(keeper.send("/appels/nouveau", 422, **{**shown, "body": "{}"}))
    Desk(service, world, "keeper_bravo").send("/appels/nouveau", 404, **typed)
    where = keeper.send("/appels/nouveau", 303, **shown)
    assert keeper.send("/appels/nouveau", 303, **shown) == where, "the same press is one muster"
    page = keeper.get(where)
    for figure in ("1</strong> non présentée<", "1</strong> signalée, non vue<", "1</strong> présentée<"):
        assert figure in page
    assert "par radio" in words(page)
    assert where.partition("?")[0] in keeper.get("/appels")
    for other, status in ((Desk(service, world, "keeper_bravo"), 404), (Desk(service, world, "soldier"), 403)):
        assert other.ask(where).status_code == status


def _a_muster_says_one_thing_of_each(keeper: Desk, typed: dict[str, Any], one: UUID) -> None:
    """Say all presented but one in one gesture, nothing at all, and two things of one weapon."""
    all_but = {**typed, "codes": "", "told": [], "rest": "presented", "away": [str(one)]}
    figures = words(keeper.send("/appels/nouveau", 200, **all_but))
    assert "1 non présentée" in figures
    assert "2 présentées" in figures
    empty = {**all_but, "away": []}
    assert 'id="rest-error"' in keeper.send("/appels/nouveau", 422, **{**empty, "rest": ""})
    assert "3 non présentées" in words(keeper.send("/appels/nouveau", 200, **{**empty, "rest": "none"}))
    assert 'id="rest-error"' in keeper.send("/appels/nouveau", 422, **{**typed, "rest": "none"})
    both = keeper.send("/appels/nouveau", 422, **{**typed, "seen": typed["told"]})
    assert f'href="#line_{typed["told"][0]}"' in both


def test_the_armourer_works_off_his_queues_and_the_keeper_sends_to_the_workshop(
    keeper: Desk, service: str, client: httpx.Client, world: World
) -> None:
    weapons = world.register(2)
    broken, other = serials(world, [w.weapon_id for w in weapons])
    writes.done(client, writes.work(client, world, weapons, result="to_repair"))
    assert 'href="/postes/nouveau"' in keeper.get("/entretien/atelier"), "without a workshop one is opened first"
    workshop = writes.done(client, writes.open_workshop(client, world)).path.rsplit("/", 1)[1]
    armourer, commander = Desk(service, world, "armourer"), Desk(service, world, "commander")
    queue = armourer.get("/entretien?travail=repair")
    assert queue.count('name="arme"') == 2
    assert 'name="arme"' not in keeper.get("/entretien?travail=repair"), "who may not record ticks nothing"
    assert keeper.ask("/entretien/travail").status_code == 403
    page = f"/armes/{weapons[0].weapon_id}/entretien"
    assert "à réparer" in words(armourer.get(page))
    assert "Envoyer à l'atelier" in words(keeper.get(page))

    sent = {"id": str(new_id()), "store": str(world.store_alpha), "workshop": workshop, "codes": broken}
    check = keeper.send("/entretien/atelier", 200, **sent)
    shown = {**hidden(check), "act": "do"}
    where = keeper.send("/entretien/atelier", 303, **shown)
    assert keeper.send("/entretien/atelier", 303, **shown) == where, "the same press is one movement"
    back = keeper.send("/entretien/retour", 422, **{**sent, "id": str(new_id()), "codes": other})
    assert "n'est pas dans cet atelier" in words(back)
    check = keeper.send("/entretien/retour", 200, **{**sent, "id": str(new_id())})
    keeper.send("/entretien/retour", 303, **{**hidden(check), "act": "do"})

    work = {"id": str(new_id()), "kind": "repair", "result": "to_repair", "codes": f"{broken}\n{other}"}
    check = armourer.send("/entretien/travail", 200, **work)
    wrong = armourer.send("/entretien/travail", 422, **{**hidden(check), "act": "do"})
    assert "dit que le travail reste à faire" in words(wrong)
    assert other in wrong, "nothing typed is lost"
    check = armourer.send("/entretien/travail", 200, **{**work, "result": "unserviceable"})
    armourer.send("/entretien/travail", 303, **{**hidden(check), "act": "do"})
    assert "Rien à faire" in words(armourer.get("/entretien?travail=repair"))

    read = {"id": str(new_id()), "part": "bolt", "outcome": "differs", "mark_read": "", "codes": broken}
    assert "n'est pas celui" in words(armourer.send("/entretien/piece", 422, **{**read, "codes": f"{broken}\n{other}"}))
    check = armourer.send("/entretien/piece", 200, **{**read, "mark_read": "4711"})
    armourer.send("/entretien/piece", 303, **{**hidden(check), "act": "do"})
    assert "4711" in words(keeper.get("/entretien/pieces"))

    proposal = {
        "id": str(new_id()),
        "reform_kind": "technical",
        "reason": "Canon éclaté",
        "codes": f"{broken}\n{other}",
    }
    check = armourer.send("/entretien/reforme", 200, **proposal)
    armourer.send("/entretien/reforme", 303, **{**hidden(check), "act": "do"})
    address = f"/entretien/reformes/{proposal['id']}"
    assert "Décider" not in words(armourer.get(address)), "who proposes does not decide"
    decision = {**hidden(commander.get(address)), "listed": [str(w.weapon_id) for w in weapons]}
    commander.send(address, 303, **decision, accepted=[str(weapons[0].weapon_id)])
    decided = words(armourer.get(address))
    assert "réforme acceptée" in decided
    assert "réforme refusée" in decided
    assert Desk(service, world, "keeper_bravo").ask(address).status_code == 404


def test_one_photo_of_the_sheet_acknowledges_for_all_who_signed_it(
    keeper: Desk, service: str, client: httpx.Client, world: World
) -> None:
    men, weapons = a_section(world, 2)
    lines = [{"to": {"person": str(m)}, "weapon": str(w.weapon_id)} for m, w in zip(men, weapons, strict=True)]
    made = writes.done(client, writes.prepare_list(client, world, lines=lines))
    drawn = {"id": str(new_id()), "weapons": listed(weapons)}
    answer = client.post(f"{made.path}/issue", json=drawn, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text
    slip = drawn["id"]
    assert "une photo pour les 2 émargements qui manquent" in words(keeper.get(f"/perceptions/{slip}"))
    address, act = f"/perceptions/{slip}/emargement/tous", {"id": str(new_id())}
    keeper.send(address, 422, **act)
    said = {"id": act["id"], "person": str(matricule(world, "soldier")), "kind": "paper"}
    sent = httpx.post(
        f"{service}/perceptions/{slip}/emargement",
        data=said,
        files={"picture": ("bon.png", b"no picture")},
        headers=keeper.headers,
        timeout=60,
    )
    assert 'id="picture-error"' in sent.text, words(sent.text)
    sheet = {"sheet": ("bon.png", picture(), "image/png")}
    for _ in range(2):
        sent = httpx.post(service + address, data=act, files=sheet, headers=keeper.headers, timeout=60)
        assert sent.status_code == 303, words(sent.text)
    found = client.get("/acknowledgements", params={"slip": slip}, headers=world["keeper"].headers).json()["items"]
    assert [one["kind"] for one in found] == ["paper", "paper"]
    assert {one["person"] for one in found} == {str(man) for man in men}
    assert "Tous ont signé" not in words(keeper.get(f"/perceptions/{slip}"))


def test_last_nights_list_is_issued_in_the_morning_and_returned_to_in_the_evening(keeper: Desk, world: World) -> None:
    first, second = serials(world, [w.weapon_id for w in world.register(2)])
    soldier = matricule(world, "soldier")
    typed = {"id": str(new_id()), "store": str(world.store_alpha), "title": "Patrouille", "due_day": "2099-01-01"}
    wrong = keeper.send("/etats-nominatifs/nouveau", 422, **typed, people="NEMO")
    assert "NEMO" in words(wrong)
    people = f"{soldier}; {first}\n{soldier}; {second}"
    twice = keeper.send("/etats-nominatifs/nouveau", 422, **typed, people=f"{soldier}; {first}\n\n{soldier}; {first}")
    assert re.search(r"Ligne 3 : « \S+ » est déjà prévue à la ligne 1", words(twice))
    past = keeper.send("/etats-nominatifs/nouveau", 422, **{**typed, "due_day": "2020-01-01"}, people=people)
    assert 'id="due_day-error"' in past
    where = keeper.send("/etats-nominatifs/nouveau", 303, **typed, people=people).partition("?")[0]
    assert "à percevoir" in words(keeper.get(where))
    assert "aussi sur un autre état" not in words(keeper.get(where))
    other = {**typed, "id": str(new_id()), "title": "Garde", "people": f"{soldier}; {second}"}
    also = words(keeper.get(keeper.send("/etats-nominatifs/nouveau", 303, **other).partition("?")[0]))
    assert "1 ligne figure aussi sur un autre état" in also
    assert "arme prévue aussi : « Patrouille », ligne 2" in also.replace("\u00a0", " ")
    assert "homme prévu aussi : « Patrouille », ligne 1" in also.replace("\u00a0", " ")
    again = keeper.get(f"/etats-nominatifs/nouveau?like={where.rsplit('/', 1)[1]}")
    assert f"{soldier}; {second}" in again
    assert 'value="2099-01-01"' in again
    check = keeper.send(f"{where}/perception", 200, id=str(new_id()), codes=first, absent="2")
    assert "Notés absents" in words(check)
    keeper.send(f"{where}/perception", 303, **{**hidden(check), "act": "do"})
    page = words(keeper.get(where))
    assert "1 perçue" in page
    assert "1 absent" in page
    check = keeper.send(f"{where}/reintegration", 200, id=str(new_id()), codes=first)
    for path in ("perception", "reintegration"):
        for body in ("", "[]", '{"weapons": [{"weapon": "' + "-" * 36 + '", "version": 1}], "absent": [99999]}'):
            assert keeper.ask(f"{where}/{path}").status_code == 200
            keeper.send(f"{where}/{path}", 200, id=str(new_id()), act="do", body=body)
    keeper.send(f"{where}/rayer", 422, id=str(new_id()), version=-1, line=-1)
    keeper.send(f"{where}/reintegration", 303, **{**hidden(check), "act": "do"})
    page = keeper.get(where)
    assert "1 réintégrée" in words(page)
    # One man is taken out, and one written on again, without the list being entered anew.
    version = int(hidden(page)["version"])
    keeper.send(f"{where}/rayer", 303, id=str(new_id()), version=version, line=2)
    assert second not in words(keeper.get(where))
    keeper.send(f"{where}/ajouter", 303, id=str(new_id()), version=version + 1, people=f"{soldier}; {second}")
    assert second in words(keeper.get(where))
