"""Condition and maintenance: what was seen, what is due and done, what does not match, what is to be struck off."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

import writes
from counting import a_count, count, open_check
from moving import give_back, issue, listed, moved
from reporting import look
from salw.access.rules import Role
from salw.core import clock
from salw.core.ids import new_id
from salw.custody.rules import Expected
from world import World


def card(client: httpx.Client, world: World, weapon: Expected, job: str = "keeper") -> dict[str, Any]:
    answer = client.get(f"/weapons/{weapon.weapon_id}", headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sentences(client: httpx.Client, world: World, weapon: Expected, job: str = "keeper") -> list[str]:
    answer = client.get(f"/weapons/{weapon.weapon_id}/history", headers=world[job].headers)
    return [entry["sentence"] for entry in answer.json()["items"]]


def events_of(world: World, weapon: UUID, kind: str) -> list[dict[str, Any]]:
    rows = look(
        world,
        "select convert_from(canonical, 'UTF8')::jsonb->'facts' as facts from event "
        "where weapon_id = %(weapon)s and kind = %(kind)s order by recorded_at",
        weapon=weapon,
        kind=kind,
    )
    return [row["facts"] for row in rows]


def test_a_return_states_the_condition_of_some_weapons_and_supposes_nothing_of_the_others(
    client: httpx.Client, world: World
) -> None:
    dirty, silent = issue(client, world, world.register(2))
    body = {"store": str(world.store_alpha), "weapons": listed([dirty, silent])}
    body["weapons"][0]["condition"] = "to_clean"  # type: ignore[index]
    path, headers = f"/returns/{new_id()}", world["keeper"].headers
    back = moved(client.put(path, json=body, headers=headers))
    assert moved(client.put(path, json=body, headers=headers)) == back, "a repeat"
    shown = card(client, world, dirty)["condition"]
    assert (shown["condition"], shown["name"], shown["seen_in"]) == ("to_clean", "à nettoyer", "return")
    assert shown["text"].startswith("à nettoyer, constaté à la réintégration, le ")
    assert card(client, world, silent)["condition"] is None
    assert [f.get("condition") for f in events_of(world, dirty.weapon_id, "weapon.returned")] == ["to_clean"]
    assert ["condition" in f for f in events_of(world, silent.weapon_id, "weapon.returned")] == [False]
    assert "État technique\u00a0: à nettoyer." in sentences(client, world, dirty)[-1]
    # What was seen a minute ago and is entered now does not hide what is newer.
    out = issue(client, world, [w for w in back if w.weapon_id == dirty.weapon_id])
    late: dict[str, Any] = {"store": str(world.store_alpha), "weapons": listed(out)}
    late["weapons"][0]["condition"] = "serviceable"
    late["occurred_at"] = (clock.now() - timedelta(minutes=1)).isoformat()
    moved(client.put(f"/returns/{new_id()}", json=late, headers=headers))
    assert card(client, world, dirty)["condition"]["condition"] == "to_clean"
    assert len(events_of(world, dirty.weapon_id, "weapon.returned")) == 2, "and it is told all the same"


def test_a_count_tells_each_weapon_the_condition_it_was_seen_in(client: httpx.Client, world: World) -> None:
    broken, silent = world.register(2)
    check = open_check(client, world)
    numbers = [card(client, world, weapon)["registry_number"] for weapon in (broken, silent)]
    first = a_count(numbers[0], "typed", condition="to_repair")
    given = [first, a_count(numbers[1], "typed"), a_count("K7M3-ZP0W-QXA", "typed", condition="serviceable")]
    for _ in range(2):  # a repeat tells nothing twice
        assert count(client, world, check, *given) == ["recorded", "recorded", "unknown_code"]
    seen = card(client, world, broken)["condition"]
    assert (seen["condition"], seen["seen_in"]) == ("to_repair", "count")
    assert card(client, world, silent)["condition"] is None
    facts = events_of(world, broken.weapon_id, "weapon.condition_seen")
    assert [(f["condition"], f["stocktake"]) for f in facts] == [("to_repair", str(check))]
    assert sentences(client, world, broken)[-1] == "Recensement\u00a0: état technique «\u00a0à réparer\u00a0»."


def queue(client: httpx.Client, world: World, kind: str, job: str = "armourer", **query: Any) -> dict[UUID, Any]:
    answer = client.get("/maintenance/queue", params={"kind": kind, **query}, headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    lines = answer.json()["items"]
    assert all(line["reasons"] for line in lines), "the statement and the rules agree on what is due"
    return {UUID(line["weapon"]): line for line in lines}


def reasons(line: dict[str, Any]) -> list[str]:
    return [reason["reason"] for reason in line["reasons"]]


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_work_is_due_by_date_by_issues_and_by_what_was_seen_and_done_work_empties_the_queue(
    client: httpx.Client, world: World
) -> None:
    rifle, other = world.register(2)
    assert queue(client, world, "cleaning") == {}, "new weapons, and the defaults of the package"
    writes.done(client, writes.plan(client, world, kind="cleaning", class_code="SA-ASR", every_issues=2))
    writes.done(client, writes.plan(client, world, kind="cleaning", every_days=1))
    at = rifle
    for _ in range(2):
        assert queue(client, world, "cleaning") == {}
        (at,) = give_back(client, world, issue(client, world, [at]))
    line = queue(client, world, "cleaning")[rifle.weapon_id]
    assert (reasons(line), line["issues"], line["holder_kind"], line["version"]) == (["issues"], 2, "store", 5)
    # A nearer plan, of the class, hides the one of all weapons; with neither days nor issues nothing is due.
    assert list(queue(client, world, "cleaning")) == [rifle.weapon_id]
    # What was seen asks for work at once, whatever the plan.
    (out,) = issue(client, world, [other])
    seen = {**listed([out])[0], "condition": "to_clean"}
    body = {"store": str(world.store_alpha), "weapons": [seen]}
    (dirty,) = moved(client.put(f"/returns/{new_id()}", json=body, headers=world["keeper"].headers))
    assert reasons(queue(client, world, "cleaning")[other.weapon_id]) == ["condition"]
    done = writes.work(client, world, [at, dirty], "cleaning", note="Huile neuve", by=str(world["soldier"].person_id))
    first = writes.done(client, done).send(client)
    assert {w["version"] for w in first.json()["weapons"]} == {5, 3}, "a repeat, and nothing moved"
    assert queue(client, world, "cleaning") == {}
    assert card(client, world, other)["condition"]["text"].startswith("bon état, constaté par l'armurier, le ")
    (facts,) = events_of(world, other.weapon_id, "weapon.maintained")
    assert (facts["work_kind"], facts["condition"], len(facts["note_commitment"])) == ("cleaning", "serviceable", 64)
    assert "Huile" not in str(facts)
    # By date: a year after it was taken on, or a day where the unit asks for it.
    writes.done(client, writes.plan(client, world, kind="inspection", class_code="SA-ASR", every_days=1))
    assert queue(client, world, "inspection") == {}
    writes.done(client, writes.work(client, world, [at, dirty], done_at=(clock.now() - timedelta(days=3)).isoformat()))
    lines = queue(client, world, "inspection", limit=1)
    assert [reasons(line) for line in lines.values()] == [["date"]]
    assert [line["due_on"] for line in lines.values()] == [(clock.now() - timedelta(days=2)).date().isoformat()]
    assert len(queue(client, world, "inspection")) == 2
    # What was done later stands, whatever is entered after it.
    writes.done(client, writes.work(client, world, [at, dirty]))
    writes.done(client, writes.work(client, world, [at], done_at=(clock.now() - timedelta(days=9)).isoformat()))
    assert queue(client, world, "inspection") == {}


def test_the_queue_is_cut_into_pages_and_shows_no_other_unit(client: httpx.Client, world: World) -> None:
    weapons = sorted(w.weapon_id for w in world.register(3))
    writes.done(client, writes.work(client, world, [Expected(w, 1) for w in weapons], result="to_repair"))
    first = client.get(
        "/maintenance/queue", params={"kind": "repair", "limit": 2}, headers=world["armourer"].headers
    ).json()
    second = client.get(
        "/maintenance/queue",
        params={"kind": "repair", "limit": 2, "cursor": first["next_cursor"]},
        headers=world["armourer"].headers,
    ).json()
    assert [UUID(line["weapon"]) for line in [*first["items"], *second["items"]]] == weapons
    assert second["next_cursor"] is None
    assert queue(client, world, "repair", "keeper_bravo") == {}


def test_a_repair_is_a_movement_to_the_workshop_and_back(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    writes.done(client, writes.work(client, world, [weapon], result="to_repair"))
    sent = writes.send_to_workshop(client, world, [weapon])
    answer = sent.send(client)
    assert answer.status_code == 200, answer.text
    assert answer.json()["document_kind"] == "movement_order"
    shown = card(client, world, weapon)
    assert (shown["state"], shown["holder"]["name"]) == ("in_repair", "Atelier d'essai")
    paper = client.get(f"/documents/{answer.json()['id']}.pdf", headers=world["keeper"].headers)
    assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
    assert list(queue(client, world, "repair")) == [weapon.weapon_id], "sent, not repaired"
    (there,) = moved(answer)
    out = {**sent.body, "weapons": listed([there])}
    issued = {"store": str(world.store_alpha), "to": {"holder": sent.body["workshop"]}, "weapons": listed([there])}
    headers = world["keeper"].headers
    assert refused(client.put(f"/issues/{new_id()}", json=issued, headers=headers)) == (422, "holder.not_a_user")
    elsewhere = {**out, "workshop": str(world.post_alpha)}
    assert refused(client.put(f"/maintenance/workshop-exits/{new_id()}", json=elsewhere, headers=headers)) == (
        404,
        "workshop.not_found",
    )
    again = writes.work(client, world, [there], "repair", result="to_repair").send(client)
    assert refused(again) == (422, "maintenance.not_done")
    writes.done(client, writes.work(client, world, [there], "repair"))
    assert queue(client, world, "repair") == {}
    path = f"/maintenance/workshop-exits/{new_id()}"
    back = moved(client.put(path, json=out, headers=headers))
    assert moved(client.put(path, json=out, headers=headers)) == back, "a repeat"
    assert card(client, world, weapon)["state"] == "in_store"
    told = " ".join(sentences(client, world, weapon))
    assert "Envoyée en réparation. Atelier\u00a0: Atelier d'essai" in told
    assert "Rendue par l'atelier." in told
    assert refused(client.put(f"/maintenance/workshop-exits/{new_id()}", json=out, headers=headers)) == (
        409,
        "custody.version_conflict",
    )
    # A workshop is renamed like a post, closed once it has nothing, and then takes nothing in.
    workshop, entry = f"/holders/{sent.body['workshop']}", f"/maintenance/workshop-entries/{new_id()}"
    named = client.post(f"{workshop}/renamings", json={"id": str(new_id()), "name": "Atelier nord"}, headers=headers)
    assert (named.status_code, named.json()["name"]) == (200, "Atelier nord"), named.text
    (inside,) = moved(client.put(entry, json={**sent.body, "weapons": listed(back)}, headers=headers))
    closing: dict[str, Any] = {"json": {"id": str(new_id())}, "headers": headers}
    assert refused(client.post(f"{workshop}/closing", **closing)) == (409, "holder.not_empty")
    last = {**out, "weapons": listed([inside])}
    (home,) = moved(client.put(f"/maintenance/workshop-exits/{new_id()}", json=last, headers=headers))
    assert client.post(f"{workshop}/closing", **closing).status_code == 200
    again = client.put(
        f"/maintenance/workshop-entries/{new_id()}", json={**sent.body, "weapons": listed([home])}, headers=headers
    )
    assert refused(again) == (409, "holder.closed")
    kinds = "select kind from event where kind like 'holder.%%' and convert_from(canonical, 'UTF8') like %(id)s"
    told_of = [row["kind"] for row in look(world, f"{kinds} order by recorded_at", id=f"%{sent.body['workshop']}%")]
    assert told_of == ["holder.opened", "holder.renamed", "holder.closed"]


def test_a_part_that_does_not_match_shows_until_a_further_finding(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    writes.done(client, writes.finding(client, world, [weapon]))
    writes.done(client, writes.finding(client, world, [weapon], part="barrel", outcome="matches", mark=None))
    shown = card(client, world, weapon)
    assert shown["parts_differ"] is True
    assert "scan.parts_differ" in [w["code"] for w in shown["warnings"]]
    open_ = {"open": True, "weapon": str(weapon.weapon_id)}
    found = client.get("/maintenance/findings", params=open_, headers=world["keeper"].headers).json()["items"]
    assert [(f["part"], f["mark_read"]) for f in found] == [("bolt", "4711")]
    # An older finding that is entered late decides nothing.
    late = writes.finding(client, world, [weapon], outcome="matches", mark=None)
    writes.done(client, writes.Write("PUT", late.path, {**late.body, "found_at": "2026-01-01T08:00:00Z"}, late.headers))
    assert card(client, world, weapon)["parts_differ"] is True
    writes.done(client, writes.finding(client, world, [weapon], outcome="matches", mark="4712"))
    assert card(client, world, weapon)["parts_differ"] is False
    assert client.get("/maintenance/findings", params=open_, headers=world["keeper"].headers).json()["items"] == []
    assert "Pièce non concordante\u00a0: culasse, numéro relevé 4711." in sentences(client, world, weapon)
    unread = writes.finding(client, world, [weapon], mark=None).send(client)
    assert refused(unread) == (422, "maintenance.no_mark")
    twice = writes.finding(client, world, [weapon, weapon]).send(client)
    assert refused(twice) == (422, "maintenance.part_repeated")


def test_a_reform_is_proposed_by_one_and_decided_by_another_and_writes_nothing_off(
    client: httpx.Client, world: World
) -> None:
    worn, kept = world.register(2)
    proposed = writes.done(client, writes.propose_reform(client, world, [worn, kept]))
    assert card(client, world, worn)["reform"] == "proposed"
    again = writes.propose_reform(client, world, [worn]).send(client)
    assert refused(again) == (409, "reform.proposed_already")
    decision = {"id": str(new_id()), "accepted": [str(worn.weapon_id)], "refused": []}
    path = f"{proposed.path}/decision"
    partly = client.post(path, json=decision, headers=world["commander"].headers)
    assert refused(partly) == (409, "reform.list_differs")
    assert refused(client.post(path, json=decision, headers=world["armourer"].headers)) == (403, "access.not_permitted")
    decision["refused"] = [str(kept.weapon_id)]
    made = client.post(path, json=decision, headers=world["commander"].headers)
    assert made.status_code == 200, made.text
    repeat = client.post(path, json=decision, headers=world["commander"].headers)
    assert (repeat.status_code, repeat.json()) == (200, made.json())
    later = {**decision, "id": str(new_id())}
    assert refused(client.post(path, json=later, headers=world["orderer"].headers)) == (409, "reform.decided")
    assert [card(client, world, w)["reform"] for w in (worn, kept)] == ["accepted", None]
    assert card(client, world, worn)["state"] == "in_store", "on the books until it is destroyed"
    listed_ = client.get("/maintenance/reforms", params={"decided": True}, headers=world["keeper"].headers).json()
    (head,) = listed_["items"]
    assert (head["kind"], head["reason"], head["count"]) == ("technical", "Canon éclaté d'essai", 2)
    assert sentences(client, world, worn)[-1] == (
        "Réforme acceptée\u00a0: réforme technique. L'arme reste en écritures."
    )
    writes.done(client, writes.propose_reform(client, world, [kept]))
    assert writes.done(client, writes.destroy(client, world, [worn]))


def test_who_proposes_does_not_decide_and_other_units_find_nothing(client: httpx.Client, world: World) -> None:
    proposed = writes.done(client, writes.propose_reform(client, world))
    weapons = [line["weapon"] for line in proposed.body["weapons"]]
    decision = {"id": str(new_id()), "accepted": weapons, "refused": []}
    world.post("armourer", world.alpha, Role.UNIT_COMMANDER)
    path = f"{proposed.path}/decision"
    own = client.post(path, json=decision, headers=world["armourer"].headers)
    assert refused(own) == (409, "reform.same_officer")
    world.post("soldier_bravo", world.bravo, Role.UNIT_COMMANDER)
    other = client.post(path, json=decision, headers=world["soldier_bravo"].headers)
    assert refused(other) == (404, "reform.not_found")
