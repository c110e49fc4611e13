"""A telephone's life in an armoury, through the real HTTP service: let in, at work, lost; and the one after it."""

import httpx

from devices import (
    Device,
    act,
    answers,
    decide,
    invite,
    kept,
    listed,
    quarantine,
    revoke,
    send,
    told_of,
    vouched_body,
)
from world import World


def test_a_telephone_is_let_in_works_is_lost_and_what_comes_later_is_decided(
    client: httpx.Client, world: World
) -> None:
    # The commander of Alpha shows a symbol on his screen, and the armoury's telephone reads it.
    invited = invite(client, world, name="Téléphone de l'armurerie").json()
    phone = Device(world.country, world.store_alpha)
    certificate = client.post("/devices", json=phone.enrolment(invited["qr_text"])).json()
    assert (certificate["state"], certificate["name"]) == ("in_force", "Téléphone de l'armurerie")

    # A week without network; then the storekeeper brings what it recorded, but for the last two.
    week = [phone.event("weapon.seen", weapon=f"W{n}") for n in range(1, 8)]
    answer = send(client, world, phone, week[:5])
    assert {state for _, state, _ in answers(answer)} == {"received"}
    assert answer.json()["missing"] == []

    # It is lost on patrol. From that moment nothing of it is taken at its word, and nothing is dropped.
    assert revoke(client, world, phone).json()["highest_counter"] == 5
    found = send(client, world, phone, [*week[4:], phone.event("weapon.issued", weapon="W8")])
    assert answers(found) == [
        (5, "received", None),
        (6, "quarantined", "revoked"),
        (7, "quarantined", "revoked"),
        (8, "quarantined", "revoked"),
    ]
    assert found.json()["device_state"] == "revoked"
    assert listed(client, world, phone)["quarantined"] == 3

    # The accountant of the headquarters compares with the paper book.
    waiting = quarantine(client, world, phone, "accountant")
    assert [(e["counter"], e["beyond_revocation"]) for e in waiting] == [(6, True), (7, True), (8, True)]
    assert decide(client, world, phone, [6, 7], "accountant").json()["state"] == "received"
    assert decide(client, world, phone, [8], "accountant", decision="refuse").json()["state"] == "refused"
    assert quarantine(client, world, phone) == []
    assert [row["state"] for row in kept(world, phone)] == [*["received"] * 7, "refused"]
    assert [len(told_of(world, f"device.{kind}", phone)) for kind in ("enrolled", "reported", "revoked")] == [1, 2, 1]
    assert len(told_of(world, "device.events_decided", phone)) == 2


def test_a_second_telephone_is_vouched_for_in_the_bush_and_confirmed_later(client: httpx.Client, world: World) -> None:
    # One telephone came in at the headquarters; far from any network it vouches for the other one of the store.
    invited = invite(client, world, "accountant").json()
    first, second = (Device(world.country, world.store_alpha) for _ in range(2))
    assert client.post("/devices", json=first.enrolment(invited["qr_text"])).status_code == 200
    first.event("weapon.seen")
    body = vouched_body(first, second, name="Second téléphone")

    # Back in reach of the network the storekeeper brings the second one, and what it recorded.
    brought = client.post("/devices/vouched", json=body, headers=world["keeper"].headers)
    assert (brought.status_code, brought.json()["certificate"]["state"]) == (200, "vouched")
    assert answers(send(client, world, second, [second.event(), second.event()])) == [
        (1, "quarantined", "vouched"),
        (2, "quarantined", "vouched"),
    ]

    # Who brought it does not confirm it; the commander does, and what waited is received.
    refused = act(client, world, second, "confirmation", "keeper", decision="confirm")
    assert refused.status_code == 403
    confirmed = act(client, world, second, "confirmation", decision="confirm").json()
    assert (confirmed["certificate"]["state"], confirmed["released"]) == ("in_force", 2)
    assert quarantine(client, world, second) == []
    assert answers(send(client, world, second, [second.event()])) == [(3, "received", None)]

    # The voucher has its place among what the first one recorded, and the gap before it is still asked for.
    line = listed(client, world, first)
    assert (line["highest_counter"], line["state"]) == (2, "in_force")
    answer = send(client, world, first, [first.event()])
    assert answer.json()["missing"] == [{"first": 1, "last": 1}]
