"""The life of a post: relieved by scan where its weapons stand, renamed, and closed once it has nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

import counting
import writes
from salw.core import clock
from salw.core.db import run, transaction
from salw.core.ids import new_id
from salw.custody.operations.holder_changes import close_holder
from salw.custody.rules import Expected
from salw_labels import draw
from together import at_once, until_it_waits
from world import World


def relieve_by_scan(
    client: httpx.Client, world: World, codes: list[str], *, request: UUID | None = None, job: str = "commander"
) -> httpx.Response:
    """Relieve the soldier of the post of Alpha by the armourer."""
    body = {
        "holder": str(world.post_alpha),
        "outgoing": str(world["soldier"].person_id),
        "incoming": str(world["armourer"].person_id),
        "codes": codes,
    }
    return client.put(f"/reliefs/{request or new_id()}", json=body, headers=world[job].headers)


def held_by_post(client: httpx.Client, world: World, weapons: list[Expected]) -> list[Expected]:
    """Issue weapons to the post of Alpha."""
    writes.done(client, writes.issue(client, world, weapons, {"holder": str(world.post_alpha)}))
    return writes.later(weapons)


def called(client: httpx.Client, world: World, weapon: Expected) -> dict[str, str]:
    card = client.get(f"/weapons/{weapon.weapon_id}", headers=world["keeper"].headers).json()
    return {"weapon": card["id"], "registry_number": card["registry_number"], "serial": card["serial"]}


def step(client: httpx.Client, world: World, path: str, **body: object) -> httpx.Response:
    sent = {"id": str(new_id()), **body}
    return client.post(f"/holders/{world.post_alpha}/{path}", json=sent, headers=world["commander"].headers)


def post_of(client: httpx.Client, world: World, **params: str) -> list[dict[str, object]]:
    items = client.get("/holders", params=params, headers=world["keeper"].headers).json()["items"]
    return [item for item in items if item["id"] == str(world.post_alpha)]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_post_is_relieved_by_scanning_its_weapons_and_a_missing_one_stays_with_who_leaves(
    client: httpx.Client, world: World
) -> None:
    serials = [f"PST{new_id().hex[-9:].upper()}" for _ in range(4)]
    labelled, numbered, engraved, gone = held = held_by_post(client, world, world.register(serials=serials))
    (stranger,) = world.register()
    symbol = counting.label(world, [labelled])[0]
    told = [called(client, world, weapon) for weapon in held]
    # In any order, one twice: by its label, by its number, by its serial as engraved. One is not there.
    scan = [told[2]["serial"].lower(), symbol, told[1]["registry_number"], symbol]
    assert (post_of(client, world)[0]["weapons"], post_of(client, world)[0]["missing"]) == (4, 0)

    forged = symbol[:12] + draw().tail
    extra = called(client, world, stranger)
    differs = relieve_by_scan(client, world, [*scan, extra["registry_number"], forged, "ZZ-99417-XW"])
    assert code(differs) == (409, "relief.scan_differs")
    details = differs.json()["details"]
    assert details["missing"] == [{**told[3], "case_open": False}]
    assert details["extra"] == [{**extra, "case_open": False}]
    assert {one["code"]: one["reason"] for one in details["unread"]} == {forged: "copied", "ZZ-99417-XW": "unknown"}
    assert told[3]["registry_number"] in differs.json()["detail"]
    assert "ouvrir un dossier" in differs.json()["detail"]

    # The refusal says what to do: a case is opened, and the rest is handed over without it.
    writes.done(client, writes.report(client, world, weapons=writes.listed([gone])))
    request = new_id()
    answer = relieve_by_scan(client, world, scan, request=request)
    assert answer.status_code == 200, answer.text
    handed_over = {w["weapon"]: w["version"] for w in answer.json()["weapons"]}
    assert handed_over == {str(w.weapon_id): 2 for w in (labelled, numbered, engraved)}
    assert relieve_by_scan(client, world, scan, request=request).json() == answer.json()
    post = post_of(client, world)[0]
    assert (post["answerable"]["person"], post["weapons"], post["missing"]) == (
        str(world["armourer"].person_id),
        4,
        1,
    )
    # What it has, weapon by weapon; nothing moved.
    has = client.get("/issues", params={"holder": post["id"]}, headers=world["keeper"].headers).json()["items"]
    assert {(row["weapon"], row["version"], row["case_open"]) for row in has} == {
        (str(w.weapon_id), 2, w is gone) for w in held
    }
    both = {"weapons": [], "codes": [], "holder": post["id"], "outgoing": None, "incoming": post["id"]}
    refused = client.put(f"/reliefs/{new_id()}", json=both, headers=world["commander"].headers)
    assert code(refused) == (422, "request.malformed")


def test_a_post_is_renamed_and_closed_only_once_it_has_nothing_and_draws_nothing_any_more(
    client: httpx.Client, world: World, owner_engine: Engine, urls: dict[str, str]
) -> None:
    held = held_by_post(client, world, world.register())
    assert step(client, world, "renamings", name="Poste est").json()["name"] == "Poste est"
    assert code(step(client, world, "renamings", name="Poste est")) == (409, "holder.same_name")
    assert post_of(client, world)[0]["name"] == "Poste est"
    refused = step(client, world, "closing")
    assert code(refused) == (409, "holder.not_empty")
    assert refused.json()["details"] == {"weapons": 1, "assigned": 0}
    assert post_of(client, world)[0]["answerable"], "a refused closing leaves everything as it was"
    writes.done(client, writes.return_(client, world, held))
    (weapon,) = world.register()
    to_post = {"to": {"holder": str(world.post_alpha)}, "weapons": writes.listed([weapon])}
    client.put(f"/assignments/{new_id()}", json=to_post, headers=world["keeper"].headers)
    assert step(client, world, "closing").json()["details"] == {"weapons": 0, "assigned": 1}
    ended = {**to_post, "to": None}
    client.put(f"/assignments/{new_id()}", json=ended, headers=world["keeper"].headers)

    # An issue while it is being closed waits, and is refused.
    issue = writes.issue(client, world, [weapon], {"holder": str(world.post_alpha)})
    with ThreadPoolExecutor(1) as pool:
        with world.transaction() as db:
            close_holder(db, actor=world.founder, now=clock.now(), holder_id=world.post_alpha)
            issued = pool.submit(partial(issue.send, client))
            until_it_waits(urls, issued)
        assert code(issued.result()) == (409, "holder.closed")
    assert code(step(client, world, "closing")) == (409, "holder.closed")
    assert code(step(client, world, "renamings", name="Poste ouest")) == (409, "holder.closed")
    assert code(relieve_by_scan(client, world, [])) == (409, "holder.closed")
    line = {"to": {"holder": str(world.post_alpha)}, "weapon": str(weapon.weapon_id)}
    assert code(writes.prepare_list(client, world, lines=[line]).send(client)) == (409, "holder.closed")
    assert post_of(client, world) == []
    assert post_of(client, world, closed="true")[0]["answerable"] is None
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        kinds = run(
            db,
            "select kind from event where kind in ('holder.renamed', 'holder.closed') "
            "and convert_from(canonical, 'utf8') like %(post)s order by recorded_at",
            {"post": f"%{world.post_alpha}%"},
        )
    assert [row["kind"] for row in kinds] == ["holder.renamed", "holder.closed"]


def test_the_database_closes_no_post_that_has_something_and_lets_nobody_answer_for_a_closed_one(
    client: httpx.Client, world: World, app_engine: Engine
) -> None:
    held = held_by_post(client, world, world.register())
    closing = "update holder set closed_at = now() where id = %(post)s"
    answering = (
        "insert into answerable (country, id, holder_id, person_id, started_at) "
        "values (%(country)s, uuidv7(), %(post)s, %(person)s, now())"
    )
    values = {"country": world.country, "post": world.post_alpha, "person": world["armourer"].person_id}

    def refused(statement: str) -> str:
        with (
            pytest.raises(psycopg.DatabaseError) as error,
            transaction(app_engine, country=world.country, units=(world.alpha,)) as db,
        ):
            run(db, statement, values)
        return str(error.value.sqlstate)

    assert refused(closing) == "SW006"
    writes.done(client, writes.return_(client, world, held))
    assert refused(closing) == "SW006", "somebody still answers for it"
    assert step(client, world, "closing").status_code == 200
    assert refused(answering) == "SW007"

    # Of two that are opened with one name at once one stands; the name of a closed one is free, an erasure goes on.
    one = writes.open_holder(client, world)
    made = [one, replace(writes.open_holder(client, world), body=one.body)]
    answers = [answer.status_code for answer in at_once(*(partial(each.send, client) for each in made))]
    assert sorted(answers) == [200, 409]
    assert code(made[answers.index(409)].send(client)) == (409, "holder.name_taken")
    alike = {**one.body, "name": f" {one.body['name'].replace(' ', '  ')}\u200b "}
    assert code(replace(writes.open_holder(client, world), body=alike).send(client)) == (409, "holder.name_taken")
    alike = (
        "insert into holder (country, id, unit_id, kind, name) "
        "values (%(country)s, uuidv7(), %(unit)s, 'crew', %(name)s)"
    )
    values |= {"unit": world.alpha, "name": str(one.body["name"]).replace("'", "’").upper()}
    assert refused(alike) == "SW009"
    with transaction(app_engine, country=world.country, units=(world.alpha,)) as db:
        run(db, alike, {**values, "name": "Poste nord"})
        run(db, "select set_config('app.erasing', 'yes', true)")
        run(db, alike, values)
