"""Blanks put on weapons, labels printed again and voided, codes of places and persons, and alarms about labels."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

import moving
from counting import a_count, count, label, open_check
from labelling import make_labels, scan, symbols
from nation import open_store
from salw.core import clock
from salw.core.db import run, transaction
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.registry.labels.operations import attaching
from salw.registry.labels.watching import Seen, SeenLabel
from salw.scanning.alarms.operations import record_seen
from salw.scanning.alarms.rules import BETWEEN_UNITS, WITHIN_UNIT, AlarmKind, Sighting, contradiction, too_soon
from salw_labels import Kind, draw
from world import World

STOCK = "a4-weapon-20mm"


def post(client: httpx.Client, world: World, path: str, job: str = "keeper", **body: object) -> httpx.Response:
    return client.post(path, json={"id": str(new_id()), **body}, headers=world[job].headers)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def blanks(client: httpx.Client, world: World, count: int, store: UUID | None = None) -> tuple[str, list[str]]:
    """Reserve blanks; return their batch and the 20 characters of each."""
    answer = post(client, world, "/label-blanks", store=str(store or world.store_alpha), count=count, stock=STOCK)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"], of_batch(world, answer.json()["id"])


def of_batch(world: World, batch: str) -> list[str]:
    with world.transaction() as db:
        rows = run(
            db, "select code || tail as symbol from label where batch_id = %(b)s order by position", {"b": batch}
        )
    return [row["symbol"] for row in rows]


def attach(client: httpx.Client, world: World, *pairs: dict[str, str], **more: object) -> httpx.Response:
    return post(
        client, world, "/label-attachments", **{"store": str(world.store_alpha), "attachments": list(pairs), **more}
    )


def events(world: World, kind: str, weapon: UUID | None = None) -> int:
    with world.transaction() as db:
        rows = run(
            db,
            "select count(*) as n from event where country = %(c)s and kind = %(kind)s "
            "and (%(w)s::uuid is null or weapon_id = %(w)s)",
            {"c": world.country, "kind": kind, "w": weapon},
        )
    return int(rows[0]["n"])


def test_a_blank_goes_from_its_block_onto_the_weapon_that_bears_the_serial(client: httpx.Client, world: World) -> None:
    reserved = events(world, "label.blanks_reserved")
    batch, (first, second, third) = blanks(client, world, 3)
    assert events(world, "label.blanks_reserved") == reserved + 1
    sheet = client.get(f"/label-batches/{batch}/sheet.pdf", headers=world["keeper"].headers)
    assert sheet.content.startswith(b"%PDF")
    said = scan(client, world, first).json()
    assert (said["found_by"], said["card"], said["named"]["kind"]) == ("blank", None, "blank")
    assert said["named"]["text"] == "Étiquette vierge, à poser sur une arme du magasin Armurerie keeper"
    one, two = world.register(serials=["VIERGE-7741", "VIERGE 7742"])
    body = {
        "id": str(new_id()),
        "store": str(world.store_alpha),
        "attachments": [
            {"label": first, "serial": "vierge7741"},
            {"label": second[1:12], "weapon": str(two.weapon_id)},
        ],
    }
    answers = [client.post("/label-attachments", json=body, headers=world["keeper"].headers) for _ in range(2)]
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].json() == answers[1].json()
    assert [a["weapon"] for a in answers[0].json()["attached"]] == [str(one.weapon_id), str(two.weapon_id)]
    assert scan(client, world, first).json()["card"]["id"] == str(one.weapon_id)
    assert events(world, "label.attached", one.weapon_id) == 1
    # What is left of the block is cancelled at the end of the campaign, and says so.
    cancelled = post(client, world, "/label-voidings", batch=batch, reason="Campagne finie")
    assert cancelled.json()["labels"] == [third[:12]]
    void = scan(client, world, third).json()["named"]
    assert (void["label"]["status"], [w["code"] for w in void["warnings"]]) == ("void", ["label.blank_void"])
    assert code_of(post(client, world, "/label-voidings", batch=batch, reason="encore")) == (
        404,
        "label_batch.not_found",
    )


def test_a_list_of_blanks_is_put_on_whole_or_not_at_all(client: httpx.Client, world: World) -> None:
    _, (first, second, third, fourth) = blanks(client, world, 4)
    weapons = world.register(serials=["DEUXFOIS91", "DEUXFOIS91", "SEULE92", "AUTRE93"])
    other = new_id()
    with world.transaction() as db:
        open_store(db, world, other)
    _, (of_other,) = blanks(client, world, 1, other)
    assert attach(client, world, {"label": fourth, "serial": "AUTRE93"}).status_code == 200
    good = {"label": first, "serial": "SEULE92"}
    copied = second[:12] + draw().tail
    for wrong, expected in (
        ({"label": second, "serial": "DEUXFOIS91"}, (409, "label.serial_ambiguous")),
        ({"label": second, "serial": "PERSONNE"}, (404, "label.serial_not_here")),
        ({"label": second, "serial": "illisible"}, (404, "label.serial_not_here")),
        ({"label": of_other, "weapon": str(weapons[0].weapon_id)}, (409, "label.of_another_store")),
        ({"label": fourth, "weapon": str(weapons[0].weapon_id)}, (409, "label.already_attached")),
        ({"label": copied, "weapon": str(weapons[0].weapon_id)}, (409, "label.tail_mismatch")),
        ({"label": second, "weapon": str(weapons[3].weapon_id)}, (409, "label.already_labelled")),
        ({"label": draw().text, "weapon": str(weapons[0].weapon_id)}, (404, "label.not_found")),
        ({"label": draw(kind=Kind.STORE).text, "weapon": str(weapons[0].weapon_id)}, (422, "label.of_store")),
        ({"label": draw(kind=Kind.TRAINING).text, "weapon": str(weapons[0].weapon_id)}, (422, "label.training")),
        ({"label": first, "weapon": str(weapons[0].weapon_id)}, (422, "label.repeated")),
    ):
        answer = attach(client, world, good, wrong)
        assert code_of(answer) == expected, answer.text
    named = attach(client, world, {"label": second, "serial": "DEUXFOIS91"}).json()["details"]["serials"][0]
    assert {c["weapon"] for c in named["candidates"]} == {str(w.weapon_id) for w in weapons[:2]}
    assert symbols(world, weapons[2].weapon_id) == []
    assert scan(client, world, third).json()["named"]["kind"] == "blank"


def test_where_the_ledger_fails_no_blank_is_attached(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (blank,) = blanks(client, world, 1)
    (weapon,) = world.register()
    columns = attaching.event_columns
    monkeypatch.setattr(attaching, "event_columns", lambda events: {**columns(events), "event_hashes": [None]})
    pair = {"label": blank, "weapon": str(weapon.weapon_id)}
    with world.transaction() as db, pytest.raises(Exception, match="leaf_hash"):
        attaching.attach_blanks(
            db,
            actor=world.actor("keeper"),
            now=clock.now(),
            store_id=world.store_alpha,
            attachments=[attaching.Attachment(blank, weapon_id=weapon.weapon_id)],
        )
    monkeypatch.undo()
    assert attach(client, world, pair).status_code == 200


def test_a_label_is_printed_again_and_voided_for_reasons_that_stand_in_its_list(
    client: httpx.Client, world: World
) -> None:
    (weapon,) = world.register()
    make_labels(client, world, [weapon])
    (symbol,) = symbols(world, weapon.weapon_id)
    for name, begins in (("training.pdf", b"%PDF"), ("training.zpl", b"^XA")):
        exercise = f"/label-stocks/{STOCK}/{name}"
        made = [client.get(exercise, params={"count": 2}, headers=world["keeper"].headers).content for _ in range(2)]
        assert made[0].startswith(begins)
        assert made[0] == made[1]
    assert client.get("/label-stocks/a4-card-10/training.pdf", headers=world["keeper"].headers).status_code == 422
    path, body = f"/label-reprints/{new_id()}", {"labels": [symbol[1:12]], "stock": STOCK, "reason": "Effacée"}
    headers = world["keeper"].headers
    first, again = (client.put(path, json=body, headers=headers) for _ in range(2))
    assert first.status_code == 200, first.text
    assert first.json() == again.json()
    sheets = [client.get(first.json()["sheet"].removeprefix("/v1"), headers=headers).content for _ in range(2)]
    assert sheets[0].startswith(b"%PDF")
    assert sheets[0] == sheets[1]
    sheet = first.json()["sheet"].removeprefix("/v1")
    files = [sheet.replace("sheet.pdf", name) for name in ("labels.zpl", "preview.svg")]
    zpl, svg = (client.get(file, headers=headers).text for file in files)
    assert (zpl.count("^XA") >= 1, svg.startswith("<svg") or "<svg" in svg[:200]) == (True, True)
    assert events(world, "label.reprinted", weapon.weapon_id) == 1
    reason = "Arrachée par le caporal"
    assert post(client, world, "/label-voidings", labels=[symbol], reason=reason).status_code == 200
    assert code_of(post(client, world, "/label-voidings", labels=[symbol], reason="2")) == (409, "label.already_void")
    assert code_of(client.put(f"/label-reprints/{new_id()}", json=body, headers=headers)) == (409, "label.already_void")
    (line,) = client.get(f"/weapons/{weapon.weapon_id}/labels", headers=headers).json()
    assert (line["code"], line["printed"], line["status"], line["reason"]) == (symbol[:12], 2, "void", reason)
    assert line["voided_by"]
    assert line["reason_state"] == "readable"
    told = client.get(f"/weapons/{weapon.weapon_id}/history", headers=headers).json()["items"]
    assert [entry["kind"] for entry in told[-2:]] == ["label.reprinted", "label.cancelled"]
    assert scan(client, world, symbol[1:12], typed=True).json()["card"]["label"]["status"] == "void"
    assert make_labels(client, world, [weapon]).status_code == 200, "a weapon without a label gets one"


def test_stores_racks_and_persons_are_named_by_their_codes(client: httpx.Client, world: World) -> None:
    rack = new_id()
    body = {"store": str(world.store_alpha), "name": "Râtelier 3"}
    assert client.put(f"/racks/{rack}", json=body, headers=world["keeper"].headers).status_code == 200
    taken = client.put(f"/racks/{new_id()}", json=body, headers=world["keeper"].headers)
    assert code_of(taken) == (409, "rack.name_taken")
    soldier = world["soldier"].person_id
    made: dict[str, str] = {}
    for kind, named, stock in (
        ("store", world.store_alpha, "a4-place-8"),
        ("rack", rack, "a4-place-21"),
        ("person", soldier, "a4-card-10"),
    ):
        answer = post(client, world, "/label-codes", kind=kind, of=[str(named)], stock=stock)
        assert answer.status_code == 200, answer.text
        again = post(client, world, "/label-codes", kind=kind, of=[str(named)], stock=stock)
        assert code_of(again) == (409, "label.already_coded")
        (made[kind],) = of_batch(world, answer.json()["id"])
        sheet = client.get(answer.json()["sheet"].removeprefix("/v1"), headers=world["keeper"].headers)
        assert sheet.content.startswith(b"%PDF")
        said = scan(client, world, made[kind]).json()
        assert (said["found_by"], said["named"]["id"]) == (kind, str(named))
        typed = scan(client, world, said["named"]["label"]["printed"], typed=True).json()
        assert (typed["found_by"], typed["typed"]) == (kind, True)
    assert scan(client, world, made["rack"]).json()["named"]["text"] == "Râtelier Râtelier 3, magasin Armurerie keeper"
    replaced = post(
        client, world, "/label-codes", kind="person", of=[str(soldier)], stock="a4-card-10", reason="Carte perdue"
    )
    assert replaced.json()["voided"] == 1
    assert scan(client, world, made["person"]).json()["named"]["label"]["status"] == "void"
    (listed,) = client.get(f"/stores/{world.store_alpha}/racks", headers=world["keeper"].headers).json()
    assert listed["code"] == made["rack"][:12]
    wrong = post(client, world, "/label-codes", kind="rack", of=[str(rack)], stock=STOCK, reason="x")
    assert code_of(wrong) == (422, "label_sheet.wrong_stock")


def test_every_kind_of_wrong_code_has_its_own_message_and_none_tells_of_others(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    _, (blank,) = blanks(client, world, 1)
    foreign = new_world("ML")
    _, (of_mali,) = blanks(client, foreign, 1)
    post(client, foreign, "/label-codes", kind="store", of=[str(foreign.store_alpha)], stock="a4-place-8")

    def seen(text: str, job: str = "keeper") -> tuple[int, str, str]:
        answer = scan(client, world, text, job=job)
        return answer.status_code, answer.json()["code"], answer.json()["detail"]

    unknown = seen(draw().text)
    assert unknown[:2] == (404, "scan.unknown")
    assert seen(of_mali) == seen(draw(kind=Kind.STORE).text) == seen(blank, "keeper_bravo") == unknown
    misread = blank[:3] + ("8" if blank[3] != "8" else "3") + blank[4:]
    assert seen(misread)[:2] == (422, "label.wrong_check")
    assert seen(draw(kind=Kind.TRAINING).text)[:2] == (422, "label.training")
    texts = {seen(text)[2] for text in (misread, draw().text, draw(kind=Kind.TRAINING).text, "W" + "U" * 19)}
    assert len(texts) == 4
    for path, body in (
        ("/label-voidings", {"labels": [of_mali], "reason": "x"}),
        ("/label-attachments", {"store": str(world.store_alpha), "attachments": [{"label": of_mali, "serial": "X1"}]}),
    ):
        assert post(client, world, path, **body).status_code == 404
        assert post(client, world, path, job="auditor", **body).status_code == 403


def wait_for(found: Callable[[], Any]) -> Any:
    """Return what comes of a scan after its answer."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if value := found():
            return value
        time.sleep(0.02)
    return found()


def alarms(client: httpx.Client, world: World, weapon: UUID, job: str = "keeper") -> list[dict[str, Any]]:
    listed = client.get("/label-alarms", params={"open": True, "limit": 200}, headers=world[job].headers).json()
    return [alarm for alarm in listed["items"] if alarm["weapon"] == str(weapon)]


def test_a_void_or_copied_label_raises_one_alarm_until_the_commander_closes_it(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    (weapon,) = world.register()
    make_labels(client, world, [weapon])
    make_labels(client, world, [weapon], replace=True, reason="abîmée")
    old, new = symbols(world, weapon.weapon_id)
    store = str(world.store_alpha)
    for text in (old, old, new[:12] + draw().tail, new):
        assert scan(client, world, text, store=store).status_code == 200
    found = wait_for(lambda: (a := alarms(client, world, weapon.weapon_id)) and len(a) == 2 and a)
    assert {(a["kind"], a["seen"]["store"], a["label"]) for a in found} == {
        ("void", store, old[:12]),
        ("copied", store, new[:12]),
    }
    assert events(world, "label.alarm_raised", weapon.weapon_id) == 2
    body = {"alarms": [a["id"] for a in found], "reason": "Vu sur place, étiquette retirée"}
    assert post(client, world, "/label-alarms/closure", **body).status_code == 403, "who keeps does not judge"
    elsewhere = post(client, new_world("ML"), "/label-alarms/closure", "commander", **body)
    assert code_of(elsewhere) == (404, "label_alarm.not_found")
    assert post(client, world, "/label-alarms/closure", "commander", **body).status_code == 200
    again = post(client, world, "/label-alarms/closure", "commander", **body)
    assert code_of(again) == (409, "label_alarm.already_closed")
    assert alarms(client, world, weapon.weapon_id) == []
    assert events(world, "label.alarm_closed", weapon.weapon_id) == 2


def test_one_label_in_two_stores_too_soon_raises_an_alarm_unless_a_movement_explains_it(
    client: httpx.Client, world: World, app_engine: Any
) -> None:
    (weapon,) = world.register()
    make_labels(client, world, [weapon])
    (symbol,) = symbols(world, weapon.weapon_id)
    other = new_id()
    with world.transaction() as db:
        open_store(db, world, other)
    actor = world.actor("keeper")
    now = clock.now()

    def seen(store: UUID, minutes: float) -> list[AlarmKind]:
        with transaction(app_engine, country=actor.country, units=actor.units) as db:
            label = SeenLabel(symbol[:12], symbol[12:], now + timedelta(minutes=minutes), placed=True)
            return record_seen(db, Seen(actor, store, [label]), now)

    assert seen(world.store_alpha, 60) == []
    assert seen(other, 60 + 11) == [], "long enough for the way"
    assert seen(world.store_bravo, 60 + 12) == [], "a store outside the scope is none"
    assert seen(world.store_alpha, 60 + 15) == [AlarmKind.TWO_PLACES]
    assert seen(world.store_alpha, 60 + 16) == [], "one open alarm a place"
    (alarm,) = alarms(client, world, weapon.weapon_id)
    assert (alarm["seen"]["store"], alarm["other"]["store"]) == (str(world.store_alpha), str(other))
    (weapon,) = world.register()
    make_labels(client, world, [weapon])
    (symbol,) = symbols(world, weapon.weapon_id)
    assert seen(other, -1) == []
    moving.give_back(client, world, moving.issue(client, world, [weapon]))
    assert seen(world.store_alpha, 1) == [], "it was given out and taken back since"
    assert seen(other, 1.5) == [AlarmKind.TWO_PLACES], "nothing says how it came back there"


def act(
    client: httpx.Client, world: World, path: str, weapon: Expected, text: str, job: str = "keeper", **more: object
) -> tuple[int, str]:
    """Issue, take back or take in a weapon by what was read on it."""
    read = {"weapon": str(weapon.weapon_id), "version": weapon.version, "label": text}
    send = client.post if "transfers" in path else client.put
    answer = send(path.format(new_id()), json={**more, "weapons": [read]}, headers=world[job].headers)
    return answer.status_code, answer.json().get("code", "")


def raised(
    client: httpx.Client, world: World, weapon: Expected, count: int, job: str = "keeper"
) -> set[tuple[str, str, str | None]]:
    """Return kind, label and store of the open alarms of a weapon, once there are so many."""
    wait_for(lambda: len(alarms(client, world, weapon.weapon_id, job)) == count)
    found = alarms(client, world, weapon.weapon_id, job)
    return {(alarm["kind"], alarm["label"], alarm["seen"]["store"]) for alarm in found}


def test_an_issue_or_return_by_a_wrong_label_is_refused_and_what_was_read_raises_alarms(
    client: httpx.Client, world: World
) -> None:
    one, two = world.register(count=2)
    olds, news = label(world, [one, two]), label(world, [one, two], replace=True)
    other, alpha = new_id(), str(world.store_alpha)
    with world.transaction() as db:
        open_store(db, world, other)
    here = {"store": alpha, "to": {"person": str(world["soldier"].person_id)}}
    for text, said in (
        (olds[0], (409, "label.void")),
        (news[0][:12] + draw().tail, (409, "label.tail_mismatch")),
        (news[1], (409, "label.of_another_weapon")),
        (draw().text, (409, "label.of_another_weapon")),
        ("W" + "0" * 19, (422, "label.wrong_check")),
    ):
        assert act(client, world, "/issues/{}", one, text, **here) == said
    assert raised(client, world, one, 2) == {("void", olds[0][:12], alpha), ("copied", news[0][:12], alpha)}
    assert act(client, world, "/issues/{}", one, news[0], **here) == (200, "")
    # A line under the symbol is typed: the act stands, and nobody says that the label was there.
    assert act(client, world, "/issues/{}", two, news[1][1:12], **here) == (200, "")
    # Given out here, and a moment later taken back in another store by its label: one of the two is a copy.
    out = Expected(two.weapon_id, 2)
    assert act(client, world, "/returns/{}", out, olds[1], store=str(other)) == (409, "label.void")
    assert act(client, world, "/returns/{}", out, news[1], store=str(other)) == (200, "")
    assert raised(client, world, two, 2) == {
        ("void", olds[1][:12], str(other)),
        ("two_places", news[1][:12], str(other)),
    }


def test_a_count_and_a_receipt_raise_alarms_by_what_they_read(client: httpx.Client, world: World) -> None:
    void, copied, elsewhere, sent = weapons = world.register(count=4)
    olds = label(world, weapons)
    news = label(world, [copied, sent], replace=True)
    (valid,) = label(world, [void], replace=True)
    other, alpha = new_id(), str(world.store_alpha)
    with world.transaction() as db:
        open_store(db, world, other)
    assert scan(client, world, olds[2], store=str(other)).status_code == 200
    check = open_check(client, world)
    read = [a_count(olds[0]), a_count(news[0][:12] + draw().tail), a_count(olds[2]), a_count(valid)]
    assert count(client, world, check, *read) == ["void_label", "unknown_code", "recorded", "recorded"]
    assert raised(client, world, void, 1) == {("void", olds[0][:12], alpha)}
    assert raised(client, world, copied, 1) == {("copied", news[0][:12], alpha)}
    assert raised(client, world, elsewhere, 1) == {("two_places", olds[2][:12], alpha)}
    # What was sent is taken in by its label, and the way from store to store is no contradiction.
    transfer, (way,) = moving.dispatch(client, world, [sent])
    path, bravo = f"/transfers/{transfer}/receipt", str(world.store_bravo)
    more = {"id": str(new_id()), "complete": False}
    assert act(client, world, path, way, olds[3], "keeper_bravo", **more) == (409, "label.void")
    assert act(client, world, path, way, news[1], "keeper_bravo", **more) == (200, "")
    assert raised(client, world, sent, 1, "keeper_bravo") == {("void", olds[3][:12], bravo)}


def test_what_is_typed_or_read_at_the_desk_raises_alarms(client: httpx.Client, service: str, world: World) -> None:
    (weapon,) = world.register()
    (void,), (valid,) = label(world, [weapon]), label(world, [weapon], replace=True)
    token = world["keeper"].headers["Authorization"].removeprefix("Bearer ")
    headers = {"Cookie": f"salw_session={token}", "Accept": "text/html", "Origin": service}
    alpha = str(world.store_alpha)
    httpx.get(f"{service}/recherche", params={"q": void}, headers=headers, timeout=60)
    form = {"id": str(new_id()), "store": alpha, "codes": f"{void}\n{valid[:12] + draw().tail}"}
    said = httpx.post(f"{service}/perceptions/nouvelle", data=form, headers=headers, timeout=60)
    assert (said.status_code, "annulée" in said.text, "copiée ou falsifiée" in said.text) == (422, True, True)
    assert raised(client, world, weapon, 3) == {
        ("void", void[:12], None),
        ("void", void[:12], alpha),
        ("copied", valid[:12], alpha),
    }


def test_the_rule_of_two_places() -> None:
    one, two, at = new_id(), new_id(), clock.now()
    here = Sighting(one, 1, at)
    assert not too_soon(here, Sighting(one, 1, at))
    for unit, way in ((1, WITHIN_UNIT), (2, BETWEEN_UNITS)):
        assert too_soon(here, Sighting(two, unit, at - way + timedelta(seconds=1)))
        assert too_soon(here, Sighting(two, unit, at + way - timedelta(seconds=1))), "clocks may say it backwards"
        assert not too_soon(here, Sighting(two, unit, at - way))
    near, far = (Sighting(new_id(), 1, at - timedelta(minutes=m)) for m in (1, 5))
    assert contradiction(here, [far, near]) == near
    assert contradiction(here, []) is None
