"""Relief of an answerable person over HTTP: exactly what the holder has, and nothing moves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from uuid import UUID

import httpx
from sqlalchemy import Connection, Engine

from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.operations.cases import open_case_marks
from salw.custody.operations.issues import issue_weapons
from salw.custody.operations.moves import Order, lock_weapons
from salw.custody.operations.reliefs import relieve as relieve_in
from salw.custody.rules import Expected
from together import at_once, until_it_waits
from world import World


def relieve(
    client: httpx.Client,
    world: World,
    weapons: list[Expected],
    *,
    job: str = "commander",
    holder: UUID | None = None,
    outgoing: str | None = "soldier",
    incoming: str = "armourer",
    request: UUID | None = None,
) -> httpx.Response:
    body = {
        "holder": str(holder or world.post_alpha),
        "outgoing": str(world[outgoing].person_id) if outgoing else None,
        "incoming": str(world[incoming].person_id),
        "weapons": [{"weapon": str(w.weapon_id), "version": w.version} for w in weapons],
    }
    return client.put(f"/reliefs/{request or new_id()}", json=body, headers=world[job].headers)


def issue_to_post(client: httpx.Client, world: World, weapons: list[Expected]) -> httpx.Response:
    body = {
        "store": str(world.store_alpha),
        "to": {"holder": str(world.post_alpha)},
        "weapons": [{"weapon": str(w.weapon_id), "version": 1} for w in weapons],
    }
    return client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers)


def issued_to_post(client: httpx.Client, world: World, count: int) -> list[Expected]:
    weapons = world.register(count)
    answer = issue_to_post(client, world, weapons)
    assert answer.status_code == 200, answer.text
    return [Expected(w.weapon_id, 2) for w in weapons]


def answerable(owner_engine: Engine, holder: UUID) -> list[UUID]:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(db, "select person_id from answerable where holder_id = %(h)s and ended_at is null", {"h": holder})
    return [r["person_id"] for r in rows]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_relief_hands_over_all_and_moves_nothing(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    weapons = issued_to_post(client, world, 2)
    answer = relieve(client, world, weapons)
    assert answer.status_code == 200, answer.text
    assert {w["version"] for w in answer.json()["weapons"]} == {2}
    assert answerable(owner_engine, world.post_alpha) == [world["armourer"].person_id]
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        events = run(
            db,
            "select kind, weapon_id from event where kind = 'weapon.taken_over' and weapon_id = any(%(w)s)",
            {"w": [w.weapon_id for w in weapons]},
        )
    assert len(events) == 2


def test_who_answers_for_a_post_stands_on_the_card_and_in_the_list_and_changes_with_the_relief(
    client: httpx.Client, world: World
) -> None:
    (held,) = issued_to_post(client, world, 1)
    (assigned,) = world.register()
    to_post = {
        "to": {"holder": str(world.post_alpha)},
        "weapons": [{"weapon": str(assigned.weapon_id), "version": 1}],
    }
    answer = client.put(f"/assignments/{new_id()}", json=to_post, headers=world["keeper"].headers)
    assert answer.status_code == 200, answer.text

    def cards() -> list[object]:
        said = [client.get(f"/weapons/{w.weapon_id}", headers=world["keeper"].headers) for w in (held, assigned)]
        number = said[0].json()["registry_number"]
        scanned = client.post("/scans", json={"code": number, "typed": True}, headers=world["keeper"].headers)
        assert said[1].json()["holder"]["answerable"] is None, "a store is no post"
        return [
            said[0].json()["holder"]["answerable"],
            scanned.json()["card"]["holder"]["answerable"],
            said[1].json()["assigned"]["answerable"],
        ]

    def listed() -> object:
        items = client.get("/holders", headers=world["commander"].headers).json()["items"]
        (post,) = (item for item in items if item["kind"] == "post")
        assert (post["id"], post["kind"], post["name"]) == (str(world.post_alpha), "post", "Poste nord")
        return post["answerable"]["person"], post["answerable"]["family_name"]

    for outgoing, incoming in (("soldier", "armourer"), ("armourer", "soldier")):
        person = str(world[outgoing].person_id)
        assert cards() == [{"id": person, "name": f"SGT ESSAI-{outgoing.upper()}"}] * 3
        assert listed() == (person, f"ESSAI-{outgoing.upper()}")
        answer = relieve(client, world, [held], outgoing=outgoing, incoming=incoming)
        assert answer.status_code == 200, answer.text


def test_an_answerable_person_of_another_unit_is_not_named_but_can_be_relieved(
    client: httpx.Client, world: World
) -> None:
    (held,) = issued_to_post(client, world, 1)
    with world.transaction() as db:
        hand_over(db, world, [held], to="soldier_bravo")
    person = str(world["soldier_bravo"].person_id)
    card = client.get(f"/weapons/{held.weapon_id}", headers=world["keeper"].headers).json()
    assert card["holder"]["answerable"] == {"id": person, "name": "personne d'une autre formation"}
    items = client.get("/holders", headers=world["keeper"].headers).json()["items"]
    (post,) = (item for item in items if item["kind"] == "post")
    assert (post["answerable"]["person"], post["answerable"]["family_name"]) == (person, None)
    assert relieve(client, world, [held], outgoing="soldier_bravo", incoming="soldier").status_code == 200


def test_a_list_that_is_not_the_holders_is_refused_and_named(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    held = issued_to_post(client, world, 2)
    (stranger,) = world.register()
    answer = relieve(client, world, [held[0], stranger])
    assert code(answer) == (409, "relief.list_differs")
    assert answer.json()["details"]["missing"] == [str(held[1].weapon_id)]
    assert answer.json()["details"]["extra"] == [str(stranger.weapon_id)]
    assert code(relieve(client, world, [])) == (409, "relief.list_differs")
    assert answerable(owner_engine, world.post_alpha) == [world["soldier"].person_id]


def test_a_weapon_with_an_open_case_is_not_handed_over(client: httpx.Client, world: World) -> None:
    held = issued_to_post(client, world, 2)
    actor = world.founder
    with world.transaction() as db:
        locked, _ = lock_weapons(db, actor, held[:1])
        open_case_marks(db, actor=actor, now=clock.now(), case_id=new_id(), held=locked, facts={})
    assert code(relieve(client, world, held)) == (409, "relief.list_differs")
    assert relieve(client, world, held[1:]).status_code == 200


def test_a_repeat_gives_the_first_answer(client: httpx.Client, world: World) -> None:
    weapons, request = issued_to_post(client, world, 1), new_id()
    first = relieve(client, world, weapons, request=request)
    assert relieve(client, world, weapons, request=request).json() == first.json()
    assert code(relieve(client, world, weapons)) == (409, "relief.not_answerable")


def test_of_two_reliefs_at_once_exactly_one_wins(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    weapons = issued_to_post(client, world, 1)
    answers = at_once(*(partial(relieve, client, world, weapons, incoming=job) for job in ("armourer", "keeper")))
    assert sorted(a.status_code for a in answers) == [200, 409]
    assert len(answerable(owner_engine, world.post_alpha)) == 1


def test_an_issue_during_a_relief_is_answered_for_by_who_relieved(
    client: httpx.Client, world: World, urls: dict[str, str]
) -> None:
    (weapon,) = world.register()
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            hand_over(db, world, [])
            issued = pool.submit(issue_to_post, client, world, [weapon])
            until_it_waits(urls, issued)
        answer = issued.result()
    assert answer.status_code == 200, answer.text
    assert answerable_said(world, weapon) == str(world["armourer"].person_id)


def test_a_relief_during_an_issue_must_count_what_is_issued(
    client: httpx.Client, world: World, urls: dict[str, str]
) -> None:
    (weapon,) = world.register()
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            issue_weapons(
                db,
                actor=world.founder,
                now=clock.now(),
                issue_id=new_id(),
                store_id=world.store_alpha,
                person_id=None,
                holder_id=world.post_alpha,
                due_back_at=None,
                occurred_at=clock.now(),
                weapons=[weapon],
                order=Order(),
            )
            relieved = pool.submit(relieve, client, world, [])
            until_it_waits(urls, relieved)
        answer = relieved.result()
    assert code(answer) == (409, "relief.list_differs")
    assert answer.json()["details"]["missing"] == [str(weapon.weapon_id)]
    assert answerable_said(world, weapon) == str(world["soldier"].person_id)


def hand_over(db: Connection, world: World, weapons: list[Expected], *, to: str = "armourer") -> None:
    """Relieve the soldier of the post in a transaction that is still open."""
    relieve_in(
        db,
        actor=world.founder,
        now=clock.now(),
        relief_id=new_id(),
        holder_id=world.post_alpha,
        outgoing_id=world["soldier"].person_id,
        incoming_id=world[to].person_id,
        weapons=weapons,
    )


def answerable_said(world: World, weapon: Expected) -> str:
    """Return who answers for an issued weapon, as the ledger has it."""
    with world.transaction() as db:
        rows = run(
            db,
            "select convert_from(canonical, 'utf8')::jsonb->'facts'->'person'->>'id' as person from event "
            "where kind = 'weapon.issued' and weapon_id = %(w)s",
            {"w": weapon.weapon_id},
        )
    person: str = rows[0]["person"]
    return person


def test_a_relief_must_make_sense(client: httpx.Client, world: World) -> None:
    assert code(relieve(client, world, [], incoming="soldier")) == (422, "relief.same_person")
    assert code(relieve(client, world, [], outgoing="keeper")) == (409, "relief.not_answerable")
    assert code(relieve(client, world, [], outgoing=None)) == (409, "relief.not_answerable")
    assert code(relieve(client, world, [], incoming="soldier_bravo")) == (404, "person.not_found")
    world.cast["nobody"] = replace(world["soldier"], person_id=new_id())
    assert code(relieve(client, world, [], incoming="nobody")) == (404, "person.not_found")
    assert code(relieve(client, world, [], holder=new_id())) == (404, "holder.not_found")
    assert code(relieve(client, world, [], holder=world.store_bravo)) == (404, "holder.not_found")


def test_relief_is_refused_to_other_roles(client: httpx.Client, world: World) -> None:
    for job in ("orderer", "auditor", "accountant", "armourer", "soldier"):
        assert code(relieve(client, world, [], job=job)) == (403, "access.not_permitted"), job
