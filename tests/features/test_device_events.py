"""What devices recorded offline: kept byte for byte, answered, and decided where it lies in quarantine."""

import base64
import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import psycopg
import pytest
import rfc8785
from sqlalchemy import Engine

from devices import (
    Device,
    Event,
    act,
    answers,
    b64,
    decide,
    enrolled,
    kept,
    let_pass,
    listed,
    quarantine,
    revoke,
    send,
    told_of,
)
from salw.access.devices.rules import BATCH_MAX, EVENT_SIZE_MAX, REJECTED_KEPT_MAX
from salw.access.rules import Role
from salw.core.db import run
from salw.core.ids import new_id
from together import at_once
from world import World

RECEIVED = ("received", None)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def device(client: httpx.Client, world: World) -> Device:
    return enrolled(client, world)


def test_what_a_device_signed_is_kept_byte_for_byte(client: httpx.Client, world: World, device: Device) -> None:
    events = [device.event(weapon=str(new_id()), note="matricule illisible, « Ménaka »") for _ in range(3)]
    assert answers(send(client, world, device, events)) == [(n, *RECEIVED) for n in (1, 2, 3)]
    stored = kept(world, device)
    assert [(b64(bytes(r["bytes"])), b64(bytes(r["signature"]))) for r in stored] == [
        (e["bytes"], e["signature"]) for e in events
    ]


def test_a_batch_is_one_event_of_the_ledger_with_the_hash_of_each(
    client: httpx.Client, world: World, device: Device
) -> None:
    events = [device.event(note="Ménaka") for _ in range(2)]
    batch = str(new_id())
    send(client, world, device, events, id=batch)
    (facts,) = told_of(world, "device.reported", device)
    digests = [hashlib.sha256(base64.b64decode(e["bytes"])).hexdigest() for e in events]
    assert (facts["batch"], [line["digest"] for line in facts["events"]]) == (batch, digests)
    assert "Ménaka" not in json.dumps(facts, ensure_ascii=False)


def test_a_batch_that_is_repeated_gets_the_first_answer(client: httpx.Client, world: World, device: Device) -> None:
    events, batch = [device.event()], str(new_id())
    first, again = (send(client, world, device, events, id=batch) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert code(send(client, world, device, [device.event()], id=batch)) == (409, "request.id_reused")
    assert len(told_of(world, "device.reported", device)) == 1


def test_an_event_that_comes_again_gets_the_answer_it_had_and_is_kept_once(
    client: httpx.Client, world: World, device: Device
) -> None:
    told = device.told(1)
    first, again = device.signed(1, told), device.signed(1, told)
    assert first["signature"] != again["signature"]
    assert answers(send(client, world, device, [first, first])) == [(1, *RECEIVED)] * 2
    assert answers(send(client, world, device, [again, device.signed(2, device.told(2))])) == [
        (1, *RECEIVED),
        (2, *RECEIVED),
    ]
    assert [r["counter"] for r in kept(world, device)] == [1, 2]
    assert listed(client, world, device)["alarms"] == 0


def test_a_counter_used_for_something_else_is_rejected_kept_and_an_alarm(
    client: httpx.Client, world: World, device: Device
) -> None:
    send(client, world, device, [device.signed(1, device.told(1))])
    other = device.told(1, weapon="another")
    for _ in range(2):
        found = answers(send(client, world, device, [device.signed(1, other)]))
        assert found == [(1, "rejected", "counter_reused")]
    assert [(r["state"], bytes(r["bytes"]) == other) for r in kept(world, device)] == [
        ("received", False),
        ("rejected", True),
    ]
    (facts,) = told_of(world, "device.counter_reused", device)
    assert (facts["counter"], facts["digest"]) == (1, hashlib.sha256(other).hexdigest())
    assert listed(client, world, device)["alarms"] == 1


def test_a_counter_used_twice_within_a_batch_is_the_same_alarm(
    client: httpx.Client, world: World, device: Device
) -> None:
    events = [device.signed(1, device.told(1)), device.signed(1, device.told(1, weapon="another"))]
    assert answers(send(client, world, device, events)) == [(1, *RECEIVED), (1, "rejected", "counter_reused")]
    assert len(told_of(world, "device.counter_reused", device)) == 1


def test_two_who_use_one_counter_at_once_are_told_apart(client: httpx.Client, world: World, device: Device) -> None:
    events = [device.signed(1, device.told(1, weapon=str(n))) for n in range(4)]
    found = at_once(*[partial(send, client, world, device, [e]) for e in events])
    states = sorted(answers(a)[0][1:] for a in found if a.status_code == 200)
    assert states == [RECEIVED, *[("rejected", "counter_reused")] * 3]


def test_the_same_batch_brought_by_two_at_once_is_kept_once(client: httpx.Client, world: World, device: Device) -> None:
    events = [device.event() for _ in range(20)]
    found = at_once(*[lambda: send(client, world, device, events)] * 4)
    assert [answers(a) for a in found] == [[(n, *RECEIVED) for n in range(1, 21)]] * 4
    assert len(kept(world, device)) == 20


def test_what_the_device_did_not_sign_is_rejected_takes_no_counter_and_raises_no_alarm(
    client: httpx.Client, world: World, device: Device
) -> None:
    stranger = Device(world.country, world.store_alpha, id=device.id)
    forged = stranger.signed(1, device.told(1, weapon="forged"))
    short = {**forged, "signature": b64(b"short")}
    found = answers(send(client, world, device, [forged, short, forged]))
    assert found == [(1, "rejected", "bad_signature")] * 3
    line = listed(client, world, device)
    assert (line["highest_counter"], line["last_seen_at"], line["alarms"]) == (0, None, 0)
    assert answers(send(client, world, device, [device.event()])) == [(1, *RECEIVED)]
    assert [r["state"] for r in kept(world, device)].count("rejected") == 2


def test_a_signature_that_was_spoilt_on_the_way_does_not_spoil_the_event(
    client: httpx.Client, world: World, device: Device
) -> None:
    event = device.event()
    spoilt = {**event, "signature": b64(bytes(64))}
    assert answers(send(client, world, device, [spoilt])) == [(1, "rejected", "bad_signature")]
    assert answers(send(client, world, device, [event])) == [(1, *RECEIVED)]


def test_a_device_cannot_speak_for_another_one(client: httpx.Client, world: World, device: Device) -> None:
    other = enrolled(client, world)
    assert answers(send(client, world, device, [other.event()])) == [(1, "rejected", "bad_signature")]


def _told(made_by: Device, **changed: Any) -> bytes:
    body = {**json.loads(made_by.told(1)), **changed}
    return rfc8785.dumps({name: value for name, value in body.items() if value is not None})


MALFORMED: dict[str, Callable[[Device], bytes]] = {
    "no JSON": lambda _: b"\xff\xfe not json",
    "a list": lambda _: b"[1,2,3]",
    "not canonical": lambda d: json.dumps(json.loads(d.told(1))).encode(),
    "a name twice": lambda d: d.told(1).replace(b'"schema":1', b'"schema":1,"schema":1'),
    "a fraction": lambda d: _told(d, facts={"share": 0.5}),
    "nested without end": lambda _: b"[" * (EVENT_SIZE_MAX - 1),
    "a number without end": lambda _: b'{"n":' + b"9" * 8_000 + b"}",
    "another counter": lambda d: d.told(2),
    "a true counter": lambda d: _told(d, counter=True),
    "another device": lambda d: _told(d, device=str(new_id())),
    "another country": lambda d: _told(d, country="ML"),
    "another schema": lambda d: _told(d, schema=2),
    "no kind": lambda d: _told(d, kind=None),
    "a time that is no text": lambda d: _told(d, at=0),
}


@pytest.mark.parametrize("form", MALFORMED)
def test_what_is_signed_but_not_in_the_form_is_rejected_and_kept(
    client: httpx.Client, world: World, device: Device, form: str
) -> None:
    told = MALFORMED[form](device)
    assert answers(send(client, world, device, [device.signed(1, told)])) == [(1, "rejected", "malformed")]
    assert [bytes(r["bytes"]) for r in kept(world, device)] == [told]
    assert answers(send(client, world, device, [device.event()])) == [(1, *RECEIVED)]


def test_gaps_are_reported_until_they_are_filled(client: httpx.Client, world: World, device: Device) -> None:
    events = {n: device.signed(n, device.told(n)) for n in range(1, 11)}
    answer = send(client, world, device, [events[n] for n in (3, 4, 8, 10)]).json()
    assert answer["missing"] == [{"first": 1, "last": 2}, {"first": 5, "last": 7}, {"first": 9, "last": 9}]
    answer = send(client, world, device, [events[n] for n in (9, 1, 2, 5, 6, 7)]).json()
    assert (answer["missing"], answer["highest_counter"]) == ([], 10)


def test_a_full_batch_of_the_largest_events_fits_and_one_more_does_not(
    client: httpx.Client, world: World, device: Device
) -> None:
    room = EVENT_SIZE_MAX - len(device.told(100, note=""))
    events = [device.event(note="x" * (room if n == 99 else 10)) for n in range(BATCH_MAX)]
    assert len(base64.b64decode(events[99]["bytes"])) == EVENT_SIZE_MAX
    assert answers(send(client, world, device, events)) == [(n + 1, *RECEIVED) for n in range(BATCH_MAX)]
    assert code(send(client, world, device, [*events, device.event()])) == (422, "request.malformed")
    larger = device.event(note="x" * (room + 1))
    assert code(send(client, world, device, [larger])) == (422, "request.malformed")


def test_no_session_fills_the_disk_with_what_no_device_signed(
    client: httpx.Client, world: World, device: Device, owner_engine: Engine
) -> None:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            """
            insert into device_event (country, id, device_id, unit_id, counter, bytes, digest, signature, state, reason,
                                      reported_by, reported_at)
            select d.country, gen_random_uuid(), d.id, d.unit_id, n, '', sha256(''), '', 'rejected', 'bad_signature',
                   d.enrolled_by, now()
              from device d, generate_series(1, %(most)s) as n where d.id = %(id)s
            """,
            {"most": REJECTED_KEPT_MAX - 1, "id": device.id},
        )
    forged = [Device("BF", world.store_alpha, id=device.id).signed(n, device.told(n)) for n in (1, 2)]
    assert code(send(client, world, device, forged)) == (409, "device.too_much_rejected")
    assert answers(send(client, world, device, forged[:1])) == [(1, "rejected", "bad_signature")]
    assert answers(send(client, world, device, forged[:1])) == [(1, "rejected", "bad_signature")]
    assert code(send(client, world, device, forged[1:])) == (409, "device.too_much_rejected")
    assert answers(send(client, world, device, [device.event()])) == [(1, *RECEIVED)]


@pytest.mark.parametrize("job", ["keeper", "armourer", "auditor"])
def test_whoever_works_in_the_store_brings_what_its_device_recorded(
    client: httpx.Client, world: World, device: Device, job: str
) -> None:
    assert answers(send(client, world, device, [device.event()], job)) == [(1, *RECEIVED)]
    assert listed(client, world, device)["last_seen_at"] is not None


def test_nobody_else_brings_it(client: httpx.Client, world: World, new_world: Callable[[str], World]) -> None:
    device = enrolled(client, world)
    event = device.event()
    for job in ("commander", "accountant", "administrator", "soldier"):
        assert code(send(client, world, device, [event], job)) == (403, "access.not_permitted")
    assert code(send(client, world, device, [event], "keeper_bravo")) == (404, "device.not_found")
    assert code(send(client, new_world("BF"), device, [event])) == (404, "device.not_found")
    assert code(send(client, new_world("ML"), device, [event])) == (404, "device.not_found")
    answer = client.post(f"/devices/{device.id}/events", json={"id": str(new_id()), "events": [event]})
    assert code(answer) == (401, "session.required")
    assert kept(world, device) == []


def test_from_its_revocation_a_device_is_quarantined_and_what_is_beyond_its_counter_is_marked(
    client: httpx.Client, world: World, device: Device
) -> None:
    before = [device.event() for _ in range(4)]
    send(client, world, device, [before[3]])
    revoke(client, world, device)
    answer = send(client, world, device, [*before[:3], device.event()])
    assert answers(answer) == [(n, "quarantined", "revoked") for n in (1, 2, 3, 5)]
    assert answer.json()["device_state"] == "revoked"
    found = quarantine(client, world, device)
    assert [(e["counter"], e["beyond_revocation"]) for e in found] == [(1, False), (2, False), (3, False), (5, True)]
    assert (found[0]["bytes"], found[0]["signature"]) == (before[0]["bytes"], before[0]["signature"])
    # What was received before stays received.
    assert answers(send(client, world, device, [before[3]])) == [(4, *RECEIVED)]


def test_a_batch_and_a_revocation_at_once_come_one_after_the_other(
    client: httpx.Client, world: World, device: Device
) -> None:
    events = [device.event() for _ in range(50)]
    found = at_once(lambda: send(client, world, device, events), lambda: revoke(client, world, device))
    states = {state for _, state, _ in answers(found[0])}
    highest = found[1].json()["highest_counter"]
    assert (states, highest) in [({"received"}, 50), ({"quarantined"}, 0)]


def test_an_expired_device_is_quarantined_by_the_clock_of_the_server(
    client: httpx.Client, world: World, device: Device, owner_engine: Engine
) -> None:
    let_pass(owner_engine, device, days=30)
    assert answers(send(client, world, device, [device.event()])) == [(1, "quarantined", "expired")]
    act(client, world, device, "renewal")
    assert answers(send(client, world, device, [device.event()])) == [(2, *RECEIVED)]
    assert [e["counter"] for e in quarantine(client, world, device)] == [1]


def in_quarantine(client: httpx.Client, world: World, device: Device, job: str = "keeper") -> list[Event]:
    """Return three events of a revoked device."""
    revoke(client, world, device, "accountant")
    events = [device.event() for _ in range(3)]
    assert {s for _, s, _ in answers(send(client, world, device, events, job))} == {"quarantined"}
    return events


def test_a_supervisor_admits_some_and_refuses_others_and_all_stay_kept(
    client: httpx.Client, world: World, device: Device
) -> None:
    events = in_quarantine(client, world, device)
    assert decide(client, world, device, [1, 2]).json()["state"] == "received"
    assert decide(client, world, device, [3], decision="refuse").json()["state"] == "refused"
    assert quarantine(client, world, device) == []
    assert [(r["counter"], r["state"], r["reason"]) for r in kept(world, device)] == [
        (1, "received", "revoked"),
        (2, "received", "revoked"),
        (3, "refused", "revoked"),
    ]
    assert [s for _, s, _ in answers(send(client, world, device, events))] == ["received", "received", "refused"]
    told = told_of(world, "device.events_decided", device)
    assert [(f["state"], f["counters"]) for f in told] == [("received", [1, 2]), ("refused", [3])]
    assert "Registre papier" not in json.dumps(told)


def test_a_decision_that_is_repeated_gets_the_first_answer(client: httpx.Client, world: World, device: Device) -> None:
    in_quarantine(client, world, device)
    decision = str(new_id())
    first, again = (decide(client, world, device, [1], id=decision) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert len(told_of(world, "device.events_decided", device)) == 1


def test_a_decision_names_what_is_not_in_quarantine_and_decides_nothing(
    client: httpx.Client, world: World, device: Device
) -> None:
    in_quarantine(client, world, device)
    decide(client, world, device, [1])
    answer = decide(client, world, device, [1, 2, 9])
    assert code(answer) == (409, "device.not_in_quarantine")
    assert answer.json()["details"]["counters"] == [1, 9]
    assert [e["counter"] for e in quarantine(client, world, device)] == [2, 3]


def test_of_two_decisions_at_once_one_counts(client: httpx.Client, world: World, device: Device) -> None:
    in_quarantine(client, world, device)
    found = at_once(
        lambda: decide(client, world, device, [1, 2]),
        lambda: decide(client, world, device, [2, 3], "accountant", decision="refuse"),
    )
    assert sorted(a.status_code for a in found) == [200, 409]


def test_nobody_decides_on_what_he_sent_himself(client: httpx.Client, world: World, device: Device) -> None:
    world.post("commander", world.alpha, Role.STOREKEEPER)
    in_quarantine(client, world, device, "commander")
    assert code(decide(client, world, device, [1])) == (403, "device.own_decision")
    assert decide(client, world, device, [1], "accountant").status_code == 200


def test_the_database_refuses_that_one_person_sends_and_decides(
    client: httpx.Client, world: World, device: Device, owner_engine: Engine
) -> None:
    in_quarantine(client, world, device)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        sql = (
            "update device_event set state = 'received', decided_by = reported_by, decided_at = now() "
            "where device_id = %(id)s"
        )
        with pytest.raises(psycopg.errors.CheckViolation, match="ck_device_event_two_persons"):
            run(db, sql, {"id": device.id})


def test_the_service_cannot_change_what_a_device_made(client: httpx.Client, world: World, device: Device) -> None:
    send(client, world, device, [device.event()])
    changes = [f"update device_event set {c} = {c}" for c in ("bytes", "signature", "counter", "reason", "reported_by")]
    for change in [*changes, "delete from device_event"]:
        with world.transaction() as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(db, change)


def test_the_quarantine_is_read_and_decided_in_scope_only(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    device = enrolled(client, world, world.store_bravo)
    in_quarantine(client, world, device, "keeper_bravo")
    assert quarantine(client, world, device, "commander") == []
    assert len(quarantine(client, world, device, "commander_hq")) == 3
    assert code(decide(client, world, device, [1], "commander")) == (404, "device.not_found")
    assert code(client.get("/quarantine", headers=world["keeper_bravo"].headers)) == (403, "access.not_permitted")
    assert code(decide(client, world, device, [1], "keeper_bravo")) == (403, "access.not_permitted")
    for country in ("BF", "ML"):
        elsewhere = new_world(country)
        assert quarantine(client, elsewhere, device, "commander_hq") == []
        assert code(decide(client, elsewhere, device, [1], "commander_hq")) == (404, "device.not_found")


def test_the_quarantine_comes_in_pages(client: httpx.Client, world: World, device: Device) -> None:
    in_quarantine(client, world, device)
    headers = world["commander"].headers
    first = client.get("/quarantine", params={"limit": 2}, headers=headers).json()
    rest = client.get("/quarantine", params={"limit": 2, "cursor": first["next_cursor"]}, headers=headers).json()
    assert [[e["counter"] for e in page["items"]] for page in (first, rest)] == [[1, 2], [3]]
    assert rest["next_cursor"] is None


def test_a_country_sees_nothing_of_anothers_devices_in_raw_sql(
    client: httpx.Client, world: World, device: Device, new_world: Callable[[str], World]
) -> None:
    send(client, world, device, [device.event()])
    with new_world("ML").transaction() as db:
        for table in ("device", "device_event", "device_invitation"):
            assert run(db, f"select count(*) as n from {table} where country = 'BF'") == [{"n": 0}]
