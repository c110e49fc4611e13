"""Reporting losses, over HTTP and as a stocktake does, and reading the cases."""

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from reporting import (
    code,
    custody_of,
    decide,
    events_of,
    facts_of,
    look,
    named,
    opened,
    report,
    show,
    unit_uuid,
    written_off,
)
from salw.access.rules import Permission
from salw.core import clock
from salw.core.db import enter_scope
from salw.core.errors import NotFound
from salw.core.ids import new_id
from salw.custody.rules import Expected
from salw.incidents.operations.opening import open_cases
from salw.incidents.rules import LOSS_KINDS, IncidentKind
from world import World


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


def test_what_may_be_reported_may_be_written_off(client: httpx.Client, world: World) -> None:
    # A report once forgave a clock that a movement did not: the case could then not be settled.
    early, late = world.register(2)
    for minutes, weapon, status in ((9, early, 200), (11, late, 422)):
        said = (clock.now() + timedelta(minutes=minutes)).isoformat()
        case = new_id()
        answer = report(client, world, "lost", [weapon], incident_id=case, occurred_at=said, reported_at=said)
        assert answer.status_code == status, answer.text
        if status == 200:
            assert decide(client, world, case, "written_off", [weapon]).status_code == 200


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


def test_a_loss_reported_by_radio_in_time_is_in_time_whenever_it_is_typed_in(
    client: httpx.Client, world: World
) -> None:
    sent = (clock.now() - timedelta(days=6)).replace(second=0, microsecond=0)
    radio = {"dtg": f"{sent:%d%H%MZ %b %y}", "sender": "Poste nord", "station": "PC du bataillon"}
    happened = (sent - timedelta(hours=23)).isoformat()
    case = opened(client, world, world.register(), occurred_at=happened, radio=radio)
    shown = show(client, world, case)
    assert (shown["in_time"], shown["radio_dtg"]) == (True, f"{sent:%d%H%MZ%b%y}".upper())
    assert datetime.fromisoformat(shown["reported_at"]) == sent
    assert datetime.fromisoformat(shown["opened_at"]) > sent + timedelta(days=5)
    assert (shown["radio_sender"], shown["radio_station"]) == ("Poste nord", "PC du bataillon")
    (facts,) = facts_of(world, "incident.opened", case)
    assert facts["radio_dtg"] == shown["radio_dtg"]
    assert "Poste nord" not in json.dumps(facts)
    late = opened(client, world, world.register(), occurred_at=(sent - timedelta(hours=25)).isoformat(), radio=radio)
    assert show(client, world, late)["in_time"] is False
    (weapon,) = world.register()
    said = {"radio": radio, "reported_at": clock.now().isoformat()}
    assert code(report(client, world, "lost", [weapon], **said)) == (422, "incident.radio_says_otherwise")
    refused = report(client, world, "lost", [weapon], radio={**radio, "dtg": "311430ZNOV26"})
    assert code(refused) == (422, "dtg.day")
    at_a_well = opened(client, world, [], "found", circumstances="Au puits", store=str(world.store_alpha))
    found = show(client, world, at_a_well)
    assert (found["report_due_at"], found["in_time"]) == (None, None)


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
        ("seized", {"store": "alpha"}, "incident.find_says_nothing"),
        ("found", {"store": "alpha", "circumstances": " "}, "incident.find_says_nothing"),
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
    assert code(answer) == (409, "custody.no_such_version")
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
