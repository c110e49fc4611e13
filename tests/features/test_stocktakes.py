"""Checks over HTTP: what each thing seen comes to, that counting is blind, and who may do what."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Connection, Engine

import writes
from counting import (
    a_count,
    close,
    count,
    label,
    lines_of,
    open_check,
    post_closure,
    post_counts,
    put_check,
    typed,
    unreadable,
)
from reporting import decide, opened, report
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import run
from salw.core.errors import Conflict
from salw.core.ids import new_id
from salw.custody.rules import CLOCK_ALLOWANCE, Expected
from salw.ledger.events import Event, columns
from salw.reports.checks import tally_of
from salw.stocktakes.operations.closing import close_stocktake
from salw.stocktakes.operations.counting import record_counts
from salw.stocktakes.operations.opening import open_stocktake
from salw.stocktakes.queries import list_lines, total_checks
from salw.stocktakes.reconciliation import Outcome
from salw.stocktakes.rules import Method, NewCount, StocktakeKind
from salw_labels import draw, registry_number
from together import at_once
from world import World


def issue(client: httpx.Client, world: World, weapon: Expected) -> None:
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": weapon.version}],
    }
    answer = client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text


def give_back(client: httpx.Client, world: World, weapon: Expected) -> None:
    body = {
        "store": str(world.store_alpha),
        "weapons": [{"weapon": str(weapon.weapon_id), "version": weapon.version}],
    }
    answer = client.put(f"/returns/{new_id()}", json=body, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text


def outcomes(world: World, stocktake_id: UUID) -> dict[UUID, str]:
    return {line["weapon_id"] or line["id"]: line["outcome"] for line in lines_of(world, stocktake_id)}


def answered(client: httpx.Client, world: World, stocktake_id: UUID, *counts: dict[str, Any]) -> list[tuple[str, bool]]:
    answer = post_counts(client, world, stocktake_id, list(counts))
    assert answer.status_code == 200, answer.text
    return [(c["answer"], c["repeated"]) for c in answer.json()["counts"]]


def events_of(world: World, stocktake_id: UUID) -> list[dict[str, Any]]:
    with world.transaction() as db:
        rows = run(
            db,
            "select canonical from event where kind like 'stocktake.%%' and recorded_at > now() - interval '1 hour' "
            "order by recorded_at, id",
        )
    bodies = [json.loads(row["canonical"]) for row in rows]
    return [body for body in bodies if body["facts"]["stocktake"] == str(stocktake_id)]


def test_each_outcome_appears_once_and_the_totals_add_up(client: httpx.Client, world: World) -> None:
    there, gone, moved = world.register(3)
    (stranger,) = world.register(store=world.store_bravo)
    (relabelled,) = world.register()
    scanned, foreign, void = label(world, [there, stranger, relabelled])
    label(world, [relabelled], replace=True)
    check = open_check(client, world)
    answers = count(
        client,
        world,
        check,
        a_count(scanned),
        a_count(foreign),
        a_count(void),
        typed("NULLE PART 4711"),
        unreadable(),
        a_count(draw().text[:-1] + "?"),
    )
    assert answers == ["recorded", "unknown_code", "void_label", "unknown_code", "recorded", "malformed"]
    issue(client, world, moved)
    closed = close(client, world, check)
    assert closed["totals"] == {
        "matched": 1,
        "missing": 1,
        "extra_known": 1,
        "extra_unregistered": 1,
        "void_label": 1,
        "void_expected": 1,
        "unreadable": 1,
        "moved_during_count": 1,
        "moved_expected": 1,
        "moved_seen": 0,
        "expected": 4,
        "seen": 2,
        "lines": 7,
    }
    found = outcomes(world, check)
    assert {w: found[w.weapon_id] for w in (there, gone, moved, stranger, relabelled)} == {
        there: "matched",
        gone: "missing",
        moved: "moved_during_count",
        stranger: "extra_known",
        relabelled: "void_label",
    }


def test_a_weapon_known_by_its_void_label_has_one_line_and_other_readings_decide(
    client: httpx.Client, world: World
) -> None:
    alone, both, gone = world.register(3, serials=["VL 1", "VL 2", "VL 3"])
    strange, known = world.register(2, store=world.store_bravo, serials=["VL 4", "VL 5"])
    weapons = [alone, both, gone, strange, known]
    voids = label(world, weapons)
    label(world, weapons, replace=True)
    check = open_check(client, world)
    counted = [a_count(void) for void in voids]
    count(client, world, check, *counted, typed("VL 2"), typed("VL 5"), typed(voids[0][1:12]))
    issue(client, world, gone)
    closed = close(client, world, check)
    lines = {line["weapon_id"]: line for line in lines_of(world, check)}
    assert {w: (lines[w.weapon_id]["outcome"], lines[w.weapon_id]["counts"]) for w in weapons} == {
        alone: ("void_label", 2),
        both: ("matched", 2),
        gone: ("void_label", 1),
        strange: ("void_label", 1),
        known: ("extra_known", 2),
    }
    assert lines.keys() == {w.weapon_id for w in weapons}
    assert (lines[both.weapon_id]["reading"], lines[alone.weapon_id]["reading"]) == ("weapon", "void_label")
    assert lines[gone.weapon_id]["movement_kind"] == "issue"
    totals = closed["totals"]
    assert (totals["expected"], totals["matched"], totals["missing"], totals["void_expected"]) == (3, 1, 0, 2)
    assert (totals["seen"], totals["void_label"], closed["incident"]) == (2, 3, None)
    told = {line["weapon_id"]: line for line in lines_of(world, check, job="commander")}[strange.weapon_id]
    assert [told[name] for name in ("registry_number", "serial_raw", "label_code", "text_read")] == [None] * 4
    printed = client.get(f"/stocktakes/{check}/reconciliation.json", headers=world["auditor"].headers)
    assert printed.status_code == 200, printed.text
    tally = printed.json()["report"]["checks"][0]["total"]
    assert (tally["book"], tally["void_expected"], tally["unresolved"], tally["real"]) == (3, 2, 3, 5)
    with world.transaction() as db:
        on_page = tally_of(total_checks(db, world.country, [check])[check])
    assert asdict(on_page) == tally, "the page of checks shows what the paper says"


def test_lines_say_how_each_weapon_is_known_and_what_explains_it(client: httpx.Client, world: World) -> None:
    by_scan, by_hand, moved = world.register(3, serials=["AB 1001", "AB 1002", "AB 1003"])
    (stranger,) = world.register(store=world.store_bravo, serials=["ZZ 9009"])
    (symbol,) = label(world, [by_scan])
    check = open_check(client, world)
    count(client, world, check, typed("ab-1001"), a_count(symbol), typed(" ab 1002 "), typed("ZZ9009"))
    count(client, world, check, unreadable("Pistolet, sans aucune marque"))
    issue(client, world, moved)
    close(client, world, check)
    lines = {line["weapon_id"]: line for line in lines_of(world, check)}
    assert (lines[by_scan.weapon_id]["method"], lines[by_scan.weapon_id]["counts"]) == ("scan", 2)
    assert lines[by_scan.weapon_id]["label_code"] == symbol[:12]
    assert (lines[by_hand.weapon_id]["method"], lines[by_hand.weapon_id]["text_read"]) == ("typed", " ab 1002 ")
    assert (lines[by_hand.weapon_id]["serial_raw"], lines[by_hand.weapon_id]["class_code"]) == ("AB 1002", "SA-ASR")
    explained = lines[moved.weapon_id]
    assert (explained["movement_kind"], explained["movement_seq"], explained["moved_in"]) == ("issue", 2, False)
    assert explained["movement_document_kind"] == "issue_slip"
    elsewhere = lines[stranger.weapon_id]
    assert (elsewhere["book_holder_kind"], elsewhere["book_unit_name"]) == ("store", "Bataillon d'essai Bravo")
    assert (lines[None]["outcome"], lines[None]["note"]) == ("unreadable", "Pistolet, sans aucune marque")


def test_several_counts_of_one_thing_are_one_line(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(serials=["QQ 777"])
    (symbol,) = label(world, [weapon])
    check = open_check(client, world)
    unknown = draw()
    count(client, world, check, a_count(symbol), a_count(symbol), typed("QQ777"), typed(symbol[1:12]))
    count(client, world, check, typed("inconnu 55"), typed("INCONNU-55"))
    count(client, world, check, a_count(unknown.text), typed(unknown.printed))
    totals = close(client, world, check)["totals"]
    assert (totals["lines"], totals["matched"], totals["extra_unregistered"]) == (3, 1, 2)


def test_a_typed_registry_number_names_its_weapon(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    with world.transaction() as db:
        number = run(db, "select registry_number from weapon where id = %(w)s", {"w": weapon.weapon_id})[0]
    check = open_check(client, world)
    wrong = number["registry_number"][:-1] + ("A" if number["registry_number"][-1] != "A" else "B")
    assert count(client, world, check, typed(number["registry_number"].lower()), typed(wrong)) == [
        "recorded",
        "malformed",
    ]
    assert close(client, world, check)["totals"]["matched"] == 1


def test_a_mark_that_looks_like_a_registry_number_is_counted(client: httpx.Client, world: World) -> None:
    digits = int(new_id().hex[-8:], 16) % 9_000_000 + 1_000_000
    misread = wrongly_checked(digits)
    marks = [f"AK-{digits}-8", misread]
    weapons = world.register(2, serials=marks)
    (elsewhere,) = world.register(serials=[wrongly_checked(digits + 1)], store=world.store_bravo)
    check = open_check(client, world)
    texts = [*marks, f"ZZ-{digits}-0", wrongly_checked(digits + 1), wrongly_checked(digits + 2)]
    # What begins like our numbers is a misread one, unless a weapon that the counter may know of bears just that.
    assert count(client, world, check, *map(typed, texts)) == [
        "recorded",
        "recorded",
        "unknown_code",
        "malformed",
        "malformed",
    ]
    close(client, world, check)
    found = outcomes(world, check)
    assert [found.pop(weapon.weapon_id) for weapon in weapons] == ["matched"] * 2
    assert list(found.values()) == ["extra_unregistered"]
    assert elsewhere.weapon_id not in found


def wrongly_checked(serial: int) -> str:
    """Return a registry number as printed, with another check character than its own."""
    number = registry_number("BF", serial)
    return number[:-1] + ("A" if number[-1] != "A" else "B")


def test_a_mark_on_several_weapons_is_the_one_expected_here(client: httpx.Client, world: World) -> None:
    serial = f"DOUBLE {new_id().hex[-8:]}"
    (here,) = world.register(serials=[serial])
    world.register(serials=[serial], store=world.store_bravo)
    check = open_check(client, world)
    assert count(client, world, check, typed(serial)) == ["recorded"]
    close(client, world, check)
    assert outcomes(world, check) == {here.weapon_id: "matched"}


def test_a_mark_on_two_expected_weapons_is_not_guessed(client: httpx.Client, world: World) -> None:
    serial = f"DOUBLE {new_id().hex[-8:]}"
    one, two = world.register(2, serials=[serial, serial])
    check = open_check(client, world)
    assert count(client, world, check, typed(serial), typed(serial)) == ["ambiguous_mark"] * 2
    close(client, world, check)
    lines = lines_of(world, check)
    assert sorted(line["outcome"] for line in lines) == ["missing", "missing", "unreadable"]
    assert [line["reading"] for line in lines if line["weapon_id"] is None] == ["ambiguous_mark"]
    assert {line["weapon_id"] for line in lines} == {one.weapon_id, two.weapon_id, None}


def test_a_copied_label_does_not_name_the_weapon(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    (symbol,) = label(world, [weapon])
    copied = symbol[:12] + ("00000000" if symbol[12:] != "00000000" else "11111111")
    check = open_check(client, world)
    assert count(client, world, check, a_count(copied)) == ["unknown_code"]
    close(client, world, check)
    assert {line["reading"] for line in lines_of(world, check) if line["weapon_id"] is None} == {"wrong_label"}
    assert outcomes(world, check)[weapon.weapon_id] == "missing"


def test_what_cannot_be_read_is_not_taken_for_a_mark(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    assert count(client, world, check, typed("illisible"), typed("???"), typed("---")) == ["malformed"] * 3
    assert close(client, world, check)["totals"]["lines"] == 0


def test_a_mark_that_looks_like_a_label_or_holds_a_word_is_a_mark_and_counted(
    client: httpx.Client, world: World
) -> None:
    check = open_check(client, world)
    printed = draw().printed
    mistyped = printed[:-1] + ("A" if printed[-1] != "A" else "B")
    marks = ["DEMO-INCONNU", "DEMO-0000-123", mistyped]
    assert count(client, world, check, *map(typed, marks)) == ["unknown_code"] * 3
    assert close(client, world, check)["totals"]["extra_unregistered"] == 3
    lines = lines_of(world, check)
    assert {(line["text_read"], line["reading"]) for line in lines} == {(mark, "unknown_mark") for mark in marks}


# Movements while the check is open.


def test_a_weapon_counted_and_then_issued_is_explained_and_no_difference(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(serials=["MV 1"])
    check = open_check(client, world)
    count(client, world, check, typed("MV 1"))
    issue(client, world, weapon)
    closed = close(client, world, check)
    assert (closed["totals"]["moved_during_count"], closed["totals"]["moved_seen"]) == (1, 1)
    assert closed["incident"] is None


def test_a_weapon_taken_back_during_the_check_is_no_excess(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(serials=["MV 2"])
    issue(client, world, weapon)
    check = open_check(client, world)
    give_back(client, world, Expected(weapon.weapon_id, 2))
    count(client, world, check, typed("MV 2"))
    close(client, world, check)
    (line,) = lines_of(world, check)
    assert (line["outcome"], line["expected"], line["movement_kind"], line["moved_in"]) == (
        "moved_during_count",
        False,
        "return",
        True,
    )


def test_a_weapon_issued_and_taken_back_meanwhile_is_missing_unless_it_was_seen(
    client: httpx.Client, world: World
) -> None:
    seen, hidden = world.register(2, serials=["MV 5", "MV 6"])
    check = open_check(client, world)
    for weapon in (seen, hidden):
        issue(client, world, weapon)
        give_back(client, world, Expected(weapon.weapon_id, 2))
    count(client, world, check, typed("MV 5"))
    closed = close(client, world, check)
    assert (closed["totals"]["matched"], closed["totals"]["missing"]) == (1, 1)
    assert closed["incident"] is not None
    lines = {line["weapon_id"]: line for line in lines_of(world, check)}
    assert lines[seen.weapon_id]["outcome"] == "matched"
    told = lines[hidden.weapon_id]
    assert (told["outcome"], told["counts"], told["movement_kind"], told["movement_seq"]) == ("missing", 0, "return", 3)


def test_a_weapon_that_went_came_back_and_went_again_has_moved(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    check = open_check(client, world)
    issue(client, world, weapon)
    give_back(client, world, Expected(weapon.weapon_id, 2))
    issue(client, world, Expected(weapon.weapon_id, 3))
    assert close(client, world, check)["incident"] is None
    assert outcomes(world, check) == {weapon.weapon_id: "moved_during_count"}


def test_a_movement_of_before_the_opening_explains_nothing(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(serials=["MV 4"])
    issue(client, world, weapon)
    check = open_check(client, world)
    count(client, world, check, typed("MV 4"))
    close(client, world, check)
    (line,) = lines_of(world, check)
    assert (line["outcome"], line["book_holder_kind"]) == ("extra_known", "person")


def test_a_weapon_of_another_store_that_moves_elsewhere_meanwhile_is_still_extra(
    client: httpx.Client, world: World
) -> None:
    (stranger,) = world.register(store=world.store_bravo, serials=["MV 7"])
    check = open_check(client, world)
    count(client, world, check, typed("MV 7"))
    body = {
        "store": str(world.store_bravo),
        "to": {"person": str(world["soldier_bravo"].person_id)},
        "weapons": [{"weapon": str(stranger.weapon_id), "version": 1}],
    }
    issued = client.put(f"/issues/{new_id()}", json=body, headers=world["keeper_bravo"].headers)
    assert issued.status_code == 200, issued.text
    close(client, world, check)
    (line,) = lines_of(world, check)
    assert (line["outcome"], line["movement_seq"], line["book_holder_kind"]) == ("extra_known", None, "person")


def test_a_weapon_that_came_and_went_during_the_check_has_moved(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(serials=["MV 8"])
    issue(client, world, weapon)
    check = open_check(client, world)
    give_back(client, world, Expected(weapon.weapon_id, 2))
    count(client, world, check, typed("MV 8"))
    issue(client, world, Expected(weapon.weapon_id, 3))
    close(client, world, check)
    (line,) = lines_of(world, check)
    assert (line["outcome"], line["expected"], line["movement_seq"]) == ("moved_during_count", False, 4)


# Cases.


def test_what_is_missing_becomes_one_case_and_stays_on_the_book(client: httpx.Client, world: World) -> None:
    gone = world.register(3)
    check = open_check(client, world)
    incident = close(client, world, check)["incident"]
    with world.transaction() as db:
        marks = run(
            db,
            "select k.weapon_id, k.case_id, c.holder_id, i.stocktake_id from case_mark k "
            "join custody c using (country, weapon_id) join incident i on (i.country, i.id) = (k.country, k.case_id) "
            "where k.weapon_id = any(%(w)s)",
            {"w": [w.weapon_id for w in gone]},
        )
    assert len(marks) == 3
    assert {(str(m["case_id"]), m["holder_id"], m["stocktake_id"]) for m in marks} == {
        (incident, world.store_alpha, check)
    }


def test_every_other_difference_becomes_one_case_that_another_officer_explains(
    client: httpx.Client, world: World
) -> None:
    world.register(serials=["OV 1"])
    (stranger,) = world.register(store=world.store_bravo, serials=["OV 2"])
    check = open_check(client, world)
    count(client, world, check, typed("OV 1"), typed("OV 2"), typed("OV 3"), unreadable())
    closed = close(client, world, check)
    assert (closed["incident"], closed["overage"] is None) == (None, False)
    case = UUID(closed["overage"])
    shown = client.get(f"/incidents/{case}", headers=world["commander"].headers).json()
    assert (shown["kind"], shown["status"], shown["stocktake_id"]) == ("overage", "open", str(check))
    assert (shown["weapons"]["items"], shown["loss_lines"], shown["open_weapons"]) == ([], [], 0)
    with world.transaction() as db:
        assert run(db, "select 1 from case_mark where weapon_id = %(w)s", {"w": stranger.weapon_id}) == []
    for job, kind, weapons, more, code in (
        ("commander_hq", "clerical", (), {}, "incident.reason_needed"),
        ("commander_hq", "found_again", (), {}, "incident.overage_is_explained"),
        ("commander_hq", "clerical", (stranger,), {"reason": "x"}, "incident.overage_is_explained"),
        ("commander_hq", "clerical", (), {"reason": "x", "cause": "theft"}, "incident.overage_is_explained"),
        ("commander", "clerical", (), {"reason": "x"}, "duty.requester_approver"),
    ):
        refused = decide(client, world, case, kind, weapons, job=job, **more)
        assert (refused.json()["code"], refused.status_code >= 400) == (code, True)
    done = decide(client, world, case, "clerical", job="commander_hq", reason="Fusils de Bravo en réparation")
    assert (done.status_code, done.json()["status"]) == (200, "closed")
    result = client.get(f"/stocktakes/{check}", headers=world["auditor"].headers).json()
    assert (result["incident"], result["overage"]) == (None, str(case))


def test_a_check_with_nothing_too_much_opens_no_case_on_it(client: httpx.Client, world: World) -> None:
    world.register()
    closed = close(client, world, open_check(client, world))
    assert (closed["incident"] is None, closed["overage"]) == (False, None)


def test_only_a_check_opens_a_case_on_an_overage(client: httpx.Client, world: World) -> None:
    answer = report(client, world, "overage", store=str(world.store_alpha))
    assert (answer.status_code, answer.json()["code"]) == (422, "incident.opened_by_check")


def test_an_open_case_keeps_its_weapon_and_is_told_when_it_is_found(client: httpx.Client, world: World) -> None:
    found, gone = world.register(2, serials=["CASE 1", "CASE 2"])
    first = close(client, world, open_check(client, world))["incident"]
    check = open_check(client, world)
    count(client, world, check, typed("CASE 1"))
    closed = close(client, world, check)
    assert (closed["incident"], closed["found_under_case"]) == (None, [str(found.weapon_id)])
    told = [e["weapon"] for e in events_of(world, check) if e["kind"] == "stocktake.found_under_case"]
    assert told == [str(found.weapon_id)]
    lines = {line["weapon_id"]: line for line in lines_of(world, check)}
    assert (lines[found.weapon_id]["outcome"], str(lines[found.weapon_id]["case_id"])) == ("matched", first)
    assert (lines[gone.weapon_id]["outcome"], str(lines[gone.weapon_id]["case_id"])) == ("missing", first)


def test_a_case_opened_or_closed_during_the_check_counts_as_at_the_closing(client: httpx.Client, world: World) -> None:
    seen, unseen, settled = weapons = world.register(3, serials=["CASE 5", "CASE 6", "CASE 7"])
    before = opened(client, world, [settled])
    check = open_check(client, world)
    during = opened(client, world, weapons[:2])
    done = decide(client, world, before, "clerical", [settled], reason="Comptée deux fois")
    assert done.status_code == 200, done.text
    count(client, world, check, typed("CASE 5"), typed("CASE 7"))
    closed = close(client, world, check)
    assert (closed["incident"], closed["found_under_case"]) == (None, [str(seen.weapon_id)])
    lines = {line["weapon_id"]: (line["outcome"], line["case_id"]) for line in lines_of(world, check)}
    assert lines == {
        seen.weapon_id: ("matched", during),
        unseen.weapon_id: ("missing", during),
        settled.weapon_id: ("matched", None),
    }


def test_each_difference_is_an_event_and_an_excess_stands_in_the_weapons_history(
    client: httpx.Client, world: World
) -> None:
    world.register(2)
    (stranger,) = world.register(store=world.store_bravo, serials=["XS 31"])
    check = open_check(client, world)
    count(client, world, check, typed("XS 31"), unreadable())
    close(client, world, check)
    events = events_of(world, check)
    kinds = [event["kind"] for event in events]
    assert kinds == ["stocktake.opened", "stocktake.counted", "stocktake.closed", *["stocktake.difference_found"] * 4]
    assert {event.get("weapon") for event in events} >= {str(stranger.weapon_id)}
    assert "rouillée" not in json.dumps(events, ensure_ascii=False)


def test_what_is_told_in_the_ledger_is_what_the_rule_calls_a_difference(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.register()
    check = open_check(client, world)
    count(client, world, check, unreadable())
    monkeypatch.setattr("salw.stocktakes.queries.DIFFERENCES", frozenset({Outcome.UNREADABLE}))
    assert close(client, world, check)["incident"] is None
    told = [e["facts"]["outcome"] for e in events_of(world, check) if e["kind"] == "stocktake.difference_found"]
    assert told == ["unreadable"]


def test_the_ledger_never_learns_the_secret_characters_of_a_label(client: httpx.Client, world: World) -> None:
    (symbol,) = label(world, world.register())
    check = open_check(client, world)
    count(client, world, check, a_count(symbol))
    counted = json.dumps(events_of(world, check))
    assert symbol[:12] in counted
    assert symbol[12:] not in counted


@pytest.mark.parametrize("written", [str, str.lower, " {}\r\n".format])
def test_a_symbol_typed_whole_is_that_label_and_its_secret_characters_are_not_kept(
    client: httpx.Client, world: World, written: Callable[[str], str]
) -> None:
    (weapon,) = world.register()
    (symbol,) = label(world, [weapon])
    check = open_check(client, world)
    assert count(client, world, check, typed(written(symbol))) == ["recorded"]
    with world.transaction() as db:
        (kept,) = run(db, "select * from stocktake_count where stocktake_id = %(id)s", {"id": check})
    assert (kept["method"], kept["text"], kept["weapon_id"]) == ("typed", symbol[:12], weapon.weapon_id)
    said = (json.dumps(events_of(world, check)) + str(kept)).upper()
    assert symbol[:12] in said
    assert symbol[12:] not in said


def test_a_symbol_typed_whole_with_other_last_characters_is_a_copy(client: httpx.Client, world: World) -> None:
    (symbol,) = label(world, world.register())
    copied = symbol[:12] + ("00000000" if symbol[12:] != "00000000" else "11111111")
    check = open_check(client, world)
    assert count(client, world, check, typed(copied)) == ["unknown_code"]
    close(client, world, check)
    assert "wrong_label" in {line["reading"] for line in lines_of(world, check)}


# Blind.


@pytest.mark.parametrize("job", ["keeper", "armourer", "auditor", "commander"])
def test_nothing_of_what_is_expected_is_told_while_the_check_is_open(
    client: httpx.Client, world: World, job: str
) -> None:
    world.register(7)
    check = new_id()
    texts = [put_check(client, world, check).text]
    texts.append(post_counts(client, world, check, [typed("RIEN 1"), unreadable()]).text)
    shown = client.get(f"/stocktakes/{check}", headers=world[job].headers)
    listed = client.get(f"/stocktakes?store={world.store_alpha}", headers=world[job].headers)
    assert shown.status_code == listed.status_code == 200
    assert (shown.json()["totals"], shown.json()["incident"]) == (None, None)
    for text in [*texts, shown.text, listed.text]:
        assert not {"expected", "matched", "missing"} & set(_words(json.loads(text)))
    actor = world.actor(job)
    with pytest.raises(Conflict, match=r"stocktake\.still_open"), world.transaction() as db:
        list_lines(db, actor, check)


def _words(content: object) -> list[str]:
    if isinstance(content, dict):
        return [word for key, value in content.items() for word in ([key] if value is not None else []) + _words(value)]
    if isinstance(content, list):
        return [word for value in content for word in _words(value)]
    return [str(content)]


def test_the_answer_to_a_count_is_the_same_whether_the_weapon_is_expected_or_not(
    client: httpx.Client, world: World
) -> None:
    _, issued = world.register(serials=["BL 1", "BL 2"])
    issue(client, world, issued)
    check = open_check(client, world)
    assert count(client, world, check, typed("BL 1"), typed("BL 2")) == ["recorded", "recorded"]


def test_a_weapon_out_of_scope_answers_as_one_that_no_book_knows(client: httpx.Client, world: World) -> None:
    serial = f"BL {new_id().hex[-8:]}"
    theirs, _, relabelled = world.register(3, serials=["BL 3", serial, serial], store=world.store_bravo)
    symbol, void = label(world, [theirs, relabelled])
    label(world, [relabelled], replace=True)
    with world.transaction() as db:
        number = run(db, "select registry_number as n from weapon where id = %(w)s", {"w": theirs.weapon_id})[0]["n"]
    check = open_check(client, world)
    known = [typed("BL 3"), typed(number), a_count(symbol), typed(symbol[1:12]), typed(serial), a_count(void)]
    made_up = [typed("BL 9753"), typed(registry_number("BF", 9_999_999)), a_count(draw().text)]
    assert set(count(client, world, check, *known, *made_up)) == {"unknown_code"}
    close(client, world, check)
    lines = lines_of(world, check)
    assert [line["counts"] for line in lines if line["weapon_id"] == theirs.weapon_id] == [4]
    assert "ambiguous_mark" in {line["reading"] for line in lines if line["weapon_id"] is None}
    assert [x["reading"] for x in lines if x["weapon_id"] == relabelled.weapon_id] == ["void_label"]


def test_a_weapon_that_the_unit_awaits_is_within_the_counters_scope(client: httpx.Client, world: World) -> None:
    weapons = world.register(serials=["BL 4"])
    check = open_check(client, world, job="auditor", store=str(world.store_bravo))
    assert count(client, world, check, typed("BL 4"), job="keeper_bravo") == ["unknown_code"]
    transfer = writes.done(client, writes.order(client, world, weapons))
    writes.done(client, writes.approve(client, world, transfer))
    writes.done(client, writes.dispatch(client, world, transfer))
    assert count(client, world, check, typed("BL 4"), job="keeper_bravo") == ["recorded"]


def test_the_numbers_of_another_units_weapon_are_told_to_who_may_read_them(client: httpx.Client, world: World) -> None:
    by_scan, by_hand = world.register(2, serials=["XS 41", "XS 42"], store=world.store_bravo)
    symbol, other = label(world, [by_scan, by_hand])
    check = open_check(client, world)
    count(client, world, check, a_count(symbol), typed("xs-42"))
    close(client, world, check)
    full = {line["weapon_id"]: line for line in lines_of(world, check)}
    told = {line["weapon_id"]: line for line in lines_of(world, check, job="commander")}
    secret = ("registry_number", "serial_raw", "label_code", "salt")
    for weapon in (by_scan.weapon_id, by_hand.weapon_id):
        assert None not in [full[weapon][name] for name in secret]
        assert [told[weapon][name] for name in secret] == [None] * 4
        assert (told[weapon]["withheld"], full[weapon]["withheld"]) == (True, False)
        assert {k: v for k, v in told[weapon].items() if k not in (*secret, "text_read", "withheld")} == {
            k: v for k, v in full[weapon].items() if k not in (*secret, "text_read", "withheld")
        }
        assert (told[weapon]["outcome"], told[weapon]["class_code"]) == ("extra_known", "SA-ASR")
        assert told[weapon]["book_unit_name"] == "Bataillon d'essai Bravo"
    assert told[by_hand.weapon_id]["text_read"] == "xs-42"
    for form in ("json", "csv"):
        printed = client.get(f"/stocktakes/{check}/reconciliation.{form}", headers=world["commander"].headers)
        assert printed.status_code == 200
        for line in full.values():
            for known in (line["registry_number"], line["serial_raw"], symbol[:12], other[:12]):
                assert known not in printed.text


def test_the_result_is_shown_after_closure(client: httpx.Client, world: World) -> None:
    world.register(2)
    check = open_check(client, world)
    closed = close(client, world, check)
    shown = client.get(f"/stocktakes/{check}", headers=world["keeper"].headers).json()
    assert (shown["status"], shown["totals"], shown["incident"]) == ("closed", closed["totals"], closed["incident"])
    assert (shown["closed_by"]["role"], shown["closed_by"]["family_name"]) == ("unit_commander", "ESSAI-COMMANDER")


def test_who_acts_does_so_in_his_function_at_the_store(client: httpx.Client, world: World) -> None:
    world.post("commander", world.bravo, Role.AUDITOR)
    world.post("auditor", world.alpha, Role.UNIT_COMMANDER)
    check = open_check(client, world)
    close(client, world, check)
    shown = client.get(f"/stocktakes/{check}", headers=world["auditor"].headers).json()
    assert (shown["opened_by"]["role"], shown["closed_by"]["role"]) == ("unit_commander", "unit_commander")
    said = [e["facts"]["role"] for e in events_of(world, check) if e["kind"] != "stocktake.difference_found"]
    assert said == ["unit_commander", "unit_commander"]
    # At Bravo's store the same man is what he is there, and who inspects all inspects it.
    for job in ("commander", "auditor"):
        check = open_check(client, world, job=job, store=str(world.store_bravo))
        post_closure(client, world, check, job=job)
        shown = client.get(f"/stocktakes/{check}", headers=world["auditor"].headers).json()
        assert (shown["opened_by"]["role"], shown["closed_by"]["role"]) == ("auditor", "auditor")


def test_a_closed_check_says_who_opened_counted_and_closed_it_and_names_those_in_scope(
    client: httpx.Client, world: World
) -> None:
    check = open_check(client, world, job="auditor")
    count(client, world, check, unreadable())
    count(client, world, check, unreadable(), unreadable(), job="auditor")
    world.post("orderer", world.hq, Role.AUDITOR)
    shown = client.get(f"/stocktakes/{check}", headers=world["keeper"].headers).json()
    assert shown["counted_by"] is None
    assert post_closure(client, world, check, job="orderer").status_code == 200

    def told(job: str) -> list[tuple[str, str | None, str | None]]:
        shown = client.get(f"/stocktakes/{check}", headers=world[job].headers).json()
        people = [shown["opened_by"], *shown["counted_by"], shown["closed_by"]]
        assert [c["counts"] for c in shown["counted_by"]] == [1, 2]
        return [(p["role"], p["family_name"], p["id"]) for p in people]

    by_function = ["auditor", "storekeeper", "auditor", "auditor"]
    keeper = ("storekeeper", "ESSAI-KEEPER", str(world["keeper"].person_id))
    assert told("keeper") == [("auditor", None, None), keeper, ("auditor", None, None), ("auditor", None, None)]
    assert [role for role, _, _ in told("auditor")] == by_function
    names = ["ESSAI-AUDITOR", "ESSAI-KEEPER", "ESSAI-AUDITOR", "ESSAI-ORDERER"]
    assert [name for _, name, _ in told("auditor")] == names
    assert [e["facts"]["role"] for e in events_of(world, check) if e["kind"] == "stocktake.counted"] == [
        "storekeeper",
        "auditor",
    ]


# Who may.


def test_who_does_not_order_or_inspect_opens_no_check(client: httpx.Client, world: World) -> None:
    for job in ("keeper", "armourer", "accountant", "orderer", "commission", "administrator", "soldier"):
        answer = put_check(client, world, new_id(), job=job)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job


def test_who_has_no_hand_in_the_store_counts_nothing_and_closes_nothing(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    for job in ("commander", "accountant", "orderer", "commission", "administrator", "soldier"):
        answer = post_counts(client, world, check, [unreadable()], job=job)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job
    for job in ("keeper", "armourer", "accountant", "orderer", "commission", "soldier"):
        answer = post_closure(client, world, check, job=job)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job


def test_another_units_storekeeper_does_not_find_the_check(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    for answer in (
        post_counts(client, world, check, [unreadable()], job="keeper_bravo"),
        client.get(f"/stocktakes/{check}", headers=world["keeper_bravo"].headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "stocktake.not_found")
    listed = client.get("/stocktakes", headers=world["keeper_bravo"].headers).json()
    assert listed["items"] == []


def test_another_country_finds_neither_store_nor_check_nor_weapon(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    mali = new_world("ML")
    mali.register(serials=["ML ONLY 1"])
    check = open_check(client, world)
    answer = put_check(client, mali, new_id(), store=str(world.store_alpha))
    assert (answer.status_code, answer.json()["code"]) == (404, "store.not_found")
    for response in (
        post_counts(client, mali, check, [unreadable()]),
        post_closure(client, mali, check),
        client.get(f"/stocktakes/{check}", headers=mali["auditor"].headers),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "stocktake.not_found")
    assert count(client, world, check, typed("ML ONLY 1")) == ["unknown_code"]


def test_who_counted_does_not_close(client: httpx.Client, world: World) -> None:
    world.register()
    check = open_check(client, world, job="auditor")
    count(client, world, check, unreadable(), job="auditor")
    answer = post_closure(client, world, check, job="auditor")
    assert (answer.status_code, answer.json()["code"]) == (403, "duty.counter_approver")


def test_what_an_auditor_opened_no_inspected_commander_closes(client: httpx.Client, world: World) -> None:
    check = open_check(client, world, job="auditor")
    count(client, world, check, unreadable())
    for job in ("commander", "commander_hq"):
        answer = post_closure(client, world, check, job=job)
        assert (answer.status_code, answer.json()["code"]) == (409, "stocktake.inspector_closes")
    world.post("orderer", world.hq, Role.AUDITOR)
    assert post_closure(client, world, check, job="orderer").status_code == 200


def test_a_commander_s_own_check_may_be_closed_by_him_or_by_an_auditor(client: httpx.Client, world: World) -> None:
    for job in ("commander", "auditor"):
        check = open_check(client, world)
        assert post_closure(client, world, check, job=job).status_code == 200


def test_an_empty_count_makes_a_store_missing_only_where_the_closure_says_so(
    client: httpx.Client, world: World
) -> None:
    world.register(2)
    check = open_check(client, world)
    for said in (None, False):
        answer = post_closure(client, world, check, nothing_seen=said)
        assert (answer.status_code, answer.json()["code"]) == (409, "stocktake.nothing_counted")
    with world.transaction() as db:
        assert run(db, "select 1 from stocktake_line where stocktake_id = %(id)s", {"id": check}) == []
    assert post_closure(client, world, check, nothing_seen=True).json()["totals"]["missing"] == 2


def test_an_empty_count_of_an_empty_store_or_one_thing_seen_needs_no_such_word(
    client: httpx.Client, world: World
) -> None:
    empty = open_check(client, world)
    assert post_closure(client, world, empty, nothing_seen=None).status_code == 200
    world.register()
    check = open_check(client, world)
    count(client, world, check, unreadable())
    assert post_closure(client, world, check, nothing_seen=None).json()["totals"]["missing"] == 1


# Repeats and order.


def test_a_second_check_of_the_same_store_is_refused_and_names_the_first(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    answer = put_check(client, world, new_id(), job="auditor")
    assert (answer.status_code, answer.json()["code"]) == (409, "stocktake.already_open")
    assert answer.json()["details"] == {"stocktake": str(check)}
    assert put_check(client, world, new_id(), store=str(world.store_bravo), job="auditor").status_code == 200


def test_the_database_itself_refuses_two_open_checks_of_a_store(client: httpx.Client, world: World) -> None:
    open_check(client, world)
    with pytest.raises(psycopg.errors.UniqueViolation, match="uq_stocktake_open"), world.transaction() as db:
        run(
            db,
            "insert into stocktake (country, id, store_id, unit_id, kind, status, log_size, expected_count, "
            "opened_at, opened_by, opened_role) select country, %(id)s, store_id, unit_id, kind, status, log_size, "
            "expected_count, opened_at, opened_by, opened_role from stocktake where store_id = %(store)s",
            {"id": new_id(), "store": world.store_alpha},
        )


def test_an_opening_repeated_gives_the_first_answer(client: httpx.Client, world: World) -> None:
    check = new_id()
    first, again = put_check(client, world, check), put_check(client, world, check)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    other = put_check(client, world, check, kind="handover")
    assert (other.status_code, other.json()["code"]) == (409, "request.id_reused")


def test_a_count_sent_again_is_recorded_once_and_never_changed(client: httpx.Client, world: World) -> None:
    world.register(serials=["RP 1"])
    check = open_check(client, world)
    first = typed("RP 1")
    assert answered(client, world, check, first, first) == [("recorded", False), ("recorded", True)]
    assert answered(client, world, check, first, {**first, "text": "RP 2"}, typed("RP 3")) == [
        ("recorded", True),
        ("id_reused", False),
        ("unknown_code", False),
    ]
    assert len(events_of(world, check)) == 3
    totals = close(client, world, check)["totals"]
    assert (totals["matched"], totals["extra_unregistered"]) == (1, 1)


def test_a_list_sent_ten_times_at_once_is_recorded_once_and_answered_alike(client: httpx.Client, world: World) -> None:
    world.register(serials=["RP 6"])
    check = open_check(client, world)
    given = [typed("RP 6"), typed("RP 7"), *(unreadable() for _ in range(50))]
    answers = at_once(*[lambda: post_counts(client, world, check, given)] * 10)
    assert [answer.status_code for answer in answers] == [200] * 10
    told = [[c["answer"] for c in answer.json()["counts"]] for answer in answers]
    assert told == [["recorded", "unknown_code", *["recorded"] * 50]] * 10
    repeated = [{c["repeated"] for c in answer.json()["counts"]} for answer in answers]
    assert (repeated.count({False}), repeated.count({True})) == (1, 9)
    opened, *counted = events_of(world, check)
    assert {e["kind"] for e in counted} == {"stocktake.counted"}
    ids = [row[0] for e in counted for row in e["facts"]["counts"]]
    assert ids == [c["id"] for c in given], "each count once, in parts of fifty"
    assert (opened["kind"], len(counted)) == ("stocktake.opened", 2)


def test_a_count_whose_answer_was_lost_is_given_the_same_answer_again(client: httpx.Client, world: World) -> None:
    voided, there = world.register(2)
    world.register(serials=["RP 4"], store=world.store_bravo)
    void, symbol = label(world, [voided, there])
    label(world, [voided], replace=True)
    check = open_check(client, world)
    given = [a_count(symbol), a_count(void), typed("RP 4"), typed("RP 5"), unreadable(), typed("néant")]
    first = answered(client, world, check, *given)
    assert first == [
        ("recorded", False),
        ("void_label", False),
        ("unknown_code", False),
        ("unknown_code", False),
        ("recorded", False),
        ("malformed", False),
    ]
    again = answered(client, world, check, *given)
    assert [answer for answer, _ in again] == [answer for answer, _ in first]
    assert [repeated for _, repeated in again] == [True] * 5 + [False]  # what is malformed was not kept


def test_a_list_with_nothing_new_writes_no_event(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    first = unreadable()
    count(client, world, check, first)
    before = len(events_of(world, check))
    assert count(client, world, check, first, typed("néant")) == ["recorded", "malformed"]
    assert len(events_of(world, check)) == before


def test_a_closure_repeated_gives_the_first_answer_and_another_is_refused(client: httpx.Client, world: World) -> None:
    world.register()
    check, closure = open_check(client, world), new_id()
    first, again = (post_closure(client, world, check, closure_id=closure) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    answer = post_closure(client, world, check)
    assert (answer.status_code, answer.json()["code"]) == (409, "stocktake.closed")


def test_nothing_is_counted_after_closure(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    close(client, world, check)
    answer = post_counts(client, world, check, [unreadable()])
    assert (answer.status_code, answer.json()["code"]) == (409, "stocktake.closed")


def test_a_store_is_checked_again_once_the_first_check_is_closed(client: httpx.Client, world: World) -> None:
    first = open_check(client, world)
    close(client, world, first)
    second = open_check(client, world, kind="handover")
    listed = client.get(f"/stocktakes?store={world.store_alpha}&status=open", headers=world["auditor"].headers)
    assert [item["id"] for item in listed.json()["items"]] == [str(second)]


@pytest.mark.parametrize(
    "bad",
    [
        {"method": "scan"},
        {"method": "typed"},
        {"method": "unreadable"},
        {"method": "unreadable", "note": "x", "text": "y"},
        {"method": "guessed", "text": "x"},
    ],
)
def test_a_count_without_what_was_read_is_refused(client: httpx.Client, world: World, bad: dict[str, str]) -> None:
    check = open_check(client, world)
    given = {"id": str(new_id()), "counted_at": clock.now().isoformat(), **bad}
    answer = post_counts(client, world, check, [given])
    assert (answer.status_code, answer.json()["code"]) == (422, "request.malformed")


def test_a_count_of_the_future_is_refused_beyond_what_clocks_differ(client: httpx.Client, world: World) -> None:
    check, now = open_check(client, world), clock.now()
    soon = unreadable() | {"counted_at": (now + CLOCK_ALLOWANCE - timedelta(minutes=1)).isoformat()}
    late = unreadable() | {"counted_at": (now + CLOCK_ALLOWANCE + timedelta(minutes=1)).isoformat()}
    far = unreadable() | {"counted_at": "2199-01-01T00:00:00Z"}
    answer = post_counts(client, world, check, [soon, late, far])
    assert (answer.status_code, answer.json()["code"]) == (422, "stocktake.counted_in_the_future")
    assert answer.json()["details"] == {"counts": [late["id"], far["id"]], "count": 2}
    assert answered(client, world, check, soon) == [("recorded", False)]  # nothing of the list was kept


def test_a_thousand_counts_are_one_call_and_no_more(client: httpx.Client, world: World) -> None:
    check = open_check(client, world)
    assert set(count(client, world, check, *(unreadable() for _ in range(1_000)))) == {"recorded"}
    assert post_counts(client, world, check, [unreadable() for _ in range(1_001)]).status_code == 422
    assert close(client, world, check)["totals"]["unreadable"] == 1_000


# The ledger fails: nothing else was saved.


BROKEN = {"event_hashes": [None]}


def _refuse(db: Connection, *, country: str, events: Sequence[Event]) -> None:
    run(db, "insert into event (country, id, kind) values (%(c)s, %(id)s, 'x')", {"c": country, "id": new_id()})


def test_where_the_ledger_fails_no_check_is_opened(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salw.ledger.operations.columns", lambda events: {**columns(events), **BROKEN})
    actor, check = world.actor("commander"), new_id()
    with pytest.raises(psycopg.errors.NotNullViolation), world.transaction() as db:
        open_stocktake(
            db,
            actor=actor,
            now=clock.now(),
            stocktake_id=check,
            store_id=world.store_alpha,
            kind=StocktakeKind.COUNT,
            mission=None,
        )
    with world.transaction() as db:
        assert run(db, "select 1 from stocktake where id = %(id)s", {"id": check}) == []


def test_where_the_ledger_fails_nothing_is_counted(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = open_check(client, world)
    monkeypatch.setattr("salw.stocktakes.operations.counting.columns", lambda events: {**columns(events), **BROKEN})
    actor = world.actor("keeper")
    seen = NewCount(new_id(), Method.UNREADABLE, None, clock.now(), note="rien")
    with pytest.raises(psycopg.errors.NotNullViolation), world.transaction() as db:
        record_counts(db, actor=actor, now=clock.now(), stocktake_id=check, counts=[seen])
    with world.transaction() as db:
        assert run(db, "select 1 from stocktake_count where stocktake_id = %(id)s", {"id": check}) == []


def test_where_the_ledger_fails_the_check_stays_open_without_lines_or_case(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (weapon,) = world.register()
    check = open_check(client, world)
    actor = world.actor("commander")
    with monkeypatch.context() as patch:
        # Only the last append of the closure: the case was opened before it and must go with it.
        patch.setattr("salw.stocktakes.operations.closing.ledger.append", _refuse)
        with pytest.raises(psycopg.errors.NotNullViolation), world.transaction() as db:
            close_stocktake(db, actor=actor, now=clock.now(), stocktake_id=check, nothing_seen=True)
    with world.transaction() as db:
        assert run(db, "select 1 from stocktake_line where stocktake_id = %(id)s", {"id": check}) == []
        assert run(db, "select 1 from case_mark where weapon_id = %(w)s", {"w": weapon.weapon_id}) == []
    assert post_closure(client, world, check).status_code == 200


def test_the_service_cannot_touch_up_counts_lines_or_the_expected_set(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    world.register()
    check = open_check(client, world)
    count(client, world, check, unreadable())
    close(client, world, check)
    for table in ("stocktake_count", "stocktake_finding", "stocktake_matched", "stocktake_expected"):
        for statement in (f"delete from {table}", f"update {table} set country = country"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), world.transaction() as db:
                run(db, statement)
            with owner_engine.connect() as db:
                run(db, "set role salw_owner")
                with pytest.raises(psycopg.DatabaseError, match="never changed"):
                    run(db, statement)
