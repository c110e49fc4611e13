"""From a scanned or typed text to one card."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH
from sqlalchemy import Connection

from labelling import issue, make_labels, move, scan, symbols
from salw.core.db import Row, run
from salw.core.ids import new_id
from salw.custody.rules import Expected, MovementKind
from salw.scanning import queries
from salw.scanning.resolver import resolve
from salw_labels import Kind, draw
from world import World


def labelled(client: httpx.Client, world: World, **more: object) -> tuple[Expected, str]:
    """Return a weapon of Alpha's and the 20 characters of its label."""
    (weapon,) = world.register(**more)  # type: ignore[arg-type]  # the keywords of `register`
    assert make_labels(client, world, [weapon]).status_code == 200
    return weapon, symbols(world, weapon.weapon_id)[0]


def codes(card: dict[str, list[dict[str, str]]]) -> list[str]:
    return [warning["code"] for warning in card["warnings"]]


def actions(card: dict[str, list[dict[str, str]]]) -> list[str]:
    return [action["action"] for action in card["next"]]


def test_a_scanned_label_gives_the_card(client: httpx.Client, world: World) -> None:
    weapon, symbol = labelled(client, world, serials=["0012345"])
    answer = scan(client, world, symbol)
    assert answer.status_code == 200, answer.text
    card = answer.json()["card"]
    assert answer.json() | {"card": None} == {
        "found_by": "label",
        "typed": False,
        "card": None,
        "candidates": [],
        "more": False,
        "named": None,
    }
    assert card["id"] == str(weapon.weapon_id)
    assert (card["serial"], card["version"], card["state"], card["alarm"]) == ("0012345", 1, "in_store", False)
    assert (card["state_name"], card["class_name"]) == ("en magasin", "fusil d'assaut")
    assert card["holder"]["name"] == "Armurerie keeper"
    assert card["unit"]["name"] == "Bataillon d'essai Alpha"
    assert card["label"]["status"] == "valid"
    assert card["warnings"] == []
    assert symbol[12:] not in answer.text


@pytest.mark.parametrize(
    "written", ["{0}-{1}-{2}", "{0} {1} {2}", "w{0}{1}{2}", "{0}{1}{2}"], ids=["dashes", "spaces", "prefix", "plain"]
)
def test_the_printed_line_is_read_as_people_type_it(client: httpx.Client, world: World, written: str) -> None:
    weapon, symbol = labelled(client, world)
    typed = written.format(symbol[1:5], symbol[5:9], symbol[9:12]).lower()
    answer = scan(client, world, typed, typed=True).json()
    assert (answer["found_by"], answer["typed"], answer["card"]["id"]) == ("label", True, str(weapon.weapon_id))


def test_a_registry_number_gives_the_card(client: httpx.Client, world: World) -> None:
    weapon, symbol = labelled(client, world)
    number = scan(client, world, symbol).json()["card"]["registry_number"]
    for typed in (number, number.replace("-", ""), number.lower(), f" {number} "):
        answer = scan(client, world, typed, typed=True).json()
        assert (answer["found_by"], answer["card"]["id"]) == ("registry_number", str(weapon.weapon_id))


@pytest.mark.parametrize(
    ("engraved", "typed"),
    [
        ("000472", "000472"),
        ("БА 4512", "БA-4512"),
        ("КН № 0815", "kh0815"),
        ("٠٠١٢٣٤٥", "0012345"),
        ("AB.12/3", "ab123"),
    ],
)
def test_a_serial_is_compared_in_its_normal_form_and_shown_as_engraved(
    client: httpx.Client, world: World, engraved: str, typed: str
) -> None:
    (weapon,) = world.register(serials=[engraved])
    answer = scan(client, world, typed, typed=True).json()
    found = [answer["card"]] if answer["card"] else answer["candidates"]
    assert [(c["id"], c["serial"]) for c in found] == [(str(weapon.weapon_id), engraved)]


def test_leading_zeros_tell_two_weapons_apart(client: httpx.Client, world: World) -> None:
    with_zeros, without = world.register(serials=["00773311", "773311"])
    assert scan(client, world, "00773311").json()["card"]["id"] == str(with_zeros.weapon_id)
    assert scan(client, world, "773311").json()["card"]["id"] == str(without.weapon_id)


def test_one_serial_on_several_weapons_gives_candidates(client: httpx.Client, world: World) -> None:
    weapons = world.register(serials=["ZK5151", "zk 5151"])
    answer = scan(client, world, "ZK-5151", typed=True).json()
    assert answer["card"] is None
    assert [c["id"] for c in answer["candidates"]] == [
        str(w.weapon_id) for w in sorted(weapons, key=lambda w: w.weapon_id)
    ]
    assert answer["more"] is False


def test_candidates_are_limited_and_say_that_there_are_more(client: httpx.Client, world: World) -> None:
    world.register(serials=["DOUBLE777"] * 21)
    answer = scan(client, world, "DOUBLE777").json()
    assert (len(answer["candidates"]), answer["more"]) == (20, True)


@pytest.mark.parametrize("text", ["illisible", "sans numéro", "???", "  ", "meulé", "---"])
def test_words_in_place_of_a_number_find_nothing(client: httpx.Client, world: World, text: str) -> None:
    answer = scan(client, world, text, typed=True)
    assert (answer.status_code, answer.json()["code"]) == (422, "scan.unreadable")


def test_a_void_label_still_finds_the_weapon_and_says_so(client: httpx.Client, world: World) -> None:
    weapon, old = labelled(client, world)
    make_labels(client, world, [weapon], replace=True, reason="abîmée")
    card = scan(client, world, old).json()["card"]
    assert (card["label"]["status"], card["label"]["code"]) == ("void", old[:12])
    assert codes(card) == ["label.void"]
    new = symbols(world, weapon.weapon_id)[1]
    assert codes(scan(client, world, new).json()["card"]) == []


def test_the_line_under_the_symbol_was_typed_whatever_the_phone_says(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    make_labels(client, world, [weapon])
    (symbol,) = symbols(world, weapon.weapon_id)
    assert scan(client, world, symbol).json()["typed"] is False
    assert scan(client, world, symbol[:12]).json()["typed"] is True


def test_a_label_with_another_tail_is_a_copy(client: httpx.Client, world: World) -> None:
    weapon, symbol = labelled(client, world)
    copied = symbol[:12] + draw().tail
    card = scan(client, world, copied).json()["card"]
    assert card["id"] == str(weapon.weapon_id)
    assert codes(card) == ["label.tail_mismatch"]
    assert "label.tail_mismatch" not in codes(scan(client, world, symbol[:12], typed=True).json()["card"])


def damaged(code: str) -> str:
    """Return a code with one character misread, of which the check character knows."""
    return code[:3] + ("8" if code[3] != "8" else "3") + code[4:]


def test_a_misread_character_is_told_apart_from_an_unknown_code(client: httpx.Client, world: World) -> None:
    _, symbol = labelled(client, world)
    number = scan(client, world, symbol).json()["card"]["registry_number"]
    printed = f"{symbol[1:5]}-{symbol[5:9]}-{symbol[9:12]}"
    for text, code in (
        (damaged(symbol), "label.wrong_check"),
        (damaged(printed), "label.wrong_check"),
        (damaged(printed).replace("-", ""), "scan.misread_or_unknown"),
        (draw(kind=Kind.TRAINING).code, "label.training"),
        (damaged(number), "registry_number.wrong_check"),
    ):
        answer = scan(client, world, text)
        assert (answer.status_code, answer.json()["code"]) == (422, code), text
    answer = scan(client, world, draw().text)
    assert (answer.status_code, answer.json()["code"]) == (404, "scan.unknown")


def test_what_lies_outside_the_scope_looks_exactly_like_what_does_not_exist(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    foreign = new_world("ML")
    serial = f"HORS-{new_id().hex[:8]}"
    alike = new_id().hex[:12]  # of the form of a label without its dashes: what is said goes by the form alone
    world.register(serials=[alike])
    (of_mali,) = foreign.register(serials=[serial])
    make_labels(client, foreign, [of_mali])
    mali_symbol = symbols(foreign, of_mali.weapon_id)[0]
    _, alpha_symbol = labelled(client, world, serials=[serial + "A"])
    number = scan(client, world, alpha_symbol).json()["card"]["registry_number"]

    def seen(text: str, job: str) -> dict[str, object]:
        answer = scan(client, world, text, job=job)
        return {**answer.json(), "request_id": None, "http": answer.status_code}

    unknown = seen(draw().text, "keeper_bravo")
    assert (unknown["http"], unknown["code"]) == (404, "scan.unknown")
    for text in (alpha_symbol, alpha_symbol[1:12], number, serial + "A", mali_symbol, serial):
        assert seen(text, "keeper_bravo") == unknown, text
    assert seen(alike, "keeper_bravo") == seen(new_id().hex[:12], "keeper_bravo")


def test_a_lost_weapon_that_turns_up_raises_the_alarm(client: httpx.Client, world: World) -> None:
    weapon, symbol = labelled(client, world)
    move(world, weapon, "stolen", MovementKind.LOSS)
    card = scan(client, world, symbol).json()["card"]
    assert (card["state"], card["alarm"], codes(card)) == ("stolen", True, ["scan.stolen"])
    assert actions(card) == ["open_incident"]


def test_another_weapon_with_the_number_of_a_lost_one_is_pointed_out(client: httpx.Client, world: World) -> None:
    lost, found = world.register(serials=["LOST-00991", "LOST 00991"])
    move(world, lost, "lost", MovementKind.LOSS)
    make_labels(client, world, [found])
    card = scan(client, world, symbols(world, found.weapon_id)[0]).json()["card"]
    assert codes(card) == ["scan.same_serial_lost"]


def test_a_missing_weapon_shows_its_open_case(client: httpx.Client, world: World) -> None:
    weapon, symbol = labelled(client, world)
    case = new_id()
    with world.transaction() as db:
        run(
            db,
            "insert into case_mark (country, weapon_id, case_id, mark, event_id) "
            "select country, weapon_id, %(case)s, 'missing', event_id from movement where weapon_id = %(weapon)s",
            {"case": case, "weapon": weapon.weapon_id},
        )
    card = scan(client, world, symbol).json()["card"]
    assert (card["state"], card["alarm"], card["case"]) == ("missing", True, str(case))
    assert codes(card) == ["scan.missing"]
    assert card["holder"]["name"] == "Armurerie keeper"


def test_people_are_named_by_rank_and_family_name(client: httpx.Client, world: World) -> None:
    weapon, symbol = labelled(client, world)
    issue(client, world, weapon)
    card = scan(client, world, symbol).json()["card"]
    assert (card["state"], card["version"]) == ("issued", 2)
    assert (card["holder"]["kind"], card["holder"]["name"]) == ("person", "SGT ESSAI-SOLDIER")


def test_what_may_be_done_next_follows_from_role_and_state(client: httpx.Client, world: World) -> None:
    weapon, symbol = labelled(client, world)
    expected = {
        "keeper": ["issue", "dispatch", "count", "assign", "open_incident"],
        "orderer": ["order_transfer", "open_incident", "propose_disposal"],
        "armourer": ["count", "open_incident"],
        "auditor": ["count"],
    }
    for job, offered in expected.items():
        assert actions(scan(client, world, symbol, job=job).json()["card"]) == offered, job
    issue(client, world, weapon)
    card = scan(client, world, symbol).json()["card"]
    assert actions(card) == ["return", "count", "assign", "open_incident"]
    assert card["next"][0]["text"] == "Réintégration\u00a0: reprendre l'arme"


def test_who_awaits_a_weapon_may_scan_and_receive_it_and_its_sender_may_not(client: httpx.Client, world: World) -> None:
    weapon, symbol = labelled(client, world)
    assert scan(client, world, symbol, job="keeper_bravo").status_code == 404
    move(world, weapon, "transit", MovementKind.TRANSFER_OUT)
    awaited = scan(client, world, symbol, job="keeper_bravo").json()["card"]
    assert (awaited["state"], actions(awaited)) == ("in_transit", ["receive"])
    sent = scan(client, world, symbol, job="keeper").json()["card"]
    assert actions(sent) == ["open_incident"]


def test_who_may_not_scan_is_refused(client: httpx.Client, world: World) -> None:
    for job in ("commission", "commission_reader", "administrator", "oversight", "soldier"):
        answer = scan(client, world, draw().text, job=job)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job
    assert client.post("/scans", json={"code": "X123"}).status_code == 401


@pytest.mark.parametrize("body", [{"code": ""}, {"code": "X" * 201}, {}, {"code": "X1", "weapon": "?"}])
def test_a_malformed_scan_is_refused(client: httpx.Client, world: World, body: dict[str, str]) -> None:
    assert client.post("/scans", json=body, headers=world["keeper"].headers).status_code == 422


@pytest.mark.parametrize("text", ["\x00", "A\x0012", "%", "' or 1=1", "𝟘𝟙𝟚", "W" * 20, "-" * 200])
def test_odd_texts_never_break_the_scan(client: httpx.Client, world: World, text: str) -> None:
    assert scan(client, world, text).status_code in (404, 422)


def test_a_scan_speaks_the_language_of_its_reader(client: httpx.Client, world: World) -> None:
    _, symbol = labelled(client, world)
    assert scan(client, world, symbol, language="en").json()["card"]["state_name"] == "in store"


def test_a_label_costs_one_statement(client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, symbol = labelled(client, world)
    actor = world.actor("keeper")
    statements: list[str] = []

    def counted(db: Connection, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        statements.append(sql)
        return run(db, sql, parameters)

    monkeypatch.setattr("salw.core.db.run", counted)
    monkeypatch.setattr("salw.scanning.queries.run", counted)
    with world.transaction() as db:
        statements.clear()
        assert resolve(db, actor, text=symbol, typed=False).card is not None
    assert len(statements) == 1


def test_psycopg_keeps_what_it_learnt_of_a_cards_statement() -> None:
    statements = (queries._CARD_BY_LABEL, queries._CARDS, queries._CARDS_BY_TEXT)
    assert max(len(statement.encode()) for statement in statements) <= MAX_CACHED_STATEMENT_LENGTH
