"""How tests grant and revoke derogations, and every act that a duty stands in the way of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx

from counting import count, open_check, unreadable
from reporting import opened, unit_uuid
from salw.access.duties.rules import Duty
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from world import World
from writes import Write, approve, done, listed, order


def day(ahead: int) -> str:
    """Return a day from today on, as a body has it."""
    return (clock.now().date() + timedelta(days=ahead)).isoformat()


def grant(
    client: httpx.Client,
    world: World,
    duty: Duty,
    *,
    unit: int | None = None,
    job: str = "commander_hq",
    derogation_id: UUID | None = None,
    **more: str,
) -> httpx.Response:
    """Ask for a derogation of a unit, Alpha by default, from today on."""
    body = {
        "unit": unit_uuid(world, unit or world.alpha),
        "duty": duty.value,
        "reference": "Note d'essai n° 1",
        "dated_on": day(-1),
        "first_day": day(-1),
        "last_day": day(60),
        **more,
    }
    return client.put(f"/derogations/{derogation_id or new_id()}", json=body, headers=world[job].headers)


def granted(
    client: httpx.Client,
    world: World,
    duty: Duty,
    *,
    unit: int | None = None,
    job: str = "commander_hq",
    **more: str,
) -> str:
    """Grant a derogation and return its id."""
    answer = grant(client, world, duty, unit=unit, job=job, derogation_id=None, **more)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def revoke(client: httpx.Client, world: World, derogation: str, job: str = "commander_hq") -> httpx.Response:
    """Ask to end a derogation."""
    return client.post(f"/derogations/{derogation}/revocation", json={"id": str(new_id())}, headers=world[job].headers)


def acts(client: httpx.Client, world: World, derogation: str, job: str = "commander_hq") -> list[dict[str, object]]:
    """Return what was done under a derogation, as the authority above reads it."""
    answer = client.get(f"/derogations/{derogation}/acts", headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["items"]
    return found


def _transfer_step(world: World, path: str, name: str, job: str, **body: object) -> Write:
    return Write("POST", f"{path}/{name}", {"id": str(new_id()), **body}, world[job].headers)


def order_from_own_store(client: httpx.Client, world: World) -> Write:
    """Alpha's storekeeper, who orders as well, orders weapons out of his own store."""
    world.post("keeper", world.alpha, Role.ORDERING_AUTHORITY)
    write = order(client, world)
    return Write(write.method, write.path, write.body, world["keeper"].headers)


def approve_own_order(client: httpx.Client, world: World) -> Write:
    """Who ordered approves."""
    world.post("orderer", world.hq, Role.UNIT_COMMANDER)
    return _transfer_step(world, done(client, order(client, world)).path, "approval", "orderer")


def send_own_order(client: httpx.Client, world: World) -> Write:
    """Who ordered sends."""
    world.post("orderer", world.alpha, Role.STOREKEEPER)
    ordered = done(client, order(client, world))
    done(client, approve(client, world, ordered))
    return _transfer_step(world, ordered.path, "dispatch", "orderer", weapons=ordered.body["weapons"])


def _sent(client: httpx.Client, world: World) -> tuple[str, list[dict[str, object]]]:
    ordered = done(client, order(client, world))
    done(client, approve(client, world, ordered))
    weapons = ordered.body["weapons"]
    done(client, _transfer_step(world, ordered.path, "dispatch", "keeper", weapons=weapons))
    return ordered.path, [{**w, "version": w["version"] + 1} for w in weapons]


def receive_own_order(client: httpx.Client, world: World) -> Write:
    """Who ordered receives."""
    world.post("orderer", world.bravo, Role.STOREKEEPER)
    path, weapons = _sent(client, world)
    return _transfer_step(world, path, "receipt", "orderer", weapons=weapons, complete=True)


def receive_what_he_sent(client: httpx.Client, world: World) -> Write:
    """Who sent receives."""
    world.post("keeper", world.bravo, Role.STOREKEEPER)
    path, weapons = _sent(client, world)
    return _transfer_step(world, path, "receipt", "keeper", weapons=weapons, complete=True)


def close_own_count(client: httpx.Client, world: World) -> Write:
    """Who counted closes."""
    world.post("commander", world.alpha, Role.ARMOURER)
    check = open_check(client, world)
    count(client, world, check, unreadable(), job="commander")
    return Write("POST", f"/stocktakes/{check}/closure", {"id": str(new_id())}, world["commander"].headers)


def open_check_of_own_store(client: httpx.Client, world: World) -> Write:
    """Who keeps the store opens its check."""
    world.post("keeper", world.alpha, Role.UNIT_COMMANDER)
    body = {"store": str(world.store_alpha), "kind": "count"}
    return Write("PUT", f"/stocktakes/{new_id()}", body, world["keeper"].headers)


def close_check_of_own_store(client: httpx.Client, world: World) -> Write:
    """Who keeps the store closes its check."""
    world.post("keeper", world.alpha, Role.UNIT_COMMANDER)
    check = open_check(client, world)
    count(client, world, check, unreadable(), job="armourer")
    return Write("POST", f"/stocktakes/{check}/closure", {"id": str(new_id())}, world["keeper"].headers)


def issue_to_himself(client: httpx.Client, world: World) -> Write:
    """Who hands out draws."""
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["keeper"].person_id)},
        "weapons": listed(world.register()),
    }
    return Write("PUT", f"/issues/{new_id()}", body, world["keeper"].headers)


def decide_own_report(client: httpx.Client, world: World, kind: str = "found_again") -> Write:
    """Who reported a loss decides what became of it."""
    weapons = world.register()
    case = opened(client, world, weapons, job="commander")
    body = {"id": str(new_id()), "kind": kind, "weapons": listed(weapons)}
    return Write("POST", f"/incidents/{case}/outcome", body, world["commander"].headers)


@dataclass(frozen=True)
class InTheWay:
    """An act that a duty forbids: which duty, of which unit, and how its event is called."""

    prepare: Callable[[httpx.Client, World], Write]
    duty: Duty
    act: str
    at_bravo: bool = False

    def unit(self, world: World) -> int:
        """Return the unit whose derogation lets it."""
        return world.bravo if self.at_bravo else world.alpha


IN_THE_WAY = (
    InTheWay(order_from_own_store, Duty.ORDERER_KEEPER, "transfer.ordered"),
    InTheWay(send_own_order, Duty.ORDERER_KEEPER, "transfer.dispatched"),
    InTheWay(receive_own_order, Duty.ORDERER_KEEPER, "transfer.received", at_bravo=True),
    InTheWay(approve_own_order, Duty.REQUESTER_APPROVER, "transfer.approved"),
    InTheWay(decide_own_report, Duty.REQUESTER_APPROVER, "incident.settled"),
    InTheWay(receive_what_he_sent, Duty.SENDER_RECEIVER, "transfer.received", at_bravo=True),
    InTheWay(close_own_count, Duty.COUNTER_APPROVER, "stocktake.closed"),
    InTheWay(open_check_of_own_store, Duty.KEEPER_CHECKER, "stocktake.opened"),
    InTheWay(close_check_of_own_store, Duty.KEEPER_CHECKER, "stocktake.closed"),
    InTheWay(issue_to_himself, Duty.GIVER_RECEIVER, "weapon.issued"),
)


def marked_events(world: World, derogation: str) -> list[str]:
    """Return the kinds of the events that say they stand under a derogation, in the order they were written."""
    with world.transaction() as db:
        rows = run(
            db,
            "select kind from event where convert_from(canonical, 'utf8')::jsonb->'facts'->'derogations' ? %(d)s "
            "order by recorded_at, id",
            {"d": derogation},
        )
    return [row["kind"] for row in rows]
