"""Making labels and printing their sheets over HTTP."""

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import Engine, text

from labelling import batch_body, make_labels, symbols
from moving import dispatch, receive
from reporting import written_off
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.core.language import catalogue
from salw.custody.rules import Expected, HolderKind, MovementKind, State
from salw.ledger.events import columns
from salw.registry.classification import ClassCode
from salw.registry.operations import make_labels as make_labels_directly
from salw.registry.texts import SUSPECT_CODES
from salw_labels import ERROR_CODES
from world import World

JOBS = ("keeper", "accountant")


def label_events(world: World, weapon: Expected) -> list[tuple[str, dict[str, object]]]:
    with world.transaction() as db:
        rows = run(
            db,
            "select kind, canonical from event "
            "where weapon_id = %(w)s and kind like 'label.%%' order by recorded_at, id",
            {"w": weapon.weapon_id},
        )
    return [(row["kind"], json.loads(row["canonical"])["facts"]) for row in rows]


def test_each_weapon_gets_one_label_and_one_event_that_keeps_the_tail(client: httpx.Client, world: World) -> None:
    weapons = world.register(3)
    answer = make_labels(client, world, weapons)
    assert answer.status_code == 200, answer.text
    assert {k: answer.json()[k] for k in ("labels", "voided", "sheets")} == {"labels": 3, "voided": 0, "sheets": 1}
    for weapon in weapons:
        (symbol,) = symbols(world, weapon.weapon_id)
        ((kind, facts),) = label_events(world, weapon)
        assert (kind, facts["code"]) == ("label.made", symbol[:12])
        assert symbol[12:] not in json.dumps(facts)
        card = client.get(f"/weapons/{weapon.weapon_id}", headers=world["keeper"].headers).json()
        assert card["label"] == {
            "code": symbol[:12],
            "printed": f"{symbol[1:5]}-{symbol[5:9]}-{symbol[9:12]}",
            "status": "valid",
        }
        assert symbol[12:] not in json.dumps(card)


def test_a_repeat_gives_the_first_answer_and_makes_no_second_label(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    body = batch_body(weapons)
    first, again = (client.post("/label-batches", json=body, headers=world["keeper"].headers) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert len(symbols(world, weapons[0].weapon_id)) == 1


def test_the_same_id_with_other_weapons_is_refused(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    batch_id = str(new_id())
    assert make_labels(client, world, [one], id=batch_id).status_code == 200
    answer = make_labels(client, world, [two], id=batch_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "request.id_reused")
    assert symbols(world, two.weapon_id) == []


def test_a_labelled_weapon_gets_no_second_label_unasked(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    make_labels(client, world, [one])
    answer = make_labels(client, world, [two, one])
    assert (answer.status_code, answer.json()["code"]) == (409, "label.already_labelled")
    assert answer.json()["details"]["weapons"] == [str(one.weapon_id)]
    assert symbols(world, two.weapon_id) == []


def test_a_replacement_voids_the_old_label_in_the_same_write(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    make_labels(client, world, [weapon])
    answer = make_labels(client, world, [weapon], replace=True, reason="Étiquette brûlée au tir")
    assert answer.json()["voided"] == 1
    old, new = symbols(world, weapon.weapon_id)
    kinds = label_events(world, weapon)
    assert [kind for kind, _ in kinds] == ["label.made", "label.voided", "label.made"]
    assert kinds[1][1]["code"] == old[:12]
    assert kinds[1][1]["replaced_by"] == new[:12]
    assert "brûlée" not in json.dumps([facts for _, facts in kinds], ensure_ascii=False)


@pytest.mark.parametrize("more", [{"replace": True}, {"reason": "parce que"}, {"replace": True, "reason": "  "}])
def test_a_replacement_and_its_reason_go_together(client: httpx.Client, world: World, more: dict[str, object]) -> None:
    assert make_labels(client, world, world.register(), **more).status_code == 422


def test_two_who_label_one_weapon_at_once_leave_one_valid_label(client: httpx.Client, world: World) -> None:
    for _ in range(10):
        weapons = world.register()
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda job, w=weapons: make_labels(client, world, w, job=job), JOBS))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert len(symbols(world, weapons[0].weapon_id)) == 1


def test_who_does_not_make_labels_may_not(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    for job in ("armourer", "commander", "orderer", "auditor", "commission", "administrator", "soldier"):
        answer = make_labels(client, world, weapons, job=job)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job
    assert make_labels(client, world, weapons, job="accountant").status_code == 200


def test_weapons_of_others_look_as_if_they_did_not_exist(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    (mine,) = world.register()
    (of_bravo,) = world.register(store=world.store_bravo)
    (of_mali,) = new_world("ML").register()
    texts = set()
    for other in (of_bravo, of_mali, Expected(new_id(), 1)):
        answer = make_labels(client, world, [mine, other])
        assert (answer.status_code, answer.json()["code"]) == (404, "weapon.not_found")
        assert answer.json()["details"]["weapons"] == [str(other.weapon_id)]
        texts.add(answer.json()["detail"])
    assert len(texts) == 1
    assert symbols(world, mine.weapon_id) == []


def test_a_batch_over_two_battalions_is_printed_by_the_authority_above_both(client: httpx.Client, world: World) -> None:
    weapons = [*world.register(), *world.register(store=world.store_bravo)]
    batch = make_labels(client, world, weapons, job="accountant").json()
    path = f"/label-batches/{batch['id']}/sheet.pdf"
    assert client.get(path, headers=world["accountant"].headers).status_code == 200
    answer = client.get(path, headers=world["keeper"].headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "label_batch.not_found")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"stock": "a5-ham"}, "label_batch.unknown_stock"),
        ({"start_position": 72}, "label_sheet.start_outside"),
        ({"copies": 5}, "request.malformed"),
        ({"copies": 0}, "request.malformed"),
        ({"start_position": -1}, "request.malformed"),
        ({"tail": "00000000"}, "request.malformed"),
    ],
)
def test_what_no_sheet_can_be_is_refused(
    client: httpx.Client, world: World, more: dict[str, object], code: str
) -> None:
    answer = make_labels(client, world, world.register(), **more)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_one_weapon_twice_in_a_batch_is_refused(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    answer = make_labels(client, world, [weapon, weapon])
    assert (answer.status_code, answer.json()["code"]) == (422, "registry.weapon_repeated")


def test_a_batch_of_nothing_is_refused(client: httpx.Client, world: World) -> None:
    assert make_labels(client, world, []).status_code == 422


def test_more_than_ten_thousand_labels_are_refused(client: httpx.Client, world: World) -> None:
    answer = make_labels(client, world, [Expected(new_id(), 1) for _ in range(10_001)])
    assert (answer.status_code, answer.json()["code"]) == (422, "request.malformed")


def test_ten_thousand_labels_are_made_and_printed(client: httpx.Client, world: World, tmp_path: Path) -> None:
    weapons = world.register(10_000)
    answer = make_labels(client, world, weapons, copies=1)
    assert answer.status_code == 200, answer.text
    assert answer.json()["sheets"] == 139
    pdf = client.get(answer.json()["sheet"].removeprefix("/v1"), headers=world["keeper"].headers)
    assert pdf.content.count(b"/Type /Page\n") == 139
    with world.transaction() as db:
        (counted,) = run(
            db,
            "select count(distinct code) as codes, count(distinct weapon_id) as weapons from label "
            "where batch_id = %(batch)s",
            {"batch": answer.json()["id"]},
        )
    assert counted == {"codes": 10_000, "weapons": 10_000}


def sheet_text(pdf: bytes, folder: Path) -> str:
    (folder / "sheet.pdf").write_bytes(pdf)
    return subprocess.run(
        ["pdftotext", "-layout", folder / "sheet.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.poppler
def test_the_sheet_shows_code_and_registry_number_twice_and_is_the_same_each_time(
    client: httpx.Client, world: World, tmp_path: Path
) -> None:
    (weapon,) = world.register()
    batch = make_labels(client, world, [weapon], start_position=5).json()
    path = f"/label-batches/{batch['id']}/sheet.pdf"
    first, again = (client.get(path, headers=world["keeper"].headers) for _ in range(2))
    assert first.headers["content-type"] == "application/pdf"
    assert first.content == again.content
    words = sheet_text(first.content, tmp_path)
    card = client.get(f"/weapons/{weapon.weapon_id}", headers=world["keeper"].headers).json()
    assert words.count(card["label"]["printed"]) == 2
    assert words.count(card["registry_number"]) == 2
    assert batch["id"] in words


@pytest.mark.poppler
def test_a_country_with_a_demo_account_prints_the_banner(
    client: httpx.Client, new_world: Callable[[str], World], owner_engine: Engine, tmp_path: Path
) -> None:
    world = new_world("NE")
    batch = make_labels(client, world, world.register()).json()
    path = f"/label-batches/{batch['id']}/sheet.pdf"
    plain = sheet_text(client.get(path, headers=world["keeper"].headers).content, tmp_path)
    set_demo = "set role salw_owner; update account set demo = {} where id = '{}'"
    account = world["keeper"].account_id
    with owner_engine.begin() as db:
        db.execute(text(set_demo.format("true", account)))
    demo = sheet_text(client.get(path, headers=world["keeper"].headers).content, tmp_path)
    with owner_engine.begin() as db:
        db.execute(text(set_demo.format("false", account)))
    banner = catalogue("fr")["demo.banner"].split()[0]
    assert (banner in plain, banner in demo) == (False, True)


def test_a_voided_label_is_not_printed_again(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    first = make_labels(client, world, [weapon]).json()
    make_labels(client, world, [weapon], replace=True, reason="perdue")
    answer = client.get(f"/label-batches/{first['id']}/sheet.pdf", headers=world["keeper"].headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "label_sheet.empty")


def test_what_left_the_books_gets_no_label(client: httpx.Client, world: World) -> None:
    there, gone = world.register(2)
    written_off(client, world, [gone])
    answer = make_labels(client, world, [there, gone])
    assert (answer.status_code, answer.json()["code"]) == (409, "label.off_the_books")
    assert answer.json()["details"]["weapons"] == [str(gone.weapon_id)]
    assert make_labels(client, world, [there]).status_code == 200


def test_who_gave_a_weapon_away_prints_no_more_labels_of_it(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    batch = make_labels(client, world, weapons).json()
    sheet, headers = f"/label-batches/{batch['id']}/sheet.pdf", world["keeper"].headers
    transfer, sent = dispatch(client, world, weapons)
    assert client.get(sheet, headers=headers).status_code == 200, "until it is received the sender answers for it"
    receive(client, world, transfer, sent)
    answer = client.get(sheet, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "label_sheet.empty")


def test_a_sheet_of_another_unit_or_country_is_not_found(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    batch = make_labels(client, world, world.register()).json()
    foreign = new_world("ML")
    for headers in (world["keeper_bravo"].headers, foreign["keeper"].headers):
        answer = client.get(f"/label-batches/{batch['id']}/sheet.pdf", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "label_batch.not_found")
    assert client.get(f"/label-batches/{batch['id']}/sheet.pdf", headers=world["auditor"].headers).status_code == 403


def test_where_the_ledger_fails_no_label_is_made_and_none_voided(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (weapon,) = world.register()
    make_labels(client, world, [weapon])
    before = symbols(world, weapon.weapon_id)

    # The statement that writes the labels writes their events: a null where the leaf's hash should be.
    broken = {"event_hashes": [None, None]}
    monkeypatch.setattr("salw.registry.operations.event_columns", lambda events: {**columns(events), **broken})
    actor = world.actor("keeper")
    with pytest.raises(psycopg.errors.NotNullViolation), world.transaction() as db:
        make_labels_directly(
            db,
            actor=actor,
            now=clock.now(),
            batch_id=new_id(),
            weapon_ids=[weapon.weapon_id],
            stock="a4-weapon-20mm",
            start=0,
            copies=2,
            replace_reason="essai",
        )
    assert symbols(world, weapon.weapon_id) == before
    card = client.get(f"/weapons/{weapon.weapon_id}", headers=world["keeper"].headers).json()
    assert card["label"]["status"] == "valid"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_code_of_labels_and_weapons_has_its_text(language: str) -> None:
    texts = catalogue("en" if language == "en" else "fr")
    wanted = [
        *ERROR_CODES,
        *SUSPECT_CODES,
        *(f"class.{code}" for code in ClassCode),
        *(f"state.{state}" for state in State),
        *(f"holder_kind.{kind}" for kind in HolderKind),
        *(f"movement.{kind}" for kind in MovementKind),
        *(f"role.{role}" for role in Role),
    ]
    assert [code for code in wanted if not texts.get(code)] == []
