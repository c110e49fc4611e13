"""The registers of a store, a unit and a holder: complete, in order, adding up, and in four forms."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import Engine

import writes
from moving import dispatch, give_back, issue, listed, moved, receive
from reporting import look, opened, unit_uuid
from salw.core import clock
from salw.core.ids import new_id
from salw.ledger.sequencer import drain
from salw.reports.papers import Part
from world import World


def today(world: World) -> str:
    return world.founder.today.isoformat()


def ask(
    client: httpx.Client, world: World, path: str, form: str = "json", job: str = "keeper", **params: Any
) -> httpx.Response:
    """Ask for a register of today."""
    period = {"from": today(world), "to": today(world)}
    days = {"day": {"day": today(world)}, "issues": period, "journal": period}.get(path.rsplit("/", 1)[1], {})
    return client.get(f"{path}.{form}", params={**days, **params}, headers=world[job].headers)


def told(client: httpx.Client, world: World, path: str, job: str = "keeper", **params: Any) -> dict[str, Any]:
    answer = ask(client, world, path, job=job, **params)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()["report"]
    return report


def store(world: World, register: str) -> str:
    return f"/stores/{world.store_alpha}/{register}"


def weapon_numbers(world: World, weapons: list[Any]) -> list[str]:
    rows = look(
        world,
        "select registry_number as n from weapon where id = any(%(ids)s) order by n",
        ids=[w.weapon_id for w in weapons],
    )
    return [row["n"] for row in rows]


def numbers(report: dict[str, Any]) -> list[str]:
    return sorted(line["weapon"]["registry_number"] for line in report["lines"])


def issued_for_a_task(client: httpx.Client, world: World, weapons: list[Any], **more: Any) -> list[Any]:
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": listed(weapons),
        "due_back_at": (clock.now() + timedelta(hours=8)).isoformat(),
        **more,
    }
    return moved(client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers))


@pytest.fixture
def day(client: httpx.Client, world: World, sequencer_engine: Engine) -> World:
    """Return a world after a day of Alpha: ten weapons, three out, one back, one permanent, one late, two sent."""
    held = world.register(10, model_code="akm-tula-su")
    out = issued_for_a_task(client, world, held[:3])
    give_back(client, world, out[:1])
    issue(client, world, held[3:4])
    yesterday = clock.now() - timedelta(days=1)
    issued_for_a_task(client, world, held[4:5], occurred_at=yesterday.isoformat())
    dispatch(client, world, held[5:7])
    drain(sequencer_engine)
    return world


def test_the_register_of_issues_has_each_issue_with_its_return(
    client: httpx.Client, world: World, day: World, sequencer_engine: Engine
) -> None:
    report = told(client, world, store(world, "issues"))
    lines = report["lines"]
    assert len(lines) == 5
    assert [line["index"] for line in lines] == sorted(line["index"] for line in lines)
    assert [line["returned"]["kind"] if line["returned"] else None for line in lines].count("return") == 1
    assert sum(line["permanent"] for line in lines) == 1
    assert [line["permanent"] for line in lines] == [line["due_back_at"] is None for line in lines]
    assert [line["issued"]["late"] for line in lines].count(True) == 1
    assert {line["to"]["name"] for line in lines} == {"SGT ESSAI-SOLDIER Personne"}
    assert {line["issued"]["slip"]["kind"] for line in lines} == {"issue_slip"}


def test_the_day_adds_up_and_a_past_day_is_closed(client: httpx.Client, world: World, day: World) -> None:
    report = told(client, world, store(world, "day"))
    total = report["total"]
    assert (total["opening"], total["entries_total"], total["exits_total"], total["closing"]) == (0, 11, 7, 4)
    came = [line for line in report["lines"] if line["went_to"]["holder"] == str(world.store_alpha)]
    assert (len(came), len(report["lines"]) - len(came)) == (total["entries_total"], total["exits_total"])
    assert report["provisional"]
    before = (world.founder.today - timedelta(days=1)).isoformat()
    assert told(client, world, store(world, "day"), day=before)["total"]["closing"] == total["opening"]


def test_the_journal_is_every_movement_once_in_the_order_of_the_log(
    client: httpx.Client, world: World, day: World
) -> None:
    above = f"/units/{unit_uuid(world, world.hq)}/journal"
    for path, job in ((store(world, "journal"), "keeper"), (above, "accountant")):
        report = told(client, world, path, job)
        indexes = [line["index"] for line in report["lines"]]
        assert indexes == sorted(set(indexes))
        rows = look(
            world,
            "select l.idx from movement m join leaf l on (l.country, l.event_id) = (m.country, m.event_id) "
            "where m.to_unit_id = any(%(u)s) or m.from_unit_id = any(%(u)s) order by idx",
            u=list(world.units),
        )
        assert indexes == [row["idx"] for row in rows]


def test_movements_within_a_unit_but_elsewhere_are_not_the_stores(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    writes.done(client, writes.relieve(client, world))
    drain(sequencer_engine)
    for line in told(client, world, store(world, "journal"))["lines"]:
        assert str(world.store_alpha) in (line["went_to"]["holder"], (line["came_from"] or {}).get("holder"))


def test_a_holders_card_has_what_he_holds_and_what_is_his(client: httpx.Client, world: World, day: World) -> None:
    his = world.register(1)
    writes.done(client, writes.assign(client, world, his))
    card = f"/people/{world['soldier'].person_id}/held"
    report = told(client, world, card, "commander")
    assert [line["held"] for line in report["lines"]] == [True] * 4 + [False]
    assert report["lines"][-1]["assigned"]
    yesterday = (world.founder.today - timedelta(days=1)).isoformat()
    assert [line["since"][:10] for line in report["lines"][:4]].count(yesterday) == 1, "since the act, not its entry"
    assert weapon_numbers(world, his) == [report["lines"][-1]["weapon"]["registry_number"]]
    assert report["holder"]["name"] == "SGT ESSAI-SOLDIER Personne"
    nobody = told(client, world, f"/people/{world['armourer'].person_id}/held", "commander")
    assert nobody["lines"] == []
    post = told(client, world, f"/holders/{world.post_alpha}/held", "commander")
    assert (post["holder"]["name"], post["holder"]["kind"]) == ("Poste nord", "post")
    # He answers for the post, and so for what it has: apart from what he has himself, in every form.
    of_post = world.register(2)
    writes.done(client, writes.issue(client, world, of_post, {"holder": str(world.post_alpha)}))
    lines = told(client, world, card, "commander")["lines"]
    assert [line["answers_for"] and line["answers_for"]["name"] for line in lines] == [None] * 5 + ["Poste nord"] * 2
    own = told(client, world, f"/holders/{world.post_alpha}/held", "commander")["lines"]
    assert [line["answers_for"] for line in own] == [None] * 2
    written = ask(client, world, card, "csv", job="commander").content.decode()
    assert "Détient lui-même\u00a0:;4\r\nRépond de\u00a0:;2" in written
    assert written.count("Poste nord") == 2
    assert "néant" not in written
    for path in (f"/people/{world['soldier_bravo'].person_id}/held", f"/holders/{world.store_bravo}/held"):
        assert ask(client, world, path, job="commander").status_code == 404, path


def test_the_inventory_is_the_store_and_a_missing_weapon_stands_out(client: httpx.Client, world: World) -> None:
    held = world.register(3) + world.register(2, model_code="akm-tula-su")
    opened(client, world, held[:1])
    report = told(client, world, store(world, "inventory"))
    assert numbers(report) == weapon_numbers(world, held)
    assert [line["state"] for line in report["lines"]].count("missing") == 1


def test_people_of_other_units_are_told_by_kind_and_unit(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    transfer, sent = dispatch(client, world, world.register(1))
    (there,) = receive(client, world, transfer, sent)
    body = {
        "store": str(world.store_bravo),
        "to": {"person": str(world["soldier_bravo"].person_id)},
        "weapons": listed([there]),
    }
    moved(client.put(f"/issues/{new_id()}", json=body, headers=world["keeper_bravo"].headers))
    drain(sequencer_engine)
    report = told(client, world, store(world, "journal"))
    assert "ESSAI-SOLDIER_BRAVO" not in str(report)
    assert {line["weapon"]["registry_number"] for line in report["lines"]} == {None}, "it has left the unit"
    assert {line["weapon"]["model"]["class_code"] for line in report["lines"]} == {"SA-ASR"}


def test_a_long_register_comes_in_volumes_that_leave_nothing_out(
    client: httpx.Client, service: str, world: World, day: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = told(client, world, store(world, "journal"))["lines"]
    monkeypatch.setattr("salw.reports.desk_routes.Part", lambda volume: Part(volume, 7))
    volumes = [told(client, world, store(world, "journal"), volume=n) for n in (1, 2, 3)]
    assert {(v["volumes"], v["lines_total"]) for v in volumes} == {(3, len(whole))}
    assert [v["first_line"] for v in volumes] == [1, 8, 15]
    assert [line for v in volumes for line in v["lines"]] == whole
    answer = ask(client, world, store(world, "journal"), volume=4)
    assert (answer.status_code, answer.json()["code"]) == (404, "report.no_such_volume")
    page = f"{service}/registres/lecture?register=journal&store={world.store_alpha}&page=9"
    beyond = client.get(page, headers={**world["keeper"].headers, "accept": "text/html"})
    assert (beyond.status_code, "il a 1 page." in beyond.text) == (404, True)
    text = ask(client, world, store(world, "journal"), "csv", volume=2).content.decode("utf-8-sig")
    assert "2 sur 3 : lignes 8 à 14 sur 18" in text.replace("\xa0", " ")


@pytest.mark.parametrize("register", ["issues", "day", "journal", "inventory", "held"])
def test_every_form_of_a_register_has_every_line(client: httpx.Client, world: World, day: World, register: str) -> None:
    path = f"/people/{world['soldier'].person_id}/held" if register == "held" else store(world, register)
    report = told(client, world, path)
    files = {form: ask(client, world, path, form) for form in ("pdf", "xlsx", "csv")}
    assert {answer.status_code for answer in files.values()} == {200}
    rows = list(csv.reader(io.StringIO(files["csv"].content.decode("utf-8-sig")), delimiter=";"))
    found = [cell for row in rows for cell in row]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(files["pdf"].content)).pages)
    for number in numbers(report):
        assert number in found
        assert number in text.replace("\n", "")
    assert "Imprimé par" in text
    assert "Imprimé par" not in files["csv"].text, "the same file whoever asks"
    again = ask(client, world, path, "csv", "auditor")
    assert again.headers["content-disposition"] == files["csv"].headers["content-disposition"], "one state, one number"


def test_a_register_of_another_unit_or_by_who_may_not_read_it_is_refused(client: httpx.Client, world: World) -> None:
    for register in ("issues", "day", "journal", "inventory"):
        assert ask(client, world, store(world, register), job="keeper_bravo").json()["code"] == "store.not_found"
        assert ask(client, world, store(world, register), "pdf", "soldier").json()["code"] == "access.not_permitted"
    later = (world.founder.today + timedelta(days=1)).isoformat()
    assert ask(client, world, store(world, "day"), day=later).json()["code"] == "report.period_in_future"
