"""Reconciliation reports: they add up at every sealed instant, and all four forms say the same."""

import csv
import hashlib
import io
import itertools
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import openpyxl
import pytest
import rfc8785
from pypdf import PdfReader
from sqlalchemy import Engine

from counting import a_count, close, count, label, open_check, typed, unreadable
from moving import dispatch, give_back, issue, listed, moved, receive
from reporting import decide, itemise, mass_loss, opened
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.ledger.sequencer import drain
from salw.registry.classification import ClassCode
from salw.reports import queries
from salw.reports.balances import Entry, Exit, make_balances
from salw.reports.queries import Books
from salw.reports.rendering.document import TALLY_COLUMNS
from world import World

Path = str
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_off(client: httpx.Client, world: World, weapons: list[Expected]) -> list[Expected]:
    incident = str(new_id())
    body: dict[str, Any] = {"kind": "lost", "weapons": listed(weapons)}
    answer = client.put(f"/incidents/{incident}", json=body, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text
    body = {"id": str(new_id()), "kind": "written_off", "weapons": listed(weapons)}
    return moved(client.post(f"/incidents/{incident}/outcome", json=body, headers=world["commander"].headers))


def today(world: World) -> str:
    return world.founder.today.isoformat()


def store_path(world: World, form: str, *, from_date: str | None = None, to_date: str | None = None) -> Path:
    day = today(world)
    return f"/stores/{world.store_alpha}/reconciliation.{form}?from={from_date or day}&to={to_date or day}"


def ask(client: httpx.Client, world: World, path: Path, *, job: str = "auditor") -> httpx.Response:
    return client.get(path, headers=world[job].headers)


def told(client: httpx.Client, world: World, path: Path) -> dict[str, Any]:
    answer = ask(client, world, path)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()["report"]
    return told


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def pdf_lines(content: bytes) -> list[str]:
    return [line for page in PdfReader(io.BytesIO(content)).pages for line in page.extract_text().split("\n")]


def figures_after(lines: list[str], words: str) -> list[list[int]]:
    """Return the figures that follow each line of `words`, as the PDF prints them."""
    found = []
    for place, line in enumerate(lines):
        if line.strip() == words:
            figures = itertools.takewhile(
                lambda text: re.fullmatch(r"[\d\u202f,]+|–", text.strip()), lines[place + 1 :]
            )
            found.append([0 if f.strip() == "–" else int(re.sub(r"\D", "", f)) for f in figures])
    return found


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def sheet_rows(content: bytes) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [list(row) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]


@contextmanager
def sealed_on(owner_engine: Engine, day: date, first: int) -> Iterator[None]:
    """Give every index from `first` on an instant of a past day, as if sealed then; undone at the end."""

    def set_instants(sql: str) -> None:
        with owner_engine.begin() as db:
            run(db, "set local role salw_owner")
            run(db, "alter table leaf disable trigger append_only")
            run(
                db,
                f"update leaf set sequenced_at = {sql} where country = 'BF' and idx >= %(first)s",
                {"first": first, "away": clock.now() - datetime(day.year, day.month, day.day, 12, tzinfo=UTC)},
            )
            run(db, "alter table leaf enable trigger append_only")

    set_instants("sequenced_at - %(away)s")
    try:
        yield
    finally:
        set_instants("least(sequenced_at + %(away)s, clock_timestamp())")


def log_size(world: World) -> int:
    with world.transaction() as db:
        return int(run(db, "select coalesce(max(idx) + 1, 0) as size from leaf where country = 'BF'")[0]["size"])


def held_now(world: World, books: Books) -> int:
    """Return the present stock without any of the report's own reading."""
    with world.transaction() as db:
        rows = run(
            db,
            "select count(*) as n from custody c join holder h on (h.country, h.id) = (c.country, c.holder_id) "
            "where c.country = 'BF' and c.unit_id = any(%(units)s) and "
            "(c.holder_id = %(store)s or %(store)s::uuid is null and h.kind in ('store', 'person', 'post', 'transit'))",
            {"units": list(books.units), "store": books.store_id},
        )
    return int(rows[0]["n"])


def test_the_books_add_up_between_any_two_instants_of_a_history(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    of_store = Books("BF", world.store_alpha, (world.alpha,))
    of_other = Books("BF", world.store_bravo, (world.bravo,))
    of_unit = Books("BF", None, (world.alpha,))
    of_all = Books("BF", None, world.units)
    every = (of_store, of_other, of_unit, of_all)
    instants: list[tuple[int, list[int]]] = []

    def seal() -> None:
        drain(sequencer_engine)
        instants.append((log_size(world), [held_now(world, books) for books in every]))

    seal()
    weapons = world.register(9)
    seal()
    drawn = issue(client, world, weapons[:4])
    seal()
    back = give_back(client, world, drawn[:2])
    transfer, sent = dispatch(client, world, [*back, *weapons[4:6]])
    seal()
    there = receive(client, world, transfer, sent[:3])
    seal()
    write_off(client, world, [weapons[6], drawn[2]])
    seal()
    pistols = world.register(2, class_code=ClassCode.PISTOL)
    issue(client, world, pistols[:1])  # never sealed: every instant above is read with this in the queue
    assert len(there) == 3
    assert instants[-1][1] == [2, 3, 4, 7]
    with world.transaction() as db:
        for books, place in zip(every, range(4), strict=True):
            for size, held in instants:
                assert sum(queries.count_stock(db, books, size)[0].values()) == held[place], (books, size)
            for (size, held), (later, held_later) in itertools.combinations(instants, 2):
                entries, exits = queries.count_movements(db, books, size, later)
                opening, closing = (queries.count_stock(db, books, s)[0] for s in (size, later))
                _, total = make_balances(opening, entries, exits, closing)
                assert (total.opening, total.closing) == (held[place], held_later[place])


def test_each_movement_stands_in_its_column(client: httpx.Client, world: World, sequencer_engine: Engine) -> None:
    weapons = world.register(9)
    drawn = issue(client, world, weapons[:4])
    back = give_back(client, world, drawn[:2])
    transfer, sent = dispatch(client, world, [*back, *weapons[4:6]])
    receive(client, world, transfer, sent[:3])
    write_off(client, world, [weapons[6]])
    drain(sequencer_engine)
    total = told(client, world, store_path(world, "json"))["total"]
    assert {k: n for k, n in total["entries"].items() if n} == {"opening_balance": 9, "return_in": 2}
    assert {k: n for k, n in total["exits"].items() if n} == {"issue_out": 4, "transfer_out": 4, "loss": 1}
    assert (total["opening"], total["entries_total"], total["exits_total"], total["closing"]) == (0, 11, 9, 2)


def test_what_an_inquiry_looks_for_stands_under_the_stock_as_the_log_knew_it(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    subjects = [Books("BF", world.store_alpha, (world.alpha,)), Books("BF", None, world.units)]
    elsewhere = Books("BF", world.store_bravo, (world.bravo,))
    instants: list[tuple[int, tuple[int, int]]] = []

    def seal(missing: int, by_count: int) -> None:
        drain(sequencer_engine)
        instants.append((log_size(world), (missing, by_count)))

    stray, taken, *rest = world.register(5)
    seal(0, 0)
    case = opened(client, world, [stray])
    mass, line = mass_loss(client, world, quantity=3)
    seal(1, 3)
    assert decide(client, world, case, "found_again", [stray]).status_code == 200
    assert itemise(client, world, mass, line, [taken, rest[0]]).status_code == 200
    seal(2, 1)
    assert decide(client, world, mass, "written_off", [taken]).status_code == 200
    again: dict[str, Any] = {"reason": "compté deux fois", "loss_lines": [{"loss_line": line, "quantity": 1}]}
    assert decide(client, world, mass, "clerical", **again).status_code == 200
    seal(1, 0)
    opened(client, world, rest[1:])  # never sealed: no instant knows of it
    with world.transaction() as db:
        for size, told in instants:
            for books in subjects:
                missing, by_count = (
                    queries.count_stock(db, books, size)[1],
                    queries.count_losses_by_count(db, books, size),
                )
                assert (sum(missing.values()), sum(by_count.values())) == told, (books, size)
            assert (
                queries.count_stock(db, elsewhere, size)[1] == queries.count_losses_by_count(db, elsewhere, size) == {}
            )


def test_the_state_of_a_check_says_who_opened_counted_and_closed_it(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    stocktake = open_check(client, world)
    (symbol,) = label(world, weapons[:1])
    count(client, world, stocktake, a_count(symbol))
    close(client, world, stocktake)
    path = f"/stocktakes/{stocktake}/reconciliation"
    (check,) = told(client, world, f"{path}.json")["checks"]
    assert [(o["act"], o["counts"]) for o in check["officers"]] == [("opened", None), ("counted", 1), ("closed", None)]
    assert check["officers"][1]["role"] == "storekeeper"
    paper = " ".join(pdf_lines(ask(client, world, f"{path}.pdf").content)).replace("\u00a0", " ")
    assert "Compté par :" in paper
    assert "détenteur dépositaire ; 1 lecture " in paper


@pytest.mark.parametrize(("form", "rows"), [("csv", lambda b: csv_rows(b)), ("xlsx", lambda b: sheet_rows(b))])
def test_every_form_says_what_an_inquiry_looks_for(
    client: httpx.Client,
    world: World,
    sequencer_engine: Engine,
    form: str,
    rows: Callable[[bytes], list[list[Any]]],
) -> None:
    (stray, *_) = world.register(3)
    opened(client, world, [stray])
    mass_loss(client, world, quantity=76)
    drain(sequencer_engine)
    (loss,) = told(client, world, store_path(world, "json"))["open_losses"]
    assert (loss["model"]["class_code"], loss["missing"], loss["by_count"]) == ("SA-ASR", 1, 76)
    printed = rows(ask(client, world, store_path(world, form)).content)
    assert ["Total général", "1", "76"] in [[str(cell) for cell in row if cell not in ("", None)] for row in printed]
    assert figures_after(pdf_lines(ask(client, world, store_path(world, "pdf")).content), "Total général")[1] == [1, 76]


def test_what_moves_inside_a_unit_cancels_out_in_its_report(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    weapons = world.register(6)
    issue(client, world, weapons[:2])
    transfer, sent = dispatch(client, world, weapons[2:5])
    receive(client, world, transfer, sent[:2])
    drain(sequencer_engine)
    with world.transaction() as db:
        uuids = {r["id"]: r["uuid"] for r in run(db, "select id, uuid from unit where country = 'BF'")}
    query = f"from={today(world)}&to={today(world)}"
    alpha = told(client, world, f"/units/{uuids[world.alpha]}/reconciliation.json?{query}")
    # What is on its way counts with its sender until it is received.
    assert alpha["total"]["exits"]["transfer_out"] == 2
    assert (alpha["total"]["entries_total"], alpha["total"]["exits_total"], alpha["total"]["closing"]) == (6, 2, 4)
    hq = told(client, world, f"/units/{uuids[world.hq]}/reconciliation.json?{query}")
    assert (hq["total"]["entries_total"], hq["total"]["exits_total"], hq["total"]["closing"]) == (6, 0, 6)
    assert (hq["subject"]["units"], hq["subject"]["stores"]) == (3, 2)
    assert hq["classes"][0]["models"][0]["model"]["class_code"] == "SA-ASR"


def test_a_movement_that_is_not_sealed_is_not_in_the_report(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    weapons = world.register(3)
    drain(sequencer_engine)
    issue(client, world, weapons)
    before = told(client, world, store_path(world, "json"))
    assert (before["total"]["closing"], before["total"]["exits_total"]) == (3, 0)
    assert before["provisional"] is True
    drain(sequencer_engine)
    after = told(client, world, store_path(world, "json"))
    assert (after["total"]["closing"], after["total"]["exits_total"]) == (0, 3)
    assert after["log_size"] > before["log_size"]


def test_all_four_forms_of_a_period_say_the_same(client: httpx.Client, world: World, sequencer_engine: Engine) -> None:
    weapons = world.register(5)
    world.register(1_200, class_code=ClassCode.PISTOL)
    issue(client, world, weapons[:2])
    drain(sequencer_engine)
    report = told(client, world, store_path(world, "json"))
    total = report["total"]
    balance = [total[k] for k in ("opening", "entries_total", "exits_total", "closing")]
    assert balance == [0, 1205, 2, 1203]
    entries = [*(total["entries"][column] for column in Entry), 1205]
    exits = [*(total["exits"][column] for column in Exit), 2]
    subtotals = [
        [c["subtotal"][k] for k in ("opening", "entries_total", "exits_total", "closing")] for c in report["classes"]
    ]

    for form, rows in (("csv", csv_rows), ("xlsx", sheet_rows)):
        answer = ask(client, world, store_path(world, form))
        assert answer.status_code == 200
        found = rows(answer.content)  # type: ignore[operator]
        grand = [[int(n) for n in row[3:] if n not in (None, "")] for row in found if row and row[0] == "Total général"]
        assert grand == [balance, entries, exits]
        subs = [[int(n) for n in row[3:7]] for row in found if len(row) > 2 and row[2] == "Sous-total"]
        assert subs[: len(subtotals)] == subtotals
    lines = pdf_lines(ask(client, world, store_path(world, "pdf")).content)
    assert figures_after(lines, "Total général") == [balance, [1205, 1205], [2, 2]]
    assert figures_after(lines, "Sous-total")[: len(subtotals)] == subtotals


def test_the_same_question_about_a_past_period_gives_the_same_bytes(
    client: httpx.Client, world: World, sequencer_engine: Engine, owner_engine: Engine
) -> None:
    drain(sequencer_engine)
    first = log_size(world)
    weapons = world.register(4)
    drawn = issue(client, world, weapons[:3])
    drain(sequencer_engine)
    day = {"from_date": "2026-03-14", "to_date": "2026-03-14"}

    def print_all() -> dict[str, bytes]:
        return {form: ask(client, world, store_path(world, form, **day)).content for form in ("json", "csv", "xlsx")}

    with sealed_on(owner_engine, date(2026, 3, 14), first):
        before = print_all()
        give_back(client, world, drawn)
        drain(sequencer_engine)
        world.register(1)
        assert print_all() == before
        report = json.loads(before["json"])["report"]
        assert (report["total"]["opening"], report["total"]["closing"], report["provisional"]) == (0, 1, False)
        earlier = told(client, world, store_path(world, "json", from_date="2026-03-13", to_date="2026-03-13"))
        assert earlier["total"]["closing"] == 0
        later = told(client, world, store_path(world, "json", from_date="2026-03-15", to_date="2026-03-15"))
        assert (later["total"]["opening"], later["total"]["closing"]) == (1, 1)


def test_the_digest_is_that_of_the_canonical_content_and_stands_on_every_page(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    world.register(2)
    drain(sequencer_engine)
    told = ask(client, world, store_path(world, "json")).json()
    assert hashlib.sha256(rfc8785.dumps(told["report"])).hexdigest() == told["digest"]
    pages = PdfReader(io.BytesIO(ask(client, world, store_path(world, "pdf")).content)).pages
    for number, page in enumerate(pages, 1):
        text = page.extract_text()
        assert told["digest"] in text
        assert f"Page {number}/{len(pages)}" in text
        assert told["number"] in text


def test_an_empty_store_gets_a_nil_report(client: httpx.Client, world: World) -> None:
    report = told(client, world, store_path(world, "json"))
    assert report["classes"] == []
    assert report["total"]["closing"] == 0
    assert "Néant" in pdf_lines(ask(client, world, store_path(world, "pdf")).content)


def test_english_is_given_where_it_is_asked_for(client: httpx.Client, world: World, sequencer_engine: Engine) -> None:
    world.register(1_100)
    drain(sequencer_engine)
    lines = pdf_lines(ask(client, world, store_path(world, "pdf") + "&language=en").content)
    assert "RECONCILIATION REPORT" in lines
    assert figures_after(lines, "Grand total")[0] == [0, 1100, 0, 1100]
    french = pdf_lines(ask(client, world, store_path(world, "pdf")).content)
    assert "ÉTAT DE RAPPROCHEMENT" in french
    assert "1\u202f100" in french


@pytest.mark.parametrize("form", ["json", "pdf", "xlsx", "csv"])
def test_a_store_or_unit_outside_the_scope_is_not_found(client: httpx.Client, world: World, form: str) -> None:
    answer = ask(client, world, store_path(world, form), job="keeper_bravo")
    assert code(answer) == (404, "store.not_found")
    with world.transaction() as db:
        uuid = run(db, "select uuid from unit where id = %(id)s", {"id": world.hq})[0]["uuid"]
    path = f"/units/{uuid}/reconciliation.{form}?from={today(world)}&to={today(world)}"
    assert code(ask(client, world, path, job="keeper")) == (404, "unit.not_found")
    assert code(ask(client, world, store_path(world, form), job="soldier")) == (403, "access.not_permitted")


def test_a_store_of_another_country_is_not_found(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    other = new_world("ML")
    path = f"/stores/{other.store_alpha}/reconciliation.json?from={today(world)}&to={today(world)}"
    assert code(ask(client, world, path)) == (404, "store.not_found")


def test_a_period_may_neither_run_backwards_nor_into_the_future(client: httpx.Client, world: World) -> None:
    tomorrow = (world.founder.today + timedelta(days=1)).isoformat()
    backwards = store_path(world, "json", from_date="2026-03-02", to_date="2026-03-01")
    assert code(ask(client, world, backwards)) == (422, "report.period_reversed")
    assert code(ask(client, world, store_path(world, "pdf", to_date=tomorrow))) == (422, "report.period_in_future")
    assert code(ask(client, world, f"/stores/{world.store_alpha}/reconciliation.json")) == (422, "request.malformed")
    ancient = store_path(world, "json", from_date="0001-01-01", to_date="0001-01-01")
    assert told(client, world, ancient)["total"]["closing"] == 0


@pytest.mark.parametrize("day", ["0", "1764115200", "20261122", "2026-11-22T00:00:00Z", "2026-11-31", "22/11/2026"])
def test_a_period_is_given_in_days_and_never_in_seconds(client: httpx.Client, world: World, day: str) -> None:
    for path in (store_path(world, "json", to_date=day), store_path(world, "pdf", from_date=day)):
        answer = ask(client, world, path)
        assert code(answer) == (422, "request.malformed")
        assert "2026-11-22" in answer.json()["errors"][0]["message"]


def test_books_that_contradict_themselves_give_no_report(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    (weapon,) = world.register()
    drain(sequencer_engine)
    with sequencer_engine.begin() as db:
        run(
            db,
            "insert into passage (country, unit_id, idx, weapon_id, seq, gone, from_holder_id) "
            "values ('BF', %(unit)s, 1000000000, %(weapon)s, 1, true, %(store)s)",
            {"unit": world.alpha, "weapon": weapon.weapon_id, "store": world.store_bravo},
        )
    answer = ask(client, world, store_path(world, "pdf"))
    assert code(answer) == (500, "report.does_not_add_up")
    assert answer.json()["details"]["count"] == 1


def a_closed_check(client: httpx.Client, world: World) -> tuple[UUID, list[Expected]]:
    """Count a store in which one weapon is missing and some things are in excess; return the check."""
    weapons = world.register(4, serials=["00012345", "ИЖ 4567 Б", "=1+1", "B-77120"])
    (stranger,) = world.register(store=world.store_bravo)
    symbols = label(world, [weapons[1], weapons[2], weapons[3], stranger])
    check = open_check(client, world)
    count(client, world, check, *(a_count(text) for text in symbols[1:]), typed("@0099"), unreadable())
    issue(client, world, [weapons[1]])
    close(client, world, check)
    return check, weapons


def check_path(check: UUID, form: str) -> Path:
    return f"/stocktakes/{check}/reconciliation.{form}"


def test_a_check_is_reported_alike_in_all_four_forms(client: httpx.Client, world: World) -> None:
    check, _ = a_closed_check(client, world)
    report = told(client, world, check_path(check, "json"))["checks"][0]
    total = report["total"]
    assert total == {
        "book": 4,
        "matched": 2,
        "shortage": 1,
        "moved_expected": 1,
        "void_expected": 0,
        "overage": 2,
        "unresolved": 1,
        "moved_seen": 0,
        "real": 5,
    }
    figures = [total[column] for column in TALLY_COLUMNS]
    for form, rows in (("csv", csv_rows), ("xlsx", sheet_rows)):
        found = rows(ask(client, world, check_path(check, form)).content)  # type: ignore[operator]
        assert [[int(n) for n in row[3:12]] for row in found if row and row[0] == "Total général"] == [figures]
    lines = pdf_lines(ask(client, world, check_path(check, "pdf")).content)
    assert figures_after(lines, "Total général") == [[4, 2, 1, 1, 2, 1, 5]]  # nothing moved in: no such column
    assert "00012345" in lines
    assert "ИЖ 4567 Б" in lines


def test_the_columns_of_what_moved_can_be_made_again_from_the_lines(client: httpx.Client, world: World) -> None:
    weapons = world.register(4)
    drawn = issue(client, world, weapons[3:])
    symbols = label(world, weapons)
    check = open_check(client, world)
    issue(client, world, weapons[:2])
    give_back(client, world, drawn)
    count(client, world, check, a_count(symbols[1]), a_count(symbols[2]), a_count(symbols[3]))
    close(client, world, check)
    report = told(client, world, check_path(check, "json"))["checks"][0]
    lines = [v for v in report["variances"] if v["outcome"] == "moved_during_count"]
    sides = sorted((v["expected"], v["seen"]) for v in lines)
    assert sides == [(False, True), (True, False), (True, True)]
    assert report["total"]["moved_expected"] == sum(expected for expected, _ in sides) == 2
    assert report["total"]["moved_seen"] == sum(seen for _, seen in sides) == 2
    said = [row[6] for row in csv_rows(ask(client, world, check_path(check, "csv")).content) if len(row) == 8]
    for words in ("attendue et vue", "attendue, non vue", "vue, non attendue"):
        assert sum(text.startswith(words) for text in said) == 1, said


def test_what_the_books_say_of_a_weapon_in_excess_is_said_and_a_lost_one_stands_out(
    client: httpx.Client, world: World
) -> None:
    gone, drawn = world.register(2)
    (stranger,) = world.register(store=world.store_bravo)
    symbols = label(world, [gone, drawn, stranger])
    write_off(client, world, [gone])
    issue(client, world, [drawn])
    check = open_check(client, world)
    count(client, world, check, *(a_count(text) for text in symbols))
    close(client, world, check)
    lines = told(client, world, check_path(check, "json"))["checks"][0]["variances"]
    with world.transaction() as db:
        names = {r["id"]: r["name"] for r in run(db, "select id, name from unit where country = 'BF'")}
    assert sorted((v["book_state"], v["book_unit"]) for v in lines if v["outcome"] == "extra_known") == [
        ("in_store", names[world.bravo]),
        ("issued", names[world.alpha]),
        ("lost", None),
    ]
    said = [row[6] for row in csv_rows(ask(client, world, check_path(check, "csv")).content) if len(row) == 8]
    assert {"ALERTE\u00a0: portée perdue"} <= set(said)
    assert any(text.startswith(f"portée perçue\u00a0; aux écritures de\u00a0: {names[world.alpha]}") for text in said)
    book = openpyxl.load_workbook(io.BytesIO(ask(client, world, check_path(check, "xlsx")).content))
    bold = {c.value for row in book["Écarts"].iter_rows() for c in row if c.font.b and "portée" in str(c.value)}
    assert bold == {"ALERTE\u00a0: portée perdue"}


def test_of_a_weapon_on_another_units_book_its_unit_reads_what_was_seen(client: httpx.Client, world: World) -> None:
    serial = f"STR{new_id().hex[-8:].upper()}"
    world.register(store=world.store_bravo, serials=[serial])
    check = open_check(client, world)
    count(client, world, check, typed(serial))
    close(client, world, check)

    def line(job: str) -> dict[str, Any]:
        (found,) = ask(client, world, check_path(check, "json"), job=job).json()["report"]["checks"][0]["variances"]
        return found  # type: ignore[no-any-return]

    of_unit, of_inspector = line("commander"), line("auditor")
    assert (of_inspector["serial"], of_inspector["reading"]) == (serial, serial)
    assert (of_unit["serial"], of_unit["registry_number"], of_unit["reading"], of_unit["typed"]) == (
        None, None, serial, True,
    )  # fmt: skip
    assert (of_unit["masked"], of_inspector["masked"]) == (True, False)
    assert (of_unit["salt"], of_inspector["salt"] is None) == (None, False)
    assert of_unit["book_unit"] == of_inspector["book_unit"]


def every_text(form: str, content: bytes) -> str:
    """Return all that somebody can find in a file, however it is packed."""
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return "".join(parts.read(name).decode() for name in parts.namelist())
    return " ".join(pdf_lines(content)) if form == "pdf" else content.decode()


def test_every_reader_of_a_state_has_the_same_number_and_digest_and_nobody_more_texts(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    mine, scanned, read = (f"{name}{new_id().hex[-8:].upper()}" for name in ("OWN", "SCN", "TYP"))
    world.register(serials=[mine])
    foreign = world.register(2, store=world.store_bravo, serials=[scanned, read])
    (symbol,) = label(world, foreign[:1])
    check = open_check(client, world)
    count(client, world, check, typed(mine), a_count(symbol), typed(read))
    close(client, world, check)
    drain(sequencer_engine)
    with world.transaction() as db:
        ids = {"ids": [w.weapon_id for w in foreign]}
        numbers = run(db, "select registry_number as n from weapon where country = 'BF' and id = any(%(ids)s)", ids)
        salts = run(db, "select salt as n from stocktake_finding where weapon_id = any(%(ids)s)", ids)
    hidden = [scanned, symbol, symbol[:12], *(str(row["n"]) for row in [*numbers, *salts])]
    assert len(hidden) == 7
    for path in (check_path(check, "{}"), store_path(world, "{}")):
        whole, copy = (ask(client, world, path.format("json"), job=job).json() for job in ("auditor", "commander"))
        assert (copy["number"], copy["digest"]) == (whole["number"], whole["digest"])
        assert hashlib.sha256(rfc8785.dumps(whole["report"])).hexdigest() == whole["digest"]
        assert (whole["masked_lines"], whole["notice"]) == (0, None)
        assert copy["masked_lines"] == 2
        assert copy["report"]["checks"][0]["total"] == whole["report"]["checks"][0]["total"]
        for form, language in itertools.product(("json", "pdf", "xlsx", "csv"), ("fr", "en")):
            said = f"{path.format(form)}{'&' if '?' in path else '?'}language={language}"
            told = {
                job: every_text(form, ask(client, world, said, job=job).content) for job in ("auditor", "commander")
            }
            assert all(copy["digest"] in text for text in told.values()), form
            assert [text for text in hidden if text in told["commander"]] == [], form
            assert read in told["commander"], "what the unit itself typed is its own"
            notice = "2 lignes sont masquées" if language == "fr" else "2 lines are masked"
            assert (notice in told["commander"], notice in told["auditor"]) == (True, False), form


def test_a_missing_weapon_of_another_unit_seen_here_is_an_alarm_for_every_reader(
    client: httpx.Client, world: World
) -> None:
    serial = f"VOL{new_id().hex[-8:].upper()}"
    (stolen,) = world.register(store=world.store_bravo, serials=[serial])
    opened(client, world, [stolen], job="keeper_bravo")
    check = open_check(client, world)
    count(client, world, check, typed(serial))
    assert close(client, world, check)["found_under_case"] == [str(stolen.weapon_id)]
    for job in ("auditor", "commander"):
        report = ask(client, world, check_path(check, "json"), job=job).json()["report"]["checks"][0]
        for lines in (report["variances"], report["seen_under_case"]):
            assert [(v["outcome"], v["book_state"], v["case_open"]) for v in lines] == [
                ("extra_known", "missing", True)
            ]
        assert "ALERTE" in every_text("csv", ask(client, world, check_path(check, "csv"), job=job).content)


def test_a_weapon_carried_as_missing_and_seen_is_named_in_every_form(client: httpx.Client, world: World) -> None:
    serial = f"CAS{new_id().hex[-8:].upper()}"
    seen, _ = world.register(2, serials=[serial, f"{serial}B"])
    opened(client, world, [seen])
    check = open_check(client, world)
    count(client, world, check, typed(serial), typed(f"{serial}B"))
    assert close(client, world, check)["found_under_case"] == [str(seen.weapon_id)]
    report = told(client, world, check_path(check, "json"))["checks"][0]
    assert [(v["serial"], v["outcome"], v["case_open"]) for v in report["seen_under_case"]] == [
        (serial, "matched", True)
    ]
    assert (report["total"]["matched"], report["total"]["shortage"], report["variances"]) == (2, 0, [])
    for form in ("csv", "xlsx", "pdf"):
        text = every_text(form, ask(client, world, check_path(check, form)).content).replace("\u00a0", " ")
        for words in ("Armes vues sous dossier déjà ouvert", "seule une décision le clôt", serial):
            assert words in text, (form, words)
        assert f"{serial}B" not in text


def test_serials_stay_text_and_nothing_becomes_a_formula(client: httpx.Client, world: World) -> None:
    weapons = world.register(2, serials=["00012345", "=1+1"])
    check = open_check(client, world)
    close(client, world, check)
    assert len(weapons) == 2
    book = openpyxl.load_workbook(io.BytesIO(ask(client, world, check_path(check, "xlsx")).content))
    assert book.sheetnames == ["Synthèse", "Écarts"]
    cells = {cell.value: cell for row in book["Écarts"].iter_rows() for cell in row}
    assert cells["00012345"].data_type == "s"
    assert cells["=1+1"].data_type == "s"
    rows = csv_rows(ask(client, world, check_path(check, "csv")).content)
    serials = {cell for row in rows for cell in row if "12345" in cell or "1+1" in cell}
    assert serials == {"00012345", "'=1+1"}


def test_every_check_closed_in_the_period_is_in_the_period_report_as_they_were_closed(
    client: httpx.Client, world: World, sequencer_engine: Engine
) -> None:
    check, _ = a_closed_check(client, world)
    after = open_check(client, world, kind="own_check")
    close(client, world, after)  # nothing counted: it must not hide what the one before found
    drain(sequencer_engine)
    report = told(client, world, store_path(world, "json"))
    assert [(c["id"], c["kind"]) for c in report["checks"]] == [(str(check), "count"), (str(after), "own_check")]
    missing = [v for v in report["checks"][0]["variances"] if v["outcome"] == "missing"]
    assert [v["serial"] for v in missing] == ["00012345"]
    titles = [row[0] for row in csv_rows(ask(client, world, store_path(world, "csv")).content) if row]
    found = [title for title in titles if "existants réels\u00a0:" in title]
    assert ["Recensement, opération" in found[0], "Vérification, opération" in found[1]] == [True, True]
    past = told(client, world, store_path(world, "json", from_date="2026-03-01", to_date="2026-03-02"))
    assert past["checks"] == []


def test_no_two_files_share_a_name(client: httpx.Client, world: World, sequencer_engine: Engine) -> None:
    checks = [a_closed_check(client, world)[0]]
    checks.append(open_check(client, world))
    close(client, world, checks[1])
    drain(sequencer_engine)
    paths = [check_path(checks[0], "{}"), check_path(checks[1], "{}"), store_path(world, "{}")]
    names = []
    for path, form, job in itertools.product(paths, ("json", "pdf", "xlsx", "csv"), ("auditor", "commander")):
        for language in ("fr", "en"):
            answer = ask(client, world, f"{path.format(form)}{'&' if '?' in path else '?'}language={language}", job=job)
            said = re.fullmatch(r'inline; filename="([-A-Za-z0-9]+\.[a-z]+)"', answer.headers["content-disposition"])
            assert said is not None, answer.headers
            name = said[1]
            assert name.endswith(f".{form}")
            names.append((name, job))
    number = ask(client, world, paths[2].format("json")).json()["number"]
    assert (f"rapprochement-periode-{today(world)}-{number}.pdf", "auditor") in names
    assert (f"rapprochement-periode-{today(world)}-{number}-masque.pdf", "commander") in names
    # The second check found no weapon of another unit: both readers have the same file of it.
    assert len({name for name, _ in names}) == len(names) - 8


def test_an_open_check_has_no_report(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    for form in ("json", "pdf"):
        assert code(ask(client, world, check_path(check, form))) == (409, "stocktake.still_open")
    assert code(ask(client, world, check_path(check, "pdf"), job="keeper_bravo")) == (404, "stocktake.not_found")
    assert code(ask(client, world, check_path(new_id(), "json"))) == (404, "stocktake.not_found")
