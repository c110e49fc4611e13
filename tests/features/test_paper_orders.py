"""Orders on paper over HTTP: recorded, confirmed or contested, and what rests on them."""

import httpx

import writes
from filing import order_body, record_order
from reporting import code
from salw.core.ids import new_id
from world import World


def decide(client: httpx.Client, world: World, order: object, job: str, reason: str | None = None) -> httpx.Response:
    body = {"id": str(new_id()), **({"reason": reason} if reason else {})}
    step = "contestation" if reason else "confirmation"
    return client.post(f"/paper-orders/{order}/{step}", json=body, headers=world[job].headers)


def approve(client: httpx.Client, world: World, transfer: writes.Write, order: object) -> httpx.Response:
    body = {"id": str(new_id()), "order": str(order)}
    return client.post(f"{transfer.path}/paper-approval", json=body, headers=world["keeper"].headers)


def test_a_post_without_its_commander_sends_on_paper_and_he_confirms_later(client: httpx.Client, world: World) -> None:
    order = record_order(client, world)
    transfer = writes.done(client, writes.order(client, world))
    assert approve(client, world, transfer, order).json()["status"] == "approved"
    shown = client.get(transfer.path, headers=world["keeper"].headers).json()
    assert shown["approved_by"] == str(world["commander"].person_id)
    assert (shown["approval_order"], shown["approval_order_status"]) == (str(order), "recorded")
    writes.done(client, writes.dispatch(client, world, transfer))
    waiting = client.get("/paper-orders", params={"status": "recorded"}, headers=world["commander"].headers).json()
    (line,) = waiting["items"]
    assert (line["id"], line["number"]) == (str(order), "OM 31/BIA")
    assert line["transfers"] == [transfer.path.split("/")[2]]
    assert code(decide(client, world, order, "orderer")) == (403, "order.not_yours")
    assert code(decide(client, world, order, "keeper")) == (403, "access.not_permitted")
    assert decide(client, world, order, "commander").json() == {"id": str(order), "status": "confirmed"}
    assert code(decide(client, world, order, "commander", "Trop tard")) == (409, "order.decided")


def test_nothing_more_rests_on_a_contested_order_and_no_duty_is_loosened(client: httpx.Client, world: World) -> None:
    order = record_order(client, world)
    transfer = writes.done(client, writes.order(client, world))
    assert approve(client, world, transfer, order).status_code == 200
    issue = writes.issue(client, world)
    on_paper = writes.Write(issue.method, issue.path, {**issue.body, "order": {"paper": str(order)}}, issue.headers)
    writes.done(client, on_paper)
    assert decide(client, world, order, "commander", "Jamais signé").json()["status"] == "contested"
    assert code(writes.dispatch(client, world, transfer).send(client)) == (409, "order.contested")
    again = writes.issue(client, world)
    refused = writes.Write(again.method, again.path, {**again.body, "order": {"paper": str(order)}}, again.headers)
    assert code(refused.send(client)) == (409, "order.contested")
    (line,) = client.get("/paper-orders", headers=world["auditor"].headers).json()["items"]
    assert (line["documents"], line["reason"]) == (1, "Jamais signé")
    own = {**order_body(client, world), "signatory": str(world["keeper"].person_id)}
    put = client.put(f"/paper-orders/{new_id()}", json=own, headers=world["keeper"].headers)
    assert code(put) == (403, "order.own")
    # The armourer signs what he may not approve.
    other = writes.done(client, writes.order(client, world))
    assert code(approve(client, world, other, record_order(client, world, "armourer"))) == (
        403,
        "order.signatory_may_not",
    )
