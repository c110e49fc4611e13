"""Losses and recoveries: cases over HTTP and as a stocktake opens them."""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from salw.access.rules import Permission
from salw.core import clock
from salw.core.db import Row, enter_scope, run
from salw.core.errors import NotFound
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.incidents.operations.opening import open_cases
from salw.incidents.rules import FIND_KINDS, LOSS_KINDS, IncidentKind, WriteOff
from world import World

KALASHNIKOV = "akm"


def look(world: World, sql: str, **parameters: object) -> list[Row]:
    with world.transaction() as db:
        return run(db, sql, {"country": world.country, **parameters})


def custody_of(world: World, weapon: UUID) -> Row:
    return look(
        world,
        "select c.seq, c.holder_id, c.unit_id, h.kind, k.mark, k.case_id from custody c "
        "join holder h on h.country = c.country and h.id = c.holder_id "
        "left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id "
        "where c.country = %(country)s and c.weapon_id = %(weapon)s",
        weapon=weapon,
    )[0]


def events_of(world: World, weapon: UUID) -> list[str]:
    rows = look(world, "select kind from event where weapon_id = %(weapon)s order by recorded_at, id", weapon=weapon)
    return [row["kind"] for row in rows]


def facts_of(world: World, kind: str, incident: UUID) -> list[dict[str, Any]]:
    rows = look(world, "select canonical from event where kind = %(kind)s", kind=kind)
    facts = [json.loads(bytes(row["canonical"]))["facts"] for row in rows]
    return [f for f in facts if f["incident"] == str(incident)]


def named(weapons: Sequence[Expected]) -> list[dict[str, object]]:
    return [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons]


def unit_uuid(world: World, unit_id: int) -> str:
    return str(look(world, "select uuid from unit where id = %(id)s", id=unit_id)[0]["uuid"])


def report(
    client: httpx.Client,
    world: World,
    kind: str,
    weapons: Sequence[Expected] = (),
    *,
    incident_id: UUID | None = None,
    job: str = "keeper",
    **more: Any,
) -> httpx.Response:
    body = {"kind": kind, "weapons": named(weapons), **more}
    return client.put(f"/incidents/{incident_id or new_id()}", json=body, headers=world[job].headers)


def opened(client: httpx.Client, world: World, weapons: Sequence[Expected], kind: str = "lost", **more: Any) -> UUID:
    answer = report(client, world, kind, weapons, **more)
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["id"])


def decide(
    client: httpx.Client,
    world: World,
    incident_id: UUID,
    kind: str,
    weapons: Sequence[Expected] = (),
    *,
    job: str = "commander",
    outcome_id: UUID | None = None,
    **more: Any,
) -> httpx.Response:
    body = {"id": str(outcome_id or new_id()), "kind": kind, "weapons": named(weapons), **more}
    return client.post(f"/incidents/{incident_id}/outcome", json=body, headers=world[job].headers)


def mass_loss(client: httpx.Client, world: World, quantity: int = 3) -> tuple[UUID, str]:
    answer = report(
        client,
        world,
        "taken_by_enemy",
        unit=unit_uuid(world, world.alpha),
        loss_lines=[{"class_code": "SA-ASR", "quantity": quantity}],
        cause="in_action",
    )
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["id"]), answer.json()["loss_lines"][0]["id"]


def itemise(
    client: httpx.Client, world: World, incident_id: UUID, line: str, weapons: Sequence[Expected], **more: Any
) -> httpx.Response:
    body = {"id": str(new_id()), "loss_line": line, "weapons": named(weapons), **more}
    return client.post(f"/incidents/{incident_id}/weapons", json=body, headers=world["keeper"].headers)


def written_off(client: httpx.Client, world: World, weapons: Sequence[Expected]) -> list[Expected]:
    incident_id = opened(client, world, weapons)
    answer = decide(client, world, incident_id, "written_off", weapons)
    assert answer.status_code == 200, answer.text
    return [Expected(UUID(w["weapon"]), w["version"]) for w in answer.json()["weapons"]]


def show(client: httpx.Client, world: World, incident_id: UUID, job: str = "keeper") -> dict[str, Any]:
    answer = client.get(f"/incidents/{incident_id}", headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


# What a stocktake asks for


def opened_by_a_count(world: World, weapons: Sequence[Expected], incident_id: UUID | None = None) -> list[UUID]:
    actor = world.actor("commander", Permission.INCIDENT_OPEN)
    with world.engine.begin() as db:
        enter_scope(db, country=world.country, units=actor.units)
        return open_cases(
            db,
            actor=actor,
            now=clock.now(),
            incident_id=incident_id or new_id(),
            kind=IncidentKind.MISSING,
            unit_id=world.alpha,
            weapons=[w.weapon_id for w in weapons],
            stocktake_id=new_id(),
            occurred_at=clock.now() - timedelta(hours=1),
            place=None,
            circumstances="Absente au recensement",
        )


def test_a_count_opens_one_case_on_many_weapons_and_they_stay_where_they_are(world: World) -> None:
    weapons, incident_id = world.register(300), new_id()
    assert opened_by_a_count(world, weapons, incident_id) == []
    rows = look(
        world,
        "select c.seq, c.holder_id, e.kind from case_mark k join custody c using (country, weapon_id) "
        "join event e on e.country = k.country and e.id = k.event_id and e.weapon_id = k.weapon_id "
        "where k.case_id = %(id)s",
        id=incident_id,
    )
    assert [tuple(r.values()) for r in rows] == [(1, world.store_alpha, "weapon.case_opened")] * 300


def test_a_count_leaves_marked_weapons_to_their_case_and_says_which(world: World) -> None:
    one, two = world.register(2)
    second = new_id()
    opened_by_a_count(world, [one])
    assert opened_by_a_count(world, [one, two], second) == [one.weapon_id]
    rows = look(world, "select weapon_id from incident_weapon where incident_id = %(id)s", id=second)
    assert [r["weapon_id"] for r in rows] == [two.weapon_id]


def test_a_count_that_finds_nothing_new_missing_opens_no_case(world: World) -> None:
    (one,) = world.register()
    again = new_id()
    opened_by_a_count(world, [one])
    assert opened_by_a_count(world, [one], again) == [one.weapon_id]
    assert look(world, "select 1 from incident where id = %(id)s", id=again) == []


def test_a_count_opens_no_case_on_another_units_weapon(world: World) -> None:
    weapons = world.register(1, store=world.store_bravo)
    with pytest.raises(NotFound, match=r"weapon\.not_found"):
        opened_by_a_count(world, weapons)


# Opening


@pytest.mark.parametrize("kind", sorted(LOSS_KINDS))
def test_a_loss_opens_a_case_and_the_weapon_stays_on_the_book_it_was_on(
    client: httpx.Client, world: World, kind: str
) -> None:
    (weapon,) = world.register()
    incident_id = opened(client, world, [weapon], kind)
    now = custody_of(world, weapon.weapon_id)
    assert (now["seq"], now["holder_id"], now["mark"], now["case_id"]) == (
        1,
        world.store_alpha,
        "missing",
        incident_id,
    )
    assert events_of(world, weapon.weapon_id) == ["weapon.registered", "weapon.case_opened"]
    shown = show(client, world, incident_id)
    assert (shown["kind"], shown["status"], shown["open_weapons"]) == (kind, "open", 1)


def test_a_weapon_under_a_case_is_not_issued(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    opened(client, world, [weapon])
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": named([weapon]),
    }
    assert code(client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers)) == (
        409,
        "custody.case_open",
    )


def test_free_text_is_only_committed_to_in_the_log(client: httpx.Client, world: World) -> None:
    word = secrets.token_hex(8)
    incident_id = opened(client, world, world.register(), place=f"lieu {word}", circumstances=f"récit {word}")
    (facts,) = facts_of(world, "incident.opened", incident_id)
    assert len(facts["details"]) == 64
    assert word not in json.dumps(facts)
    assert (
        look(
            world,
            "select 1 from event where position(convert_to(%(word)s, 'UTF8') in canonical) > 0",
            word=word,
        )
        == []
    )
    shown = show(client, world, incident_id)
    assert (shown["place"], shown["circumstances"]) == (f"lieu {word}", f"récit {word}")


def test_a_deadline_is_met_by_the_radio_message_not_by_the_typing(client: httpx.Client, world: World) -> None:
    sent = (clock.now() - timedelta(days=2)).replace(microsecond=0)
    incident_id = opened(
        client,
        world,
        world.register(),
        occurred_at=(sent - timedelta(hours=3)).isoformat(),
        reported_at=sent.isoformat(),
        message_reference="201430Z NOV 26",
    )
    shown = show(client, world, incident_id)
    assert shown["message_reference"] == "201430Z NOV 26"
    assert shown["reported_at"].startswith(sent.strftime("%Y-%m-%dT%H:%M:%S"))


def test_a_report_is_neither_before_the_fact_nor_in_the_future(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    now = clock.now()
    early: dict[str, Any] = {"occurred_at": now.isoformat(), "reported_at": (now - timedelta(hours=2)).isoformat()}
    assert code(report(client, world, "lost", [weapon], **early)) == (422, "incident.reported_before_it_happened")
    late: dict[str, Any] = {"reported_at": (now + timedelta(days=1)).isoformat()}
    assert code(report(client, world, "lost", [weapon], **late)) == (422, "incident.in_the_future")


@pytest.mark.parametrize(
    ("kind", "part", "expected"),
    [
        ("lost", {}, "incident.nothing_named"),
        ("lost", {"store": "alpha"}, "incident.part_not_of_kind"),
        ("lost", {"marks": [{"kind": "factory_serial", "raw": "A1"}]}, "incident.part_not_of_kind"),
        ("found", {"cause": "theft"}, "incident.part_not_of_kind"),
        ("retrieved", {}, "incident.store_needed"),
        ("retrieved", {"store": "alpha"}, "incident.nothing_named"),
        ("lost", {"loss_lines": [{"model": "no-such-model", "quantity": 1}]}, "registry.unknown_model"),
        ("lost", {"loss_lines": [{"quantity": 1}]}, "request.malformed"),
    ],
)
def test_a_report_that_says_too_little_or_too_much_is_refused(
    client: httpx.Client, world: World, kind: str, part: dict[str, Any], expected: str
) -> None:
    if "store" in part:
        part = {**part, "store": str(world.store_alpha)}
    answer = report(client, world, kind, unit=unit_uuid(world, world.alpha), **part)
    assert code(answer) == (422, expected)


def test_weapons_of_two_units_need_the_unit_that_reports_them(client: httpx.Client, world: World) -> None:
    weapons = [*world.register(), *world.register(1, store=world.store_bravo)]
    assert code(report(client, world, "lost", weapons, job="orderer")) == (422, "incident.unit_needed")
    answer = report(client, world, "lost", weapons, job="orderer", unit=unit_uuid(world, world.hq))
    assert answer.status_code == 200, answer.text


def test_a_repeated_report_gets_the_first_answer(client: httpx.Client, world: World) -> None:
    incident_id, line = new_id(), {"class_code": "SA-ASR", "quantity": 2}
    parts: dict[str, Any] = {"weapons": world.register(), "unit": unit_uuid(world, world.alpha), "loss_lines": [line]}
    first = report(client, world, "lost", incident_id=incident_id, **parts)
    again = report(client, world, "lost", incident_id=incident_id, **parts)
    assert (first.status_code, first.json()) == (200, again.json())
    assert len(facts_of(world, "incident.opened", incident_id)) == 1
    other = report(client, world, "stolen", incident_id=incident_id, **parts)
    assert code(other) == (409, "request.id_reused")


def test_a_stale_version_opens_no_case(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    answer = report(client, world, "lost", [one, Expected(two.weapon_id, 4)])
    assert code(answer) == (409, "custody.version_conflict")
    assert custody_of(world, one.weapon_id)["mark"] is None


def test_a_weapon_has_one_case_at_a_time(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    opened(client, world, [weapon])
    assert code(report(client, world, "stolen", [weapon])) == (409, "custody.case_open")


def test_what_is_off_the_books_is_not_lost_again(client: httpx.Client, world: World) -> None:
    lost = written_off(client, world, world.register())
    assert code(report(client, world, "lost", lost)) == (409, "custody.off_the_books")


def test_who_may_not_report_is_refused(client: httpx.Client, world: World, new_world: Callable[[str], World]) -> None:
    (weapon,) = world.register()
    for job in ("auditor", "commission", "administrator", "oversight", "soldier"):
        assert code(report(client, world, "lost", [weapon], job=job)) == (403, "access.not_permitted"), job
    assert code(report(client, world, "lost", [weapon], job="keeper_bravo")) == (404, "weapon.not_found")
    foreign = new_world("ML")
    assert code(report(client, foreign, "lost", [weapon])) == (404, "weapon.not_found")
    alpha = unit_uuid(world, world.alpha)
    assert code(report(client, foreign, "lost", [weapon], unit=alpha)) == (404, "unit.not_found")


# Outcomes


@pytest.mark.parametrize("written_off_as", sorted(WriteOff))
def test_a_write_off_moves_the_weapon_to_its_sink_on_a_loss_report(
    client: httpx.Client, world: World, written_off_as: WriteOff
) -> None:
    (weapon,) = world.register()
    incident_id = opened(client, world, [weapon], "missing")
    answer = decide(client, world, incident_id, "written_off", [weapon], written_off_as=written_off_as)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["weapons"][0]["version"]) == ("closed", 2)
    now = custody_of(world, weapon.weapon_id)
    assert (now["kind"], now["unit_id"], now["mark"]) == (written_off_as.sink, world.alpha, None)
    (moved,) = look(
        world,
        "select m.kind, d.kind as document from movement m join document d using (country) "
        "where d.id = m.document_id and m.weapon_id = %(id)s and m.seq = 2",
        id=weapon.weapon_id,
    )
    assert (moved["kind"], moved["document"]) == ("loss", "loss_report")
    assert sorted(events_of(world, weapon.weapon_id)) == [
        "weapon.case_closed",
        "weapon.case_opened",
        "weapon.registered",
        "weapon.written_off",
    ]


def test_by_default_a_weapon_leaves_the_book_as_it_was_reported(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case = opened(client, world, [one], "destroyed_in_action")
    assert decide(client, world, case, "written_off", [one]).status_code == 200
    assert custody_of(world, one.weapon_id)["kind"] == "destroyed"
    missing = opened(client, world, [two], "missing")
    assert code(decide(client, world, missing, "written_off", [two])) == (422, "incident.sink_needed")


def test_the_cause_names_the_sink(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon], "missing", cause="theft")
    lost: dict[str, Any] = {"written_off_as": "lost"}
    assert code(decide(client, world, case, "written_off", [weapon], **lost)) == (
        422,
        "incident.cause_names_another_sink",
    )
    answer = decide(client, world, case, "written_off", [weapon], cause="deserter", **lost)
    assert answer.status_code == 200, answer.text
    (outcome,) = show(client, world, case)["outcomes"]
    assert (outcome["cause"], outcome["written_off_as"]) == ("deserter", "lost")


def test_found_again_and_clerical_take_the_mark_off_where_the_weapon_is(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case = opened(client, world, [one, two])
    first = decide(client, world, case, "found_again", [one])
    assert (first.json()["status"], first.json()["document_number"]) == ("open", None)
    assert code(decide(client, world, case, "clerical", [two])) == (422, "incident.reason_needed")
    last = decide(client, world, case, "clerical", [two], reason="Erreur de matricule au registre")
    assert last.json()["status"] == "closed"
    for weapon in (one, two):
        now = custody_of(world, weapon.weapon_id)
        assert (now["seq"], now["holder_id"], now["mark"]) == (1, world.store_alpha, None)
    shown = show(client, world, case)
    assert (shown["status"], shown["outcomes"][1]["reason"]) == ("closed", "Erreur de matricule au registre")
    assert [f["outcome_kind"] for f in facts_of(world, "incident.settled", case)] == ["found_again", "clerical"]
    assert len(facts_of(world, "incident.closed", case)) == 1


def test_a_recovery_takes_the_weapon_into_a_store(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(1, store=world.store_bravo)
    case = opened(client, world, [weapon], job="orderer")
    answer = decide(client, world, case, "recovered", [weapon], job="commander_hq", store=str(world.store_alpha))
    assert answer.status_code == 200, answer.text
    now = custody_of(world, weapon.weapon_id)
    assert (now["holder_id"], now["unit_id"], now["mark"]) == (world.store_alpha, world.alpha, None)


def test_a_weapon_already_in_the_store_is_found_again_not_recovered(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon])
    answer = decide(client, world, case, "recovered", [weapon], store=str(world.store_alpha))
    assert code(answer) == (409, "incident.already_there")


def test_who_reported_the_loss_does_not_decide_it(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon], job="commander")
    assert code(decide(client, world, case, "written_off", [weapon])) == (403, "incident.same_officer")
    assert decide(client, world, case, "written_off", [weapon], job="commander_hq").status_code == 200


def test_who_named_a_weapon_in_the_case_does_not_decide_it(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world)
    (weapon,) = world.register()
    body = {"id": str(new_id()), "loss_line": line, "weapons": named([weapon])}
    added = client.post(f"/incidents/{case}/weapons", json=body, headers=world["commander"].headers)
    assert added.status_code == 200, added.text
    assert code(decide(client, world, case, "written_off", [weapon])) == (403, "incident.same_officer")


def test_who_may_not_decide_is_refused(client: httpx.Client, world: World, new_world: Callable[[str], World]) -> None:
    (weapon,) = world.register()
    case = opened(client, world, [weapon])
    for job in ("keeper", "accountant", "orderer", "auditor", "commission", "soldier"):
        answer = decide(client, world, case, "found_again", [weapon], job=job)
        assert code(answer) == (403, "access.not_permitted"), job
    bravo = new_world("BF")
    foreign = new_world("NE")
    for elsewhere in (bravo, foreign):
        answer = decide(client, elsewhere, case, "found_again", [weapon])
        assert code(answer) == (404, "incident.not_found")
    assert custody_of(world, weapon.weapon_id)["mark"] == "missing"


def test_a_repeated_outcome_gets_the_first_answer_and_another_is_refused(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case, other = opened(client, world, [one]), opened(client, world, [two])
    outcome_id = new_id()
    first = decide(client, world, case, "written_off", [one], outcome_id=outcome_id)
    again = decide(client, world, case, "written_off", [one], outcome_id=outcome_id)
    assert (first.status_code, first.json()) == (200, again.json())
    assert custody_of(world, one.weapon_id)["seq"] == 2
    reused = decide(client, world, other, "written_off", [one], outcome_id=outcome_id)
    assert code(reused) == (409, "request.id_reused")
    moved = Expected(one.weapon_id, 2)
    assert code(decide(client, world, case, "found_again", [moved])) == (409, "incident.closed")


def test_a_stale_version_decides_nothing(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case = opened(client, world, [one, two])
    answer = decide(client, world, case, "written_off", [one, Expected(two.weapon_id, 9)])
    assert code(answer) == (409, "custody.version_conflict")
    assert [custody_of(world, w.weapon_id)["mark"] for w in (one, two)] == ["missing", "missing"]


def test_an_outcome_settles_only_weapons_of_its_case(client: httpx.Client, world: World) -> None:
    one, two = world.register(2)
    case = opened(client, world, [one])
    opened(client, world, [two])
    assert code(decide(client, world, case, "found_again", [one, two])) == (409, "incident.weapon_not_open")


# Losses by count


def test_a_mass_loss_is_counted_first_and_itemised_later(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world, quantity=3)
    one, two, three = world.register(3)
    answer = itemise(client, world, case, line, [one, two])
    assert (answer.status_code, answer.json()["left_open"]) == (200, 1), answer.text
    assert custody_of(world, one.weapon_id)["mark"] == "missing"
    assert decide(client, world, case, "written_off", [one, two]).json()["status"] == "open"
    assert itemise(client, world, case, line, [three]).json()["left_open"] == 0
    assert decide(client, world, case, "written_off", [three]).json()["status"] == "closed"
    assert custody_of(world, three.weapon_id)["kind"] == "taken_by_enemy"


def test_a_line_never_goes_below_zero(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world, quantity=1)
    weapons = world.register(2)
    answer = itemise(client, world, case, line, weapons)
    assert code(answer) == (409, "incident.line_exceeded")
    assert answer.json()["details"]["open"] == 1
    assert custody_of(world, weapons[0].weapon_id)["mark"] is None
    withdrawn = decide(client, world, case, "clerical", reason="x", loss_lines=[{"loss_line": line, "quantity": 2}])
    assert code(withdrawn) == (409, "incident.line_exceeded")


def test_numbers_that_were_not_lost_are_withdrawn_and_the_case_closes(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world, quantity=2)
    part: dict[str, Any] = {"loss_lines": [{"loss_line": line, "quantity": 2}]}
    assert code(decide(client, world, case, "written_off", **part)) == (422, "incident.itemise_first")
    answer = decide(client, world, case, "found_again", **part)
    assert (answer.status_code, answer.json()["status"]) == (200, "closed"), answer.text
    assert show(client, world, case)["loss_lines"][0]["open"] == 0


def test_a_line_takes_only_weapons_of_its_class_or_model(client: httpx.Client, world: World) -> None:
    models = look(world, "select code, class_code from model order by class_code, code")
    model = models[0]["code"]
    other = next(m["code"] for m in models if m["class_code"] == models[0]["class_code"] and m["code"] != model)
    answer = report(
        client,
        world,
        "lost",
        unit=unit_uuid(world, world.alpha),
        loss_lines=[{"model": model, "quantity": 5}],
    )
    assert answer.json()["loss_lines"][0]["class_code"] == models[0]["class_code"]
    case, line = UUID(answer.json()["id"]), answer.json()["loss_lines"][0]["id"]
    class_code = type(world.register.__kwdefaults__["class_code"])(models[0]["class_code"])
    wrong = world.register(1, class_code=class_code, model_code=other)
    right = world.register(1, class_code=class_code, model_code=model)
    assert code(itemise(client, world, case, line, wrong)) == (409, "incident.other_model")
    assert itemise(client, world, case, line, right).status_code == 200


def test_itemising_is_repeatable_and_kept_to_its_case(client: httpx.Client, world: World) -> None:
    case, line = mass_loss(client, world)
    other, _ = mass_loss(client, world)
    one, two = world.register(2)
    request: dict[str, Any] = {"id": str(new_id())}
    first = itemise(client, world, case, line, [one], **request)
    assert itemise(client, world, case, line, [one], **request).json() == first.json()
    assert show(client, world, case)["loss_lines"][0]["itemised"] == 1
    assert code(itemise(client, world, other, line, [one], **request)) == (409, "request.id_reused")
    assert code(itemise(client, world, other, line, [two])) == (404, "incident.no_such_line")
    assert code(itemise(client, world, case, line, [Expected(two.weapon_id, 3)])) == (409, "custody.version_conflict")


# Recoveries


def test_a_weapon_written_off_comes_back_by_recovery(client: httpx.Client, world: World) -> None:
    lost = written_off(client, world, world.register())
    answer = report(client, world, "retrieved", lost, store=str(world.store_alpha))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["weapons"][0]["version"]) == ("closed", 3)
    now = custody_of(world, lost[0].weapon_id)
    assert (now["holder_id"], now["mark"]) == (world.store_alpha, None)
    assert events_of(world, lost[0].weapon_id)[-1] == "weapon.recovered"


def test_a_retrieved_weapon_under_a_case_is_the_stores_but_awaits_its_outcome(
    client: httpx.Client, world: World
) -> None:
    (weapon,) = world.register()
    issue = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": named([weapon]),
    }
    assert client.put(f"/issues/{new_id()}", json=issue, headers=world["keeper"].headers).status_code == 200
    case = opened(client, world, [Expected(weapon.weapon_id, 2)])
    answer = report(client, world, "retrieved", [Expected(weapon.weapon_id, 2)], store=str(world.store_alpha))
    assert (answer.status_code, answer.json()["open_cases"]) == (200, [str(case)]), answer.text
    now = custody_of(world, weapon.weapon_id)
    assert (now["seq"], now["holder_id"], now["mark"]) == (3, world.store_alpha, "missing")
    assert decide(client, world, case, "found_again", [Expected(weapon.weapon_id, 3)]).json()["status"] == "closed"


def test_a_weapon_mislaid_in_its_own_store_moves_nowhere(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    opened(client, world, [weapon])
    answer = report(client, world, "retrieved", [weapon], store=str(world.store_alpha))
    assert (answer.status_code, answer.json()["document_number"]) == (200, None), answer.text
    assert answer.json()["weapons"][0]["version"] == 1
    assert events_of(world, weapon.weapon_id)[-1] == "weapon.retrieved"


def test_what_was_not_lost_is_not_retrieved(client: httpx.Client, world: World) -> None:
    answer = report(client, world, "retrieved", world.register(), store=str(world.store_alpha))
    assert code(answer) == (409, "incident.not_lost")


def test_another_units_lost_weapon_is_retrieved_by_who_covers_both(client: httpx.Client, world: World) -> None:
    lost = written_off(client, world, world.register())
    away: dict[str, Any] = {"store": str(world.store_bravo)}
    assert code(report(client, world, "retrieved", lost, job="keeper_bravo", **away)) == (404, "weapon.not_found")
    answer = report(client, world, "retrieved", lost, job="accountant", **away)
    assert answer.status_code == 200, answer.text
    assert custody_of(world, lost[0].weapon_id)["unit_id"] == world.bravo


def serial() -> str:
    return f"INC{secrets.token_hex(5).upper()}"


def register_as(client: httpx.Client, world: World, origin: str, raw: str, job: str = "keeper") -> httpx.Response:
    body = {
        "store": str(world.store_alpha if job == "keeper" else world.store_bravo),
        "origin": origin,
        "class_code": "SA-ASR",
        "marks": [{"kind": "factory_serial", "raw": raw}],
    }
    return client.put(f"/weapons/{new_id()}", json=body, headers=world[job].headers)


@pytest.mark.parametrize("kind", sorted(FIND_KINDS))
def test_a_find_is_matched_against_lost_and_missing_weapons(client: httpx.Client, world: World, kind: str) -> None:
    first, second = serial(), serial()
    (lost,) = written_off(client, world, world.register(serials=[first]))
    (missing,) = world.register(serials=[second])
    opened(client, world, [missing])
    marks = [{"kind": "factory_serial", "raw": f"N° {raw[:4]}-{raw[4:].lower()}"} for raw in (first, second, serial())]
    answer = report(client, world, kind, store=str(world.store_alpha), marks=marks)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "closed"
    assert answer.json()["open_loss_matches"] == [
        {"mark": marks[0]["raw"], "weapon": str(lost.weapon_id), "state": "lost", "contact": None},
        {"mark": marks[1]["raw"], "weapon": str(missing.weapon_id), "state": "missing", "contact": None},
    ]
    shown = show(client, world, UUID(answer.json()["id"]))
    assert shown["open_loss_matches"] == answer.json()["open_loss_matches"]


def test_of_another_units_loss_a_find_learns_only_whom_to_ask(client: httpx.Client, world: World) -> None:
    raw = serial()
    written_off(client, world, world.register(serials=[raw]))
    marks = [{"kind": "factory_serial", "raw": raw}]
    answer = report(client, world, "found", job="keeper_bravo", store=str(world.store_bravo), marks=marks)
    told = [{"mark": raw, "weapon": None, "state": None, "contact": "accountant"}]
    assert answer.json()["open_loss_matches"] == told
    assert register_as(client, world, "seizure", raw, "keeper_bravo").json()["open_loss_matches"] == told


@pytest.mark.parametrize("origin", ["seizure", "found", "surrendered"])
def test_taking_a_found_weapon_on_charge_names_the_loss_it_may_be(
    client: httpx.Client, world: World, origin: str
) -> None:
    raw = serial()
    (lost,) = written_off(client, world, world.register(serials=[raw]))
    answer = register_as(client, world, origin, raw)
    assert answer.status_code == 200, answer.text
    assert [m["weapon"] for m in answer.json()["open_loss_matches"]] == [str(lost.weapon_id)]
    assert register_as(client, world, "purchase", raw).json()["open_loss_matches"] == []


def test_a_weapon_that_is_not_lost_matches_nothing(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    raw = serial()
    world.register(serials=[raw])
    foreign = new_world("ML")
    written_off(client, foreign, foreign.register(serials=[raw]))
    assert register_as(client, world, "seizure", raw).json()["open_loss_matches"] == []


def test_words_that_stand_for_no_serial_match_nothing(client: httpx.Client, world: World) -> None:
    written_off(client, world, world.register(serials=[serial()]))
    marks = [{"kind": "factory_serial", "raw": "illisible"}, {"kind": "proof", "raw": "CIP"}]
    answer = report(client, world, "seized", store=str(world.store_alpha), marks=marks)
    assert (answer.status_code, answer.json()["open_loss_matches"]) == (200, [])


# Reading


def test_the_list_shows_open_cases_of_units_in_scope_page_by_page(client: httpx.Client, world: World) -> None:
    cases = [opened(client, world, world.register()) for _ in range(3)]
    (closed,) = world.register()
    done = opened(client, world, [closed])
    decide(client, world, done, "found_again", [closed])
    seen: list[str] = []
    cursor = None
    while True:
        query: dict[str, Any] = {"status": "open", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get("/incidents", params=query, headers=world["keeper"].headers).json()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [str(c) for c in cases]
    assert client.get("/incidents", headers=world["keeper_bravo"].headers).json()["items"] == []
    everything = client.get("/incidents", headers=world["auditor"].headers).json()["items"]
    assert [i["id"] for i in everything] == [*seen, str(done)]


def test_an_incident_of_another_unit_or_country_is_not_found(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    case = opened(client, world, world.register())
    foreign = new_world("NE")
    for headers in (world["keeper_bravo"].headers, foreign["auditor"].headers):
        answer = client.get(f"/incidents/{case}", headers=headers)
        assert code(answer) == (404, "incident.not_found")
    refused = client.get(f"/incidents/{case}", headers=world["commission"].headers)
    assert code(refused) == (403, "access.not_permitted")


def test_the_weapons_of_a_case_come_a_page_at_a_time(client: httpx.Client, world: World) -> None:
    weapons = world.register(5)
    case = opened(client, world, weapons)
    first = client.get(f"/incidents/{case}?limit=3", headers=world["keeper"].headers).json()["weapons"]
    rest = client.get(
        f"/incidents/{case}", params={"limit": 3, "cursor": first["next_cursor"]}, headers=world["keeper"].headers
    ).json()["weapons"]
    assert [w["weapon"] for w in first["items"] + rest["items"]] == sorted(str(w.weapon_id) for w in weapons)
    assert rest["next_cursor"] is None


# When the ledger fails


@contextmanager
def broken_ledger(owner_engine: Engine) -> Iterator[None]:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "revoke insert on event_queue from salw_app")
    try:
        yield
    finally:
        with owner_engine.begin() as db:
            run(db, "set local role salw_owner")
            run(db, "grant insert on event_queue to salw_app")


def test_where_the_ledger_fails_nothing_is_saved(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    one, two, three = world.register(3)
    (lost,) = written_off(client, world, [three])
    case = opened(client, world, [one])
    mass, line = mass_loss(client, world)
    marks = [{"kind": "factory_serial", "raw": serial()}]
    counted = (
        "select (select count(*) from incident) as a, (select count(*) from incident_weapon) as b, "
        "(select count(*) from incident_outcome) as c, (select count(*) from case_mark) as d, "
        "(select count(*) from movement) as e, (select count(*) from document) as f, "
        "(select count(*) from personal_value) as g, (select sum(itemised + withdrawn) from loss_line) as h, "
        "(select sum(last_number) from document_counter) as i, (select count(*) from answer) as j, "
        "(select count(*) from event) as k, (select count(*) from loss_line) as l, "
        "(select count(*) from incident_mark) as m, (select count(*) from incident where status = 'open') as n"
    )
    before = look(world, counted)
    with broken_ledger(owner_engine):
        answers = [
            report(client, world, "lost", [two], circumstances="x"),
            report(client, world, "retrieved", [lost], store=str(world.store_alpha)),
            report(client, world, "found", store=str(world.store_alpha), marks=marks),
            itemise(client, world, mass, line, [two]),
            decide(client, world, case, "written_off", [one]),
            decide(client, world, case, "found_again", [one]),
        ]
    assert [a.status_code for a in answers] == [500] * 6
    assert look(world, counted) == before
    assert decide(client, world, case, "found_again", [one]).status_code == 200
