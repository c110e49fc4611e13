"""Orders on paper over HTTP: recorded, confirmed or contested, and what rests on them."""

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import psycopg
import pytest

import writes
from desk import Desk, matricule, words
from entrance import events
from filing import order_body, record_order
from reporting import code
from salw.access.rules import Role
from salw.core.db import run
from salw.core.ids import new_id
from salw.documents.orders.queries import lock_usable
from together import until_it_waits
from world import World


def confirm(client: httpx.Client, world: World, order: object, job: str, *seen: writes.Write) -> httpx.Response:
    body = {"id": str(new_id()), "transfers": [str(subject(transfer)) for transfer in seen]}
    return client.post(f"/paper-orders/{order}/confirmation", json=body, headers=world[job].headers)


def contest(client: httpx.Client, world: World, order: object, job: str, reason: str) -> httpx.Response:
    body = {"id": str(new_id()), "reason": reason}
    return client.post(f"/paper-orders/{order}/contestation", json=body, headers=world[job].headers)


def subject(transfer: writes.Write) -> UUID:
    return UUID(transfer.path.split("/")[2])


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
    assert line["transfers"] == [str(subject(transfer))]
    for job, expected in (("orderer", (403, "order.not_yours")), ("keeper", (403, "access.not_permitted"))):
        assert code(confirm(client, world, order, job, transfer)) == expected
    # He confirms what he saw, and nothing that was put beneath his name since.
    later = writes.done(client, writes.order(client, world))
    assert approve(client, world, later, order).status_code == 200
    unseen = confirm(client, world, order, "commander", transfer)
    assert code(unseen) == (409, "order.not_seen")
    assert set(unseen.json()["details"]["transfers"]) == {str(subject(transfer)), str(subject(later))}
    sure = confirm(client, world, order, "commander", transfer, later)
    assert sure.json() == {"id": str(order), "status": "confirmed"}
    assert code(contest(client, world, order, "commander", "Trop tard")) == (409, "order.decided")
    third = writes.done(client, writes.order(client, world))
    assert code(approve(client, world, third, order)) == (409, "order.decided")
    (told,) = [json.loads(text)["facts"] for text in events(world, "order.confirmed") if str(order) in text]
    assert set(told["transfers"]) == {str(subject(transfer)), str(subject(later))}


def test_nothing_more_rests_on_a_contested_order(client: httpx.Client, world: World) -> None:
    order = record_order(client, world)
    transfer = writes.done(client, writes.order(client, world))
    assert approve(client, world, transfer, order).status_code == 200
    issue = writes.issue(client, world)
    on_paper = writes.Write(issue.method, issue.path, {**issue.body, "order": {"paper": str(order)}}, issue.headers)
    writes.done(client, on_paper)
    body = {"id": str(new_id()), "reason": "Jamais signé"}
    path, headers = f"/paper-orders/{order}/contestation", world["commander"].headers
    contested = [client.post(path, json=body, headers=headers).json() for _ in range(2)]
    assert contested == [{"id": str(order), "status": "contested"}] * 2, "repeated: the first answer"
    assert code(writes.dispatch(client, world, transfer).send(client)) == (409, "order.contested")
    again = writes.issue(client, world)
    refused = writes.Write(again.method, again.path, {**again.body, "order": {"paper": str(order)}}, again.headers)
    assert code(refused.send(client)) == (409, "order.contested")
    (line,) = client.get("/paper-orders", headers=world["auditor"].headers).json()["items"]
    assert (line["documents"], line["reason"]) == (1, "Jamais signé")
    # Not even the service's own role takes the decision back.
    with pytest.raises(psycopg.Error, match="decided once"), world.transaction() as db:
        run(db, "update paper_order set status = 'recorded', decided_by = null, decided_at = null, reason_id = null")


def test_no_duty_is_loosened_by_paper(client: httpx.Client, service: str, world: World) -> None:
    def recorded(**said: object) -> tuple[int, str]:
        body = {**order_body(client, world), **said}
        return code(client.put(f"/paper-orders/{new_id()}", json=body, headers=world["keeper"].headers))

    own, elsewhere = (str(world[job].person_id) for job in ("keeper", "keeper_bravo"))
    assert recorded(signatory=own) == (403, "order.own")
    assert recorded(signatory=elsewhere) == (404, "person.not_found")
    assert recorded(file=str(new_id())) == (404, "file.not_found")
    assert recorded(dated_on="2126-01-01") == (422, "document.in_the_future")
    assert recorded(dated_on="1900-01-01") == (422, "order.too_old")
    for job in ("armourer", "soldier"):
        assert recorded(signatory=str(world[job].person_id)) == (403, "order.signatory_gives_none"), job
    ordered = writes.done(client, writes.order(client, world))
    assert code(approve(client, world, ordered, record_order(client, world, "orderer"))) == (
        403,
        "order.signatory_may_not",  # who gives orders does not for that approve them
    )
    world.post("orderer", world.hq, Role.UNIT_COMMANDER)
    assert code(approve(client, world, ordered, record_order(client, world, "orderer"))) == (
        403,
        "duty.requester_approver",  # who ordered approves nothing of his own
    )
    # Who commands above is no man of the post's own unit, and signs for it all the same.
    above = record_order(client, world, "commander_hq")
    # On the page he is named by his whole matricule; of others beyond the scope it says what it says of nobody.
    said, page = order_body(client, world), "/aujourdhui/ordres/nouveau"
    typed = {"unit": said["unit"], "number": "OM 9", "dated_on": said["dated_on"], "file": said["file"]}
    desk, number = Desk(service, world, "keeper"), matricule(world, "commander_hq")
    unknown = [
        words(desk.send(page, 422, id=str(new_id()), approval=str(new_id()), **typed, signatory=one)).replace(one, "")
        for one in (matricule(world, "keeper_bravo"), "X-0", number[:-1])
    ]
    assert len(set(unknown)) == 1, unknown
    assert "Personne ne répond" in unknown[0]
    for field, text in (("number", "OM\u202e9"), ("dated_on", "2020-01-01"), ("dated_on", "0001-01-01")):
        slip = {**typed, field: text, "signatory": number}
        wrong = desk.send(page, 422, id=str(new_id()), approval=str(new_id()), **slip)
        assert re.findall('<a href="#([a-z_]+)">', wrong) == [field], "said at its field, and of no other"
    desk.send(page, 303, id=str(new_id()), approval=str(new_id()), **typed, signatory=number)
    wrong = Desk(service, world, "commander_hq").send(f"/aujourdhui/ordres/{above}/contestation", 422, id=str(new_id()))
    assert "Motif\u00a0: ce champ manque" in wrong
    assert f'href="#reason-{above}"' in wrong
    assert approve(client, world, ordered, above).status_code == 200
    # The database holds that an approval on paper is its signatory's.
    me = {"me": world["commander"].person_id, "id": subject(ordered)}
    with pytest.raises(psycopg.Error) as caught, world.transaction() as db:
        run(db, "update transfer set approved_by = %(me)s where id = %(id)s", me)
    assert caught.value.sqlstate == "23503"


def test_who_acts_and_who_contests_at_once_do_not_pass_each_other(
    client: httpx.Client, world: World, urls: Mapping[str, str]
) -> None:
    order = record_order(client, world)
    transfer = writes.done(client, writes.order(client, world))
    with ThreadPoolExecutor(1) as pool, world.transaction() as db:
        lock_usable(db, world.founder, order)  # as an act does that is not committed yet
        contested = pool.submit(contest, client, world, order, "commander", "Jamais signé")
        until_it_waits(urls, contested)
        assert not contested.done()
    assert contested.result().json()["status"] == "contested"
    assert code(approve(client, world, transfer, order)) == (409, "order.contested")
