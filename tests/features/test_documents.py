"""Numbered documents: listed by office and year, shown with the lines one may see, printed as slips."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import httpx
from pypdf import PdfReader
from sqlalchemy import Engine

import moving
from reporting import unit_uuid
from salw.core import clock
from salw.core.db import enter_scope, make_engine, run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.ledger.sequencer import drain
from sealing import make_sealer, seal_now
from world import World
from writes import done, issue, issue_from_paper, print_book


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)


def show(client: httpx.Client, world: World, document: object, job: str = "keeper") -> httpx.Response:
    return client.get(f"/documents/{document}", headers=world[job].headers)


def slip(client: httpx.Client, world: World, document: object, job: str = "keeper") -> httpx.Response:
    return client.get(f"/documents/{document}.pdf", headers=world[job].headers)


def id_of(path: str) -> str:
    return path.rsplit("/", 1)[1]


def test_a_slip_names_both_sides_the_weapons_and_what_goes_with_them(client: httpx.Client, world: World) -> None:
    sent = done(client, issue_from_paper(client, world))
    shown = show(client, world, id_of(sent.path)).json()
    assert (shown["kind"], shown["late"], shown["lines_in_all"]) == ("issue_slip", True, 2)
    assert (shown["paper"]["page"], shown["paper"]["line"]) == (1, 2)
    assert [line["quantity"] for line in shown["declared"]] == [90]
    assert shown["receiver"]["person"]["matricule"]
    told = text_of(slip(client, world, id_of(sent.path)))
    for said in (
        "BON DE PERCEPTION",
        shown["number"],
        "SAISIE TARDIVE",
        shown["receiver"]["person"]["name"],
        shown["receiver"]["person"]["matricule"],
        "7,62x39",
        *(line["serial"] for line in shown["lines"]),
        *(line["registry_number"] for line in shown["lines"]),
        "Page 1/1",
    ):
        assert said in told, said
    assert "slip." not in told
    back = [{"weapon": line["weapon"], "version": 2} for line in shown["lines"]]
    fired = [{"kind": "rounds", "calibre": "7,62x39", "quantity": 60, "reason": "30 consommées"}]
    body = {"store": str(world.store_alpha), "weapons": back, "declared": fired}
    return_id = new_id()
    assert client.put(f"/returns/{return_id}", json=body, headers=world["keeper"].headers).status_code == 200
    for document in (return_id, id_of(sent.path)):
        compared = show(client, world, document).json()["compared"]
        assert [(c["issued"], c["returned"], c["difference"], c["reasons"]) for c in compared] == [
            (90, 60, 30, ["30 consommées"])
        ]
    told = text_of(slip(client, world, return_id))
    assert "BON DE RÉINTÉGRATION" in told
    assert "30 consommées" in told


def test_thirty_weapons_stand_on_one_page_with_the_signatures(client: httpx.Client, world: World) -> None:
    sent = done(client, issue(client, world, world.register(30)))
    answer = slip(client, world, id_of(sent.path))
    assert "Page 1/1" in text_of(answer)
    english = client.get(f"/documents/{id_of(sent.path)}.pdf?language=en", headers=world["keeper"].headers)
    assert "ISSUE SLIP" in text_of(english)


def test_both_sides_of_a_transfer_print_its_orders_and_nobody_else_does(client: httpx.Client, world: World) -> None:
    weapons = world.register(3)
    transfer, sent = moving.dispatch(client, world, weapons)
    order = show(client, world, transfer).json()
    assert (order["kind"], len(order["lines"])) == ("movement_order", 3)
    moving.receive(client, world, transfer, sent)
    kinds = {}
    for job, unit in (("keeper", world.alpha), ("keeper_bravo", world.bravo)):
        asked = {"office": unit_uuid(world, unit), "year": clock.now().year}
        listed = client.get("/documents", params=asked, headers=world[job].headers).json()["items"]
        kinds |= {item["kind"]: item["id"] for item in listed}
    assert {"movement_order", "exit_order", "entry_order"} <= kinds.keys()
    for kind, title in (
        ("movement_order", "ORDRE DE MOUVEMENT"),
        ("exit_order", "ORDRE DE SORTIE"),
        ("entry_order", "ORDRE D'ENTRÉE"),
    ):
        # The sender keeps the slips he was party to, numbers and all, after the weapons have left.
        for job in ("keeper", "keeper_bravo"):
            if kind == "entry_order" and job == "keeper":
                continue
            shown = show(client, world, kinds[kind], job).json()
            assert len(shown["lines"]) == 3, (kind, job)
            assert all(line["serial"] for line in shown["lines"])
            assert title in text_of(slip(client, world, kinds[kind], job))
    lone = done(client, issue(client, world))
    refused = show(client, world, id_of(lone.path), "keeper_bravo")
    assert (refused.status_code, refused.json()["code"]) == (404, "document.not_found")
    assert slip(client, world, new_id()).json()["code"] == "document.not_found"


def test_documents_are_listed_newest_first_page_by_page(client: httpx.Client, world: World) -> None:
    done_ids = [id_of(done(client, issue(client, world, world.register())).path) for _ in range(3)]
    where = {"office": unit_uuid(world, world.alpha), "kind": "issue_slip", "limit": 2}
    first = client.get("/documents", params=where, headers=world["keeper"].headers).json()
    rest = client.get(
        "/documents", params={**where, "cursor": first["next_cursor"]}, headers=world["keeper"].headers
    ).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == done_ids[::-1]
    wrong = client.get("/documents", params={**where, "cursor": "eA"}, headers=world["keeper"].headers)
    assert wrong.json()["code"] == "page.bad_cursor"
    register = client.get("/documents", params={**where, "kind": "opening_balance"}, headers=world["keeper"].headers)
    document = register.json()["items"][0]["id"]
    assert slip(client, world, document).json()["code"] == "document.not_a_slip"
    assert show(client, world, document).json()["lines"]


def test_a_blank_booklet_is_the_same_whenever_it_is_printed(client: httpx.Client, world: World) -> None:
    book = done(client, print_book(client, world, pages=4)).path
    first, again = (client.get(f"{book}/blank.pdf", headers=world[job].headers) for job in ("keeper", "commander"))
    assert first.content == again.content
    pages = PdfReader(BytesIO(first.content)).pages
    assert len(pages) == 5
    cover = re.sub(r"\s+", " ", pages[0].extract_text())
    assert "de la page 1 à la page 4, a été coté et paraphé" in cover
    assert "Page 4 / 4" in pages[4].extract_text()
    assert "booklet." not in "".join(page.extract_text() for page in pages)


def test_numbers_have_no_gap_after_refusals_kills_and_issues_at_once(
    client: httpx.Client, world: World, urls: Mapping[str, str]
) -> None:
    weapons = world.register(8)
    superuser = make_engine(urls["postgres"])
    killed = world.engine.connect()
    enter_scope(killed, country=world.country, units=world.units)
    asked = {"unit": world.alpha, "year": clock.now().year}
    taken = run(killed, "select number, pg_backend_pid() as pid from number_document(%(unit)s, %(year)s, 0)", asked)[0]

    def send(weapon: Expected) -> int:
        stale = issue(client, world, [Expected(weapon.weapon_id, 9)]).send(client)
        assert stale.status_code == 409
        return issue(client, world, [weapon]).send(client).status_code

    with ThreadPoolExecutor(4) as at_once:
        waiting = at_once.map(send, weapons)  # all wait for the counter that the killed one holds
        with superuser.begin() as db:
            run(db, "select pg_terminate_backend(%(pid)s)", {"pid": taken["pid"]})
        assert list(waiting) == [200] * 8
    killed.invalidate()
    killed.close()
    superuser.dispose()
    where = {"office": unit_uuid(world, world.alpha), "limit": 200}
    listed = client.get("/documents", params=where, headers=world["keeper"].headers).json()["items"]
    numbers = [int(item["number"].split("/")[0]) for item in listed]
    assert numbers == list(range(taken["number"] + 7, 0, -1))


def test_a_nominal_slip_has_a_line_for_each_man(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    men = [{"person": str(world[job].person_id)} for job in ("soldier", "armourer")]
    lines = [{"to": man, "weapon": str(w.weapon_id)} for man, w in zip(men, weapons, strict=True)]
    keeper = world["keeper"].headers
    list_id, slip_id = new_id(), new_id()
    listed = {"store": str(world.store_alpha), "title": "Garde", "lines": lines}
    made = client.put(f"/nominal-lists/{list_id}", json=listed, headers=keeper)
    assert made.status_code == 200, made.text
    body = {
        "id": str(slip_id),
        "weapons": [{"weapon": str(w.weapon_id), "version": 1} for w in weapons],
        "declared": [{"kind": "magazine", "quantity": 6}],
    }
    assert client.post(f"/nominal-lists/{list_id}/issue", json=body, headers=keeper).status_code == 200
    shown = show(client, world, slip_id).json()
    assert shown["receiver"]["person"] is None
    names = {line["person"]["name"] for line in shown["lines"]}
    assert len(names) == 2
    told = text_of(slip(client, world, slip_id))
    assert "Émargement" in told
    assert "chargeurs" in told
    assert all(name in told for name in names)
    back = {
        "id": str(new_id()),
        "weapons": [{"weapon": str(w.weapon_id), "version": 2} for w in weapons],
        "declared": [{"kind": "magazine", "quantity": 5, "reason": "1 perdu"}],
    }
    returned = client.post(f"/nominal-lists/{list_id}/return", json=back, headers=keeper)
    assert [c["difference"] for c in returned.json()["declared"]] == [1]


def test_a_sealed_slip_names_the_checkpoint_that_covers_it(
    client: httpx.Client, world: World, sequencer_engine: Engine, tmp_path: Path
) -> None:
    document = id_of(done(client, issue(client, world)).path)
    assert "Pas encore scellé" in text_of(slip(client, world, document))
    drain(sequencer_engine)
    seal_now(sequencer_engine, make_sealer(tmp_path))
    told = text_of(slip(client, world, document))
    assert "Inscrit au journal" in told
    assert "Empreinte du journal" in told
