"""Devices that another one of their store vouched for without network, until a supervisor confirms or refuses them."""

import hashlib
from collections.abc import Callable

import httpx
import pytest

from devices import Device, act, answers, b64, enrolled, kept, listed, revoke, send, told_of, vouched_body
from salw.access.rules import Role
from together import at_once
from world import World

NEW_WORLD = Callable[[str], World]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_device_of_the_same_store_vouches_for_another_one(client: httpx.Client, world: World) -> None:
    old, new = enrolled(client, world), Device(world.country, world.store_alpha)
    answer = client.post("/devices/vouched", json=vouched_body(old, new), headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["certificate"]["state"], answer.json()["voucher"]["state"]) == ("vouched", "received")
    line = listed(client, world, new)
    assert (line["vouched_by"], line["enrolled_by"]) == (str(old.id), str(world["keeper"].person_id))
    (voucher,) = kept(world, old)
    (facts,) = told_of(world, "device.vouched", new)
    assert facts["voucher"] == hashlib.sha256(bytes(voucher["bytes"])).hexdigest()


def test_a_voucher_that_is_repeated_gets_the_first_answer(client: httpx.Client, world: World) -> None:
    old, new = enrolled(client, world), Device(world.country, world.store_alpha)
    body = vouched_body(old, new)
    first, again = (client.post("/devices/vouched", json=body, headers=world["keeper"].headers) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    event = {name: body["voucher"][name] for name in ("counter", "bytes", "signature")}
    assert answers(send(client, world, old, [event])) == [(1, "received", None)]
    assert len(kept(world, old)) == 1


@pytest.mark.parametrize(
    "wrong", ["another store", "another device", "another key", "not its key", "not signed", "no voucher"]
)
def test_a_voucher_that_does_not_hold_lets_nobody_in(client: httpx.Client, world: World, wrong: str) -> None:
    old, new = enrolled(client, world), Device(world.country, world.store_alpha)
    other = Device(world.country, world.store_bravo)
    facts = {"device": str(new.id), "store": str(new.store), "key": new.key_hash}
    changed = {
        "another store": {"store": str(other.store)},
        "another device": {"device": str(other.id)},
        "another key": {"key": other.key_hash},
    }.get(wrong, {})
    kind = "weapon.seen" if wrong == "no voucher" else "device.voucher"
    told = old.told(1, kind, **{**facts, **changed})
    body = {
        "id": str(new.id),
        "name": "Essai",
        "public_key": b64(new.spki),
        "signature": b64((other if wrong == "not its key" else new).sign(told)),
        "voucher": {"device": str(old.id), **(new if wrong == "not signed" else old).signed(1, told)},
    }
    answer = client.post("/devices/vouched", json=body, headers=world["keeper"].headers)
    assert code(answer) == (422, "device.voucher_wrong")
    assert kept(world, old) == []
    lines = client.get("/devices", headers=world["commander"].headers).json()["items"]
    assert [line["id"] for line in lines] == [str(old.id)]


def test_a_device_of_another_store_or_country_vouches_for_nobody(
    client: httpx.Client, world: World, new_world: NEW_WORLD
) -> None:
    bravo = enrolled(client, world, world.store_bravo)
    body = vouched_body(bravo, Device(world.country, world.store_bravo))
    for by, job in ((world, "keeper"), (new_world("NE"), "keeper")):
        answer = client.post("/devices/vouched", json=body, headers=by[job].headers)
        assert code(answer) == (404, "device.not_found")


def vouched(client: httpx.Client, world: World, job: str = "keeper") -> tuple[Device, Device]:
    """Return a device and one that it vouched for."""
    old, new = enrolled(client, world), Device(world.country, world.store_alpha)
    answer = client.post("/devices/vouched", json=vouched_body(old, new), headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    return old, new


def test_confirmed_its_events_leave_quarantine(client: httpx.Client, world: World) -> None:
    _, new = vouched(client, world)
    assert answers(send(client, world, new, [new.event(), new.event()])) == [
        (1, "quarantined", "vouched"),
        (2, "quarantined", "vouched"),
    ]
    answer = act(client, world, new, "confirmation", decision="confirm", days=14)
    assert (answer.json()["certificate"]["state"], answer.json()["released"]) == ("in_force", 2)
    assert [row["state"] for row in kept(world, new)] == ["received"] * 2
    assert answers(send(client, world, new, [new.event()])) == [(3, "received", None)]
    (facts,) = told_of(world, "device.confirmed", new)
    assert facts["released"] == [1, 2]
    again = act(client, world, new, "confirmation", decision="confirm")
    assert code(again) == (409, "device.awaits_no_confirmation")


def test_refused_its_events_stay_in_quarantine_and_more_may_come(client: httpx.Client, world: World) -> None:
    _, new = vouched(client, world)
    send(client, world, new, [new.event()])
    assert act(client, world, new, "confirmation", decision="refuse").status_code == 422
    answer = act(client, world, new, "confirmation", decision="refuse", reason="Inconnu du chef de poste")
    assert answer.json()["certificate"]["state"] == "refused"
    assert answers(send(client, world, new, [new.event()])) == [(2, "quarantined", "refused")]
    assert [row["state"] for row in kept(world, new)] == ["quarantined"] * 2
    assert code(act(client, world, new, "renewal")) == (409, "device.ended")


def test_a_device_that_waits_for_confirmation_is_not_renewed_but_may_be_revoked(
    client: httpx.Client, world: World
) -> None:
    _, new = vouched(client, world)
    assert code(act(client, world, new, "renewal")) == (409, "device.not_confirmed")
    assert revoke(client, world, new).status_code == 200
    assert answers(send(client, world, new, [new.event()])) == [(1, "quarantined", "revoked")]


def test_nobody_confirms_a_device_that_he_brought_himself(client: httpx.Client, world: World) -> None:
    world.post("commander", world.alpha, Role.STOREKEEPER)
    _, new = vouched(client, world, "commander")
    answer = act(client, world, new, "confirmation", decision="confirm")
    assert code(answer) == (403, "device.own_decision")
    assert act(client, world, new, "confirmation", "accountant", decision="confirm").status_code == 200


def test_confirming_leaves_in_quarantine_what_the_supervisor_sent_himself(client: httpx.Client, world: World) -> None:
    world.post("commander", world.alpha, Role.STOREKEEPER)
    _, new = vouched(client, world)
    send(client, world, new, [new.event()])
    send(client, world, new, [new.event()], "commander")
    assert act(client, world, new, "confirmation", decision="confirm").json()["released"] == 1
    assert [row["state"] for row in kept(world, new)] == ["received", "quarantined"]


def test_a_revoked_device_may_vouch_and_the_supervisor_sees_that_it_was_revoked(
    client: httpx.Client, world: World
) -> None:
    old, new = enrolled(client, world), Device(world.country, world.store_alpha)
    revoke(client, world, old)
    answer = client.post("/devices/vouched", json=vouched_body(old, new), headers=world["keeper"].headers)
    assert (answer.json()["certificate"]["state"], answer.json()["voucher"]) == (
        "vouched",
        {"counter": 1, "state": "quarantined", "reason": "revoked"},
    )


def test_of_a_confirmation_and_a_refusal_at_once_one_counts(client: httpx.Client, world: World) -> None:
    _, new = vouched(client, world)
    found = at_once(
        lambda: act(client, world, new, "confirmation", decision="confirm"),
        lambda: act(client, world, new, "confirmation", "accountant", decision="refuse", reason="Inconnu"),
    )
    assert sorted(a.status_code for a in found) == [200, 409]
