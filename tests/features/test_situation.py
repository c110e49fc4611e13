"""The situation d'armement: every weapon in one column, every figure opens to its lines, one page of paper."""

import io
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import openpyxl
from pypdf import PdfReader
from sqlalchemy import Engine

import writes
from labelling import whole
from moving import dispatch, issue, receive
from reporting import look, opened, unit_uuid, written_off
from salw.custody.situation import Column
from salw.ledger.sequencer import drain
from salw.reports.situation_queries import count_situation, get_subject
from tampering import look_at, mend
from world import World

MODEL = "akm-tula-su"


def situation(client: httpx.Client, world: World, unit: int, job: str = "auditor", **params: Any) -> dict[str, Any]:
    path = f"/units/{unit_uuid(world, unit)}/situation.json"
    answer = client.get(path, params=params, headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()["report"]
    return report


def listed(client: httpx.Client, world: World, address: str, column: str | None = None) -> set[str]:
    """Return the weapons at an address, page by page."""
    found: set[str] = set()
    path = address.removeprefix("/v1") + (f"&situation={column}" if column else "") + "&limit=4"
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(f"{path}&cursor={cursor}" if cursor else path, headers=world["auditor"].headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert not found & {item["id"] for item in page["items"]}
        found |= {item["id"] for item in page["items"]}
        cursor = page["next_cursor"]
    return found


def busy(client: httpx.Client, world: World) -> None:
    """Leave weapons of Alpha in every column that our operations lead to, some off the book, some of no known model."""
    held = world.register(8, model_code=MODEL) + world.register(3)
    issue(client, world, held[:2])
    opened(client, world, held[2:4])
    dispatch(client, world, held[4:6])
    written_off(client, world, held[6:7])
    detachment = writes.open_holder(client, world)
    body = {**detachment.body, "kind": "detachment"}
    answer = client.put(detachment.path, json=body, headers=dict(detachment.headers))
    assert answer.status_code == 200, answer.text
    writes.done(client, writes.issue(client, world, held[8:9], {"holder": detachment.path.split("/")[2]}))
    look_at(world, world.register(4))  # one is unserviceable, one is to be reformed, the part of one is not its own


def test_every_figure_opens_to_exactly_its_weapons(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    busy(client, world)
    drain(sequencer_engine)
    entitled = writes.entitle(client, world)
    writes.done(client, entitled)
    for below, unit in ((True, world.hq), (False, world.alpha)):
        report = situation(client, world, unit, below=below)
        rows = [
            (row["address"], row.get("figures") or row["subtotal"])
            for group in report["classes"]
            for row in (*group["models"], group)
        ]
        for address, figures in (*rows, (report["address"], report["total"])):
            every = {column: listed(client, world, address, column) for column in Column}
            assert {column: len(found) for column, found in every.items()} == figures["columns"]
            assert figures["on_hand"] == sum(figures["columns"].values())
            assert listed(client, world, address) == set().union(*every.values())
        total = report["total"]
        assert total["columns"] == {"available": 7, "unavailable": 2, "in_repair": 0, "detached": 3, "missing": 2}
        assert (total["entitled"], total["difference"]) == (120, -106)
        models = {line["model"]["code"]: line["figures"] for line in report["classes"][0]["models"]}
        assert (models[MODEL]["on_hand"], models[MODEL]["entitled"], models[MODEL]["difference"]) == (7, 9, -2)
        assert (models[""]["on_hand"], models[""]["entitled"], models[""]["difference"]) == (7, None, None)
    in_transit = Counter(
        row["kind"] for row in look(
            world, "select h.kind from custody c join holder h on (h.country, h.id) = (c.country, c.holder_id) "
            "where c.unit_id = %(unit)s", unit=world.alpha,
        )
    )  # fmt: skip
    assert in_transit["transit"] == 2, "counted with the sender until receipt"


def test_a_past_day_stays_as_it_was_and_opens_nowhere(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    world.register(2)
    drain(sequencer_engine)
    yesterday = situation(client, world, world.alpha, day=(world.founder.today - timedelta(days=1)).isoformat())
    assert (yesterday["total"]["on_hand"], yesterday["address"], yesterday["classes"]) == (0, None, [])
    assert situation(client, world, world.alpha)["total"]["on_hand"] == 2
    weapons = world.register(4)
    drain(sequencer_engine)
    sizes = [situation(client, world, world.alpha)["log_size"]]
    for change in (lambda: look_at(world, weapons), lambda: mend(world, weapons[:1])):
        change()
        drain(sequencer_engine)
        sizes.append(situation(client, world, world.alpha)["log_size"])
    unfit = []
    with world.transaction() as db:
        _, books = get_subject(db, whole(world), UUID(unit_uuid(world, world.alpha)), below=False)
        for size in sizes:
            counted = count_situation(db, books, size).values()
            unfit.append(sum(columns.get(Column.UNAVAILABLE, 0) for columns in counted))
    assert unfit == [0, 2, 1], "what was seen later changes no earlier figure"
    refused = client.get(
        f"/units/{unit_uuid(world, world.alpha)}/situation.json",
        params={"day": (world.founder.today + timedelta(days=1)).isoformat()},
        headers=world["auditor"].headers,
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "report.period_in_future")


def test_a_weapon_that_has_left_for_good_is_on_the_other_units_book(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    transfer, sent = dispatch(client, world, world.register(2, model_code=MODEL))
    receive(client, world, transfer, sent)
    drain(sequencer_engine)
    assert situation(client, world, world.alpha, "commander")["total"]["on_hand"] == 0
    assert situation(client, world, world.bravo)["total"]["columns"]["available"] == 2
    foreign = client.get(f"/units/{unit_uuid(world, world.bravo)}/situation.json", headers=world["commander"].headers)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "unit.not_found")


def test_it_is_one_page_with_the_same_figures_in_every_form(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    busy(client, world)
    writes.done(client, writes.entitle(client, world))
    drain(sequencer_engine)
    path = f"/units/{unit_uuid(world, world.alpha)}/situation"
    headers = world["commander"].headers
    answers = {form: client.get(f"{path}.{form}", headers=headers) for form in ("pdf", "xlsx", "csv")}
    assert {answer.status_code for answer in answers.values()} == {200}
    pages = PdfReader(io.BytesIO(answers["pdf"].content)).pages
    text = pages[0].extract_text()
    assert len(pages) == 1
    for said in ("SITUATION D'ARMEMENT", "Page 1/1", "Imprimé par", "Bataillon d'essai Alpha", "\u2212106"):
        assert said in text.replace("\n", " "), said
    sheet = openpyxl.load_workbook(io.BytesIO(answers["xlsx"].content)).worksheets[0]
    totals = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "Total général")
    assert totals[3:] == (120, 14, 7, 2, 0, 3, 2, -106)
    assert "Total général;;;120;14;7;2;0;3;2;-106" in answers["csv"].content.decode("utf-8-sig")
    again = client.get(f"{path}.csv", headers=world["auditor"].headers)
    numbers = [a.headers["content-disposition"] for a in (answers["csv"], again)]
    assert len(set(numbers)) == 1, "two prints of one state bear one number"


def test_a_question_about_a_unit_and_a_store_is_two(client: httpx.Client, world: World) -> None:
    params = {"unit": unit_uuid(world, world.alpha), "store": str(world.store_alpha)}
    answer = client.get("/weapons", params=params, headers=world["keeper"].headers)
    assert answer.json()["code"] == "weapon.one_question"
    params = {"unit": unit_uuid(world, world.bravo)}
    assert client.get("/weapons", params=params, headers=world["keeper"].headers).json()["code"] == "unit.not_found"
