"""Mutations over HTTP: two sides, many weapons, nothing ever nowhere."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from salw.access.rules import Role
from salw.core import clock
from salw.core.db import make_engine, run
from salw.core.ids import new_id
from salw.custody.rules import Expected
from together import at_once
from verifying import verify_now
from world import World

DUE = (clock.now() + timedelta(days=3)).date().isoformat()


def listed(weapons: list[Expected]) -> list[dict[str, object]]:
    return [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons]


def moved(answer: httpx.Response) -> list[Expected]:
    assert answer.status_code == 200, answer.text
    return [Expected(UUID(w["weapon"]), w["version"]) for w in answer.json()["weapons"]]


def order(
    client: httpx.Client, world: World, weapons: list[Expected], job: str = "orderer", **more: object
) -> httpx.Response:
    body = {
        "from_store": str(world.store_alpha),
        "to_store": str(world.store_bravo),
        "due_on": DUE,
        "weapons": listed(weapons),
        **more,
    }
    return client.put(f"/transfers/{new_id()}", json=body, headers=world[job].headers)


def step(
    client: httpx.Client, world: World, transfer: str, name: str, job: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    return client.post(
        f"/transfers/{transfer}/{name}", json={"id": str(new_id()), **(body or {})}, headers=world[job].headers
    )


def approved(client: httpx.Client, world: World, weapons: list[Expected]) -> str:
    transfer = str(order(client, world, weapons).json()["id"])
    assert step(client, world, transfer, "approval", "commander").status_code == 200
    return transfer


def dispatched(client: httpx.Client, world: World, count: int) -> tuple[str, list[Expected]]:
    weapons = world.register(count)
    transfer = approved(client, world, weapons)
    sent = step(client, world, transfer, "dispatch", "keeper", {"weapons": listed(weapons)})
    return transfer, moved(sent)


def receive(
    client: httpx.Client, world: World, transfer: str, weapons: list[Expected], *, complete: bool = False
) -> httpx.Response:
    body = {"weapons": listed(weapons), "complete": complete}
    return step(client, world, transfer, "receipt", "keeper_bravo", body)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def holders(owner_engine: Engine, weapons: list[Expected]) -> dict[UUID, tuple[str, int]]:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(
            db,
            "select c.weapon_id, h.kind, c.unit_id from custody c join holder h on (h.country, h.id) = "
            "(c.country, c.holder_id) where c.weapon_id = any(%(w)s)",
            {"w": [w.weapon_id for w in weapons]},
        )
    return {r["weapon_id"]: (r["kind"], r["unit_id"]) for r in rows}


def events_of(owner_engine: Engine, transfer: str) -> list[str]:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(
            db,
            "select e.kind from event e join event_queue q on (q.country, q.event_id) = (e.country, e.id) "
            "where convert_from(e.canonical, 'utf8')::jsonb->'facts'->>'transfer' = %(t)s order by q.position",
            {"t": transfer},
        )
    return [r["kind"] for r in rows]


def test_a_transfer_goes_from_order_to_close(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    weapons = world.register(2)
    answer = order(client, world, weapons)
    assert (answer.status_code, answer.json()["status"]) == (200, "ordered"), answer.text
    assert answer.json()["document_number"].startswith("000002/")  # the opening balance was the first
    transfer = answer.json()["id"]
    assert holders(owner_engine, weapons)[weapons[0].weapon_id] == ("store", world.alpha)
    assert step(client, world, transfer, "approval", "commander").json()["status"] == "approved"
    sent = moved(step(client, world, transfer, "dispatch", "keeper", {"weapons": listed(weapons)}))
    # On its way it still counts with its sender.
    assert set(holders(owner_engine, weapons).values()) == {("transit", world.alpha)}
    assert receive(client, world, transfer, sent).json()["status"] == "closed"
    assert set(holders(owner_engine, weapons).values()) == {("store", world.bravo)}
    assert events_of(owner_engine, transfer) == [
        "transfer.ordered",
        "transfer.approved",
        "transfer.dispatched",
        "weapon.dispatched",
        "weapon.dispatched",
        "weapon.received",
        "weapon.received",
        "transfer.closed",
    ]


def test_what_did_not_arrive_stays_in_transit_and_may_still_come(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    transfer, sent = dispatched(client, world, 3)
    assert receive(client, world, transfer, sent[:1]).json()["status"] == "dispatched"
    assert receive(client, world, transfer, sent[1:2], complete=True).json()["status"] == "short"
    assert holders(owner_engine, sent[2:])[sent[2].weapon_id] == ("transit", world.alpha)
    assert events_of(owner_engine, transfer)[-1] == "transfer.short"

    # Why, is said of each or of all, by the receiver, and read by both sides alone; the log only commits to the words.
    def short(
        *reasons: dict[str, object], weapons: list[Expected] | None = None, complete: bool = True
    ) -> httpx.Response:
        body = {"weapons": listed(weapons or []), "complete": complete, "shortfalls": list(reasons)}
        return step(client, world, transfer, "receipt", "keeper_bravo", body)

    lost, text = str(sent[2].weapon_id), "Vue au poste de contrôle"
    rest = {"reason": "unknown"}
    assert code(short(rest, complete=False)) == (422, "request.malformed")
    assert code(short({**rest, "weapons": [str(sent[0].weapon_id)]})) == (409, "transfer.not_short")
    assert code(short({**rest, "weapons": [lost]}, rest)) == (409, "transfer.not_short"), "no other is left"
    assert code(short(rest, rest)) == (409, "transfer.shortfall_twice")
    assert short({"weapons": [lost], "reason": "left_on_the_way", "text": text}).json()["status"] == "short"
    for job in ("keeper", "keeper_bravo"):
        lines = client.get(f"/transfers/{transfer}", headers=world[job].headers).json()["weapons"]
        said = {line["weapon"]: (line["short_reason"], line["short_text"]) for line in lines}
        assert said[lost] == ("left_on_the_way", text), job
        assert said[str(sent[0].weapon_id)] == (None, None)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        (event,) = run(
            db,
            "select convert_from(canonical, 'utf8') as told from event where kind = 'transfer.short' "
            "and convert_from(canonical, 'utf8') like %(reason)s and convert_from(canonical, 'utf8') like %(transfer)s",
            {"reason": "%left_on_the_way%", "transfer": f"%{transfer}%"},
        )
    assert text not in event["told"]
    assert receive(client, world, transfer, sent[2:]).json()["status"] == "closed"
    assert set(holders(owner_engine, sent).values()) == {("store", world.bravo)}


def test_a_transfer_of_which_nothing_arrives_is_short_without_a_document(client: httpx.Client, world: World) -> None:
    transfer, _ = dispatched(client, world, 1)
    answer = receive(client, world, transfer, [], complete=True)
    assert answer.json() == {"id": transfer, "status": "short", "document_number": None, "weapons": []}


def test_a_receipt_of_nothing_while_more_is_expected_is_refused(client: httpx.Client, world: World) -> None:
    transfer, _ = dispatched(client, world, 1)
    assert code(receive(client, world, transfer, [])) == (422, "transfer.nothing_received")


def test_a_weapon_left_behind_at_dispatch_is_cancelled_and_stays(client: httpx.Client, world: World) -> None:
    weapons = world.register(2)
    transfer = approved(client, world, weapons)
    sent = moved(step(client, world, transfer, "dispatch", "keeper", {"weapons": listed(weapons[:1])}))
    shown = client.get(f"/transfers/{transfer}", headers=world["keeper"].headers).json()
    lines = {line["weapon"]: (line["status"], line["version"]) for line in shown["weapons"]}
    assert lines == {
        str(weapons[0].weapon_id): ("dispatched", 2),
        str(weapons[1].weapon_id): ("cancelled", 1),
    }
    assert receive(client, world, transfer, sent).json()["status"] == "closed"


def test_nothing_leaves_before_approval(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    transfer = order(client, world, weapons).json()["id"]
    answer = step(client, world, transfer, "dispatch", "keeper", {"weapons": listed(weapons)})
    assert code(answer) == (409, "transfer.wrong_status")
    assert answer.json()["details"] == {"status": "ordered", "allowed": ["approved"]}
    assert answer.json()["detail"] == "La mutation est ordonnée\u00a0; cet acte demande qu'elle soit\u00a0: approuvée"


def test_who_may_not_order_a_transfer_is_told_what_it_is_and_who_may(client: httpx.Client, world: World) -> None:
    answer = order(client, world, world.register(), job="armourer")
    assert code(answer) == (403, "access.not_permitted")
    assert answer.json()["details"] == {"permission": "transfer:order", "roles": ["ordering_authority"]}
    assert answer.json()["detail"].endswith("ordonner une mutation\u00a0; il revient à\u00a0: ordonnateur-matières")


def test_who_orders_a_transfer_does_not_approve_it(client: httpx.Client, world: World) -> None:
    world.post("orderer", world.hq, Role.UNIT_COMMANDER)
    transfer = order(client, world, world.register()).json()["id"]
    assert code(step(client, world, transfer, "approval", "orderer")) == (403, "duty.requester_approver")
    assert step(client, world, transfer, "approval", "commander_hq").status_code == 200


def test_the_sender_cannot_receive_his_own_transfer(client: httpx.Client, world: World) -> None:
    world.post("keeper", world.bravo, Role.STOREKEEPER)
    transfer, sent = dispatched(client, world, 1)
    answer = step(client, world, transfer, "receipt", "keeper", {"weapons": listed(sent), "complete": True})
    assert code(answer) == (403, "duty.sender_receiver")


def test_each_side_acts_on_its_own_side_only(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    transfer = approved(client, world, weapons)
    answer = step(client, world, transfer, "dispatch", "keeper_bravo", {"weapons": listed(weapons)})
    assert code(answer) == (404, "transfer.not_found")
    sent = moved(step(client, world, transfer, "dispatch", "keeper", {"weapons": listed(weapons)}))
    answer = step(client, world, transfer, "receipt", "keeper", {"weapons": listed(sent), "complete": True})
    assert code(answer) == (404, "transfer.not_found")


def test_a_weapon_not_ordered_does_not_leave_and_one_not_sent_does_not_arrive(
    client: httpx.Client, world: World
) -> None:
    weapons = world.register(3)
    transfer = approved(client, world, weapons[:2])
    answer = step(client, world, transfer, "dispatch", "keeper", {"weapons": listed(weapons)})
    assert code(answer) == (409, "transfer.not_on_order")
    assert answer.json()["details"]["weapons"] == [str(weapons[2].weapon_id)]
    step(client, world, transfer, "dispatch", "keeper", {"weapons": listed(weapons[:1])})
    answer = receive(client, world, transfer, [Expected(weapons[1].weapon_id, 1)])
    assert code(answer) == (409, "transfer.not_in_transit")


def test_only_an_order_of_which_nothing_left_is_cancelled(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    transfer = approved(client, world, weapons)
    assert step(client, world, transfer, "cancellation", "orderer").json()["status"] == "cancelled"
    answer = step(client, world, transfer, "dispatch", "keeper", {"weapons": listed(weapons)})
    assert code(answer) == (409, "transfer.wrong_status")
    gone, _ = dispatched(client, world, 1)
    assert code(step(client, world, gone, "cancellation", "orderer")) == (409, "transfer.wrong_status")


@pytest.mark.parametrize("name", ["approval", "dispatch", "receipt", "cancellation"])
def test_a_repeated_step_gives_the_first_answer(client: httpx.Client, world: World, name: str) -> None:
    weapons = world.register(2)
    transfer = order(client, world, weapons).json()["id"]
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "approval": ("commander", {}),
        "dispatch": ("keeper", {"weapons": listed(weapons)}),
        "receipt": (
            "keeper_bravo",
            {"weapons": [{"weapon": str(w.weapon_id), "version": 2} for w in weapons], "complete": False},
        ),
        "cancellation": ("orderer", {}),
    }
    earlier = ("approval", "dispatch", "receipt") if name != "cancellation" else ()
    for before in earlier[: earlier.index(name) if earlier else 0]:
        job, body = bodies[before]
        assert step(client, world, transfer, before, job, body).status_code == 200
    job, body = bodies[name]
    again = {"id": str(new_id()), **body}
    first = step(client, world, transfer, name, job, again)
    assert first.status_code == 200, first.text
    assert step(client, world, transfer, name, job, again).json() == first.json()
    other = order(client, world, world.register()).json()["id"]
    assert code(step(client, world, other, name, job, again)) == (409, "request.id_reused")


def test_of_two_dispatches_at_once_exactly_one_wins(client: httpx.Client, world: World) -> None:
    for _ in range(5):
        weapons = world.register(2)
        transfer = approved(client, world, weapons)
        bodies = [{"weapons": listed([weapon])} for weapon in weapons]
        answers = at_once(*(partial(step, client, world, transfer, "dispatch", "keeper", body) for body in bodies))
        assert sorted(a.status_code for a in answers) == [200, 409]
        assert {a.json().get("code") for a in answers} == {None, "transfer.wrong_status"}


def test_two_partial_receipts_at_once_close_the_transfer(client: httpx.Client, world: World) -> None:
    for _ in range(5):
        transfer, sent = dispatched(client, world, 2)
        answers = at_once(*(partial(receive, client, world, transfer, [weapon]) for weapon in sent))
        assert {a.status_code for a in answers} == {200}, [a.text for a in answers]
        shown = client.get(f"/transfers/{transfer}", headers=world["keeper"].headers).json()
        assert shown["status"] == "closed"


def test_an_order_must_make_sense(client: httpx.Client, world: World) -> None:
    weapons = world.register()
    yesterday = (clock.now() - timedelta(days=2)).date().isoformat()
    assert code(order(client, world, weapons, to_store=str(world.store_alpha))) == (422, "transfer.same_store")
    assert code(order(client, world, weapons, due_on=yesterday)) == (422, "transfer.due_in_past")
    assert code(order(client, world, weapons, to_store=str(new_id()))) == (404, "store.not_found")
    elsewhere = world.register(store=world.store_bravo)
    assert code(order(client, world, elsewhere)) == (409, "custody.held_elsewhere")
    nobody = {"signatory": str(new_id())}
    assert code(order(client, world, weapons, order=nobody)) == (422, "document.unknown_signatory")


def test_both_sides_see_a_transfer_and_nobody_else(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    transfer = order(client, world, world.register()).json()["id"]
    for job in ("keeper", "keeper_bravo", "auditor", "orderer"):
        shown = client.get("/transfers", params={"status": "ordered"}, headers=world[job].headers).json()
        assert [item["id"] for item in shown["items"]] == [transfer], job
        assert client.get(f"/transfers/{transfer}", headers=world[job].headers).status_code == 200
    assert client.get("/transfers", params={"status": "closed"}, headers=world["keeper"].headers).json()["items"] == []
    for stranger in (new_world("BF"), new_world("ML")):
        answer = client.get(f"/transfers/{transfer}", headers=stranger["auditor"].headers)
        assert code(answer) == (404, "transfer.not_found")
        assert client.get("/transfers", headers=stranger["auditor"].headers).json()["items"] == []


def test_the_list_of_transfers_goes_on_by_cursor(client: httpx.Client, world: World) -> None:
    made = [order(client, world, world.register()).json()["id"] for _ in range(3)]
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get("/transfers", params=params, headers=world["keeper"].headers).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(made)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("approval", ("keeper", "orderer", "auditor", "accountant")),
        ("dispatch", ("orderer", "commander", "auditor", "armourer")),
        ("receipt", ("orderer", "commander", "auditor", "armourer")),
        ("cancellation", ("keeper", "auditor", "accountant")),
    ],
)
def test_each_step_is_refused_to_other_roles(
    client: httpx.Client, world: World, name: str, refused: tuple[str, ...]
) -> None:
    weapons = world.register()
    transfer = order(client, world, weapons).json()["id"]
    body = {"approval": {}, "cancellation": {}}.get(name, {"weapons": listed(weapons)})
    for job in refused:
        more = {"complete": True} if name == "receipt" else {}
        assert code(step(client, world, transfer, name, job, {**body, **more})) == (403, "access.not_permitted"), job


AWAITED = (
    "update holder h set awaited_by_unit_id = %(alpha)s from custody c "
    "where h.id = c.holder_id and c.weapon_id = %(id)s",
    "update custody set awaited_by_unit_id = %(alpha)s where weapon_id = %(id)s",
    "update weapon set awaited_by_unit_id = %(alpha)s where id = %(id)s",
)


def test_whoever_makes_another_unit_await_what_is_under_way_is_found(
    client: httpx.Client, world: World, urls: Mapping[str, str], tmp_path: Path
) -> None:
    _, (sent,) = dispatched(client, world, 1)
    auditor, superuser = make_engine(urls["salw_auditor"]), make_engine(urls["postgres"])

    def found() -> Counter[tuple[str, Any]]:
        done = verify_now(auditor, tmp_path)
        return Counter((one.code, one.details.get("column")) for one in done.breaks if "holder" in one.code)

    before = found()  # of what other tests did to the database they share
    with superuser.begin() as db:
        run(db, "set local session_replication_role = replica")
        for statement in AWAITED:
            run(db, statement, {"alpha": world.alpha, "id": sent.weapon_id})
    assert found() - before == Counter([("verify.holder_changed", "awaited_by_unit_id")])
    auditor.dispose()
    superuser.dispose()
