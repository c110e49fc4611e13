"""Contracts, authorisations, overrides and weapons asked back over HTTP, and the database held against the rules."""

import random
from datetime import date, timedelta
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Connection

from derogating import day
from drawing import authorisations, contracts, draw, end, listed, ok, require, suspend
from nation import somebody
from salw.access.rules import Role
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.authorisations.queries import list_recalls, list_standings, standing_of
from salw.custody.authorisations.rules import Cause, Period, recall_of
from salw.custody.rules import Expected
from salw.registry.classification import ClassCode
from together import at_once
from world import World
from writes import issue, later, prepare_list, return_
from writes import listed as versions


def test_a_section_is_engaged_authorised_ended_and_renewed_together(client: httpx.Client, world: World) -> None:
    people = [somebody(world).person_id for _ in range(3)]
    recorded = ok(contracts(client, world, *people))["items"]
    given = ok(authorisations(client, world, *people, covers="SA-ASR", last_day=day(30), reference="Note 1"))["items"]
    assert {line["person"] for line in recorded} == {line["person"] for line in given} == {str(p) for p in people}
    assert {(line["in_force"], line["covers"], line["reference"]) for line in given} == {(True, "SA-ASR", "Note 1")}
    first = UUID(given[0]["person"])
    ended = ok(end(client, world, "authorisations", given[0]["id"]))["items"]
    assert [(line["in_force"], line["ended_on"]) for line in ended] == [(False, day(0))]
    assert end(client, world, "authorisations", given[0]["id"]).json()["code"] == "authorisation.over"
    # A list holds as a whole or not at all.
    assert end(client, world, "authorisations", given[1]["id"], str(new_id())).status_code == 404
    ok(end(client, world, "contracts", *[line["id"] for line in recorded]))
    assert contracts(client, world, first, first).json()["code"] == "draw.person_repeated"
    assert contracts(client, world, first, kind="auxiliary", last_day=None).json()["code"] == "contract.without_end"
    assert contracts(client, world, first, last_day=day(-2)).json()["code"] == "draw.over"
    assert contracts(client, world, first, first_day=day(20), last_day=day(10)).json()["code"] == "draw.backwards"
    request = {"people": [str(first)], "first_day": day(0)}
    path = f"/authorisations/{new_id()}"
    once, again = (client.put(path, json=request, headers=world["commander"].headers) for _ in range(2))
    assert ok(once) == ok(again)
    shown = listed(client, world, "/authorisations", "auditor", person=str(first))
    assert [line["in_force"] for line in shown] == [False, True]
    with world.transaction() as db:
        said = run(
            db,
            "select kind, count(*) as n from event where kind ~ '^(authorisation|contract)[.]' and exists (select from "
            "unnest(%(p)s::text[]) as p where convert_from(canonical, 'utf8') like '%%' || p || '%%') group by 1",
            {"p": [str(p) for p in people]},
        )
        told = run(db, "select 1 from event where convert_from(canonical, 'utf8') like '%%Note 1%%'")
    assert {row["kind"]: row["n"] for row in said} == {
        "authorisation.ended": 1,
        "authorisation.given": 4,
        "contract.ended": 3,
        "contract.recorded": 3,
    }
    assert told == []


def test_two_contracts_at_the_same_moment_do_not_pass_five_years_together(client: httpx.Client, world: World) -> None:
    man, other = (somebody(world).person_id for _ in range(2))
    for year in range(4):
        ok(contracts(client, world, man, first_day=day(366 * year), last_day=day(366 * year + 365)))
    years = [{"first_day": day(366 * year), "last_day": day(366 * year + 365)} for year in (4, 5)]
    answers = at_once(
        lambda: contracts(client, world, man, other, **years[0]),
        lambda: contracts(client, world, other, man, **years[1]),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert {a.json().get("code") for a in answers} == {None, "contract.too_many_years"}
    with world.transaction() as db, pytest.raises(psycopg.Error) as refused:  # whoever writes, by whatever way
        run(
            db,
            "insert into contract (country, id, person_id, unit_id, kind, first_day, last_day, given_by) "
            "select country, gen_random_uuid(), person_id, unit_id, kind, first_day + 2000, last_day + 2000, given_by "
            "from contract "
            "where person_id = %(p)s limit 1",
            {"p": man},
        )
    assert refused.value.sqlstate == "SW010"


def test_a_unit_issues_on_its_first_day_until_somebody_above_asks_for_authorisations(
    client: httpx.Client, world: World
) -> None:
    soldier = world["soldier"].person_id
    ok(draw(client, world))
    ok(require(client, world, world.hq, required=True, job="commander_hq"))
    ok(require(client, world, world.alpha, required=False))  # loosens nothing that holds above
    assert draw(client, world).json()["code"] == "draw.no_authorisation"
    assert "commandant" in draw(client, world).json()["detail"]
    assert draw(client, world, None, {"holder": str(world.post_alpha)}).json()["code"] == "draw.no_authorisation"
    pistols = ok(authorisations(client, world, soldier, covers="SA-PIS"))["items"][0]["id"]
    assert draw(client, world).json()["code"] == "draw.not_covered"
    ok(draw(client, world, world.register(class_code=ClassCode.PISTOL)))
    ok(authorisations(client, world, soldier, covers="SA-ASR"))
    ok(draw(client, world, [*world.register(), *world.register(class_code=ClassCode.PISTOL)]))
    ok(end(client, world, "authorisations", pistols))
    assert draw(client, world, world.register(class_code=ClassCode.PISTOL)).json()["code"] == "draw.not_covered"
    standings = client.get(
        "/draw-standings",
        params={"person": [str(soldier), str(world["armourer"].person_id)]},
        headers=world["keeper"].headers,
    )
    assert [line["may_draw"] for line in ok(standings)["items"]] == [True, False]
    assert {tuple(line) for line in ok(standings)["items"]} == {("person", "may_draw")}
    ok(require(client, world, world.hq, required=False, job="commander_hq"))


def test_an_issue_in_spite_of_what_is_missing_is_open_until_a_commander_takes_note(
    client: httpx.Client, world: World
) -> None:
    soldier = world["soldier"].person_id
    contract = ok(contracts(client, world, soldier))["items"][0]["id"]
    kept = ok(draw(client, world, override="Sans objet"))  # nothing is missing: nothing is written
    ok(end(client, world, "contracts", contract))
    weapons = world.register(2)
    assert draw(client, world, weapons).json()["code"] == "draw.contract_ended"
    issued = ok(draw(client, world, weapons, override="Alerte au poste nord"))
    (line,) = listed(client, world, "/overrides", seen="false")
    assert (line["issue"], line["missing"], line["reason"]) == (issued["id"], "contract_ended", "Alerte au poste nord")
    assert line["issue"] != kept["id"]
    assert client.get("/overrides", headers=world["keeper"].headers).status_code == 403
    path = f"/overrides/{issued['id']}/acknowledgement"
    world.post("keeper", world.alpha, Role.UNIT_COMMANDER)
    assert client.post(path, headers=world["keeper"].headers).json()["code"] == "override.own"
    seen = ok(client.post(path, headers=world["commander"].headers))
    assert ok(client.post(path, headers=world["commander_hq"].headers)) == seen
    assert listed(client, world, "/overrides", seen="false") == []
    assert [o["seen_by"] for o in listed(client, world, "/overrides", seen="true")] == [
        str(world["commander"].person_id)
    ]
    with world.transaction() as db:
        rows = run(
            db,
            "select convert_from(canonical, 'utf8')::jsonb->'facts'->'override' as said from event "
            "where weapon_id = any(%(w)s) and kind = 'weapon.issued'",
            {"w": [w.weapon_id for w in weapons]},
        )
        told = run(db, "select 1 from event where convert_from(canonical, 'utf8') like '%%Alerte au poste%%'")
    assert [row["said"]["missing"] for row in rows] == ["contract_ended"] * 2
    assert told == []
    history = client.get(f"/weapons/{weapons[0].weapon_id}/history", headers=world["commander"].headers)
    assert "Délivrée sans autorisation valable" in history.text
    # A return is never refused for any of it.
    back = return_(client, world, later(weapons))
    ok(client.put(back.path, json=back.body, headers=back.headers))


def test_a_nominal_list_issues_to_nobody_who_may_not_draw_and_names_his_line(
    client: httpx.Client, world: World
) -> None:
    dismissed, withdrawn, sound = (somebody(world).person_id for _ in range(3))
    lines = [{"to": {"person": str(one)}} for one in (dismissed, withdrawn, sound)]
    made = ok(prepare_list(client, world, lines=lines).send(client))
    holders = {line["person"]: line["holder"] for line in made["people"]}
    ok(end(client, world, "authorisations", ok(authorisations(client, world, dismissed))["items"][0]["id"]))
    ok(suspend(client, world, withdrawn))
    weapons = world.register(3)
    numbers = {line["person"]: line["line"] for line in made["people"]}

    def drawn(**people: UUID) -> httpx.Response:
        chosen = list(zip(people.values(), weapons, strict=False))
        body = {
            "id": str(new_id()),
            "weapons": versions([weapon for _, weapon in chosen]),
            "instead": [{"line": numbers[str(p)], "weapon": str(w.weapon_id)} for p, w in chosen],
        }
        return client.post(f"/nominal-lists/{made['id']}/issue", json=body, headers=world["keeper"].headers)

    both = drawn(a=dismissed, b=withdrawn, c=sound).json()
    assert (both["code"], both["details"]["holders"]) == ("draw.suspended", [holders[str(withdrawn)]])
    one = drawn(a=dismissed, b=sound).json()
    assert (one["code"], one["details"]["holders"]) == ("draw.authorisation_ended", [holders[str(dismissed)]])
    ok(drawn(a=sound))


def test_what_the_counter_asks_rides_in_the_statement_that_locks(
    client: httpx.Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, sent, execute = issue(client, world), [], psycopg.Cursor.execute
    monkeypatch.setattr(psycopg.Cursor, "execute", lambda self, sql, *a: sent.append(sql) or execute(self, sql, *a))
    ok(client.put(write.path, json=write.body, headers=write.headers))
    looks, writes = (sql for sql in sent if "standings_to_draw" in sql or "insert into movement" in sql)
    assert "lock_custody" in looks
    assert "insert into issue" in writes
    assert len(sent) == 3, sent  # the session, then these two


def test_weapons_are_asked_back_when_a_contract_or_an_authorisation_has_ended(
    client: httpx.Client, world: World
) -> None:
    ending, soon, dismissed = (somebody(world).person_id for _ in range(3))
    contract = ok(contracts(client, world, ending))["items"][0]["id"]
    ok(contracts(client, world, soon, last_day=day(12)))
    given = ok(authorisations(client, world, dismissed))["items"][0]["id"]
    held = {}
    for person in (ending, soon, dismissed):
        (weapon,) = world.register()
        ok(draw(client, world, [weapon], {"person": str(person)}))
        held[str(weapon.weapon_id)] = person
    (at_post,) = world.register()
    ok(contracts(client, world, world["soldier"].person_id, last_day=day(5)))
    ok(draw(client, world, [at_post], {"holder": str(world.post_alpha)}))
    ok(end(client, world, "contracts", contract))
    ok(end(client, world, "authorisations", given))
    lines = {line["weapon"]: line for line in listed(client, world, "/recalls", "keeper")}
    assert set(lines) == {*held, str(at_post.weapon_id)}
    told = {(held.get(w, "post"), line["cause"], line["days"], line["level"]) for w, line in lines.items()}
    assert told == {
        (ending, "contract_ended", 0, "storekeeper"),
        (soon, "contract_ends_soon", -13, "soon"),
        (dismissed, "authorisation_ended", 0, "storekeeper"),
        ("post", "contract_ends_soon", -6, "soon"),
    }
    assert lines[str(at_post.weapon_id)]["holder_kind"] == "post"
    assert listed(client, world, "/recalls", "keeper_bravo") == []
    ok(contracts(client, world, soon, first_day=day(13), last_day=day(200)))  # renewed
    back = return_(client, world, later(_weapons(held, ending)))
    ok(client.put(back.path, json=back.body, headers=back.headers))
    left = {held.get(line["weapon"], "post") for line in listed(client, world, "/recalls")}
    assert left == {dismissed, "post"}


def _weapons(held: dict[str, UUID], person: UUID) -> list[Expected]:
    return [Expected(UUID(weapon), 1) for weapon, who in held.items() if who == person]


def test_the_database_and_the_rules_say_the_same_of_whatever_is_on_record(client: httpx.Client, world: World) -> None:
    """Contracts and authorisations at random: the database counts them as the rules do."""
    rng = random.Random(20261126)
    actor = world.actor("commander")
    today = actor.today
    some = {somebody(world).person_id: (_at_random(rng, today), _at_random(rng, today)) for _ in range(40)}
    with world.transaction() as db:
        for person, (engaged, authorised) in some.items():
            for table, own, found in (("contract", "kind", engaged), ("authorisation", "covers", authorised)):
                for period in found:
                    _write(db, world, table, own, person, period)
    for person in some:
        ok(draw(client, world, None, {"person": str(person)}, override="Alerte de nuit"))
    with world.transaction() as db:
        standings = list_standings(db, actor, list(some))
        rows = list_recalls(db, actor, after=None, limit=500)
    for person, (engaged, authorised) in some.items():
        said = standings[person]
        counted = [p for p in engaged if p.first_day <= today and (p.until is None or p.until >= p.first_day)]
        assert said.contract_known is bool(engaged)
        assert said.contract_held is any(p.counts_on(today) for p in engaged)
        assert said.contract_until == _until(counted)
        begun = [p for p in authorised if p.first_day <= today and (p.until is None or p.until >= p.first_day)]
        assert said.authorisation_known is bool(begun)
        assert len(said.covers) == sum(p.counts_on(today) for p in authorised)
        assert said.authorised_until == _until(begun)
    asked_back = {row["of_person"]: recall_of(standing_of(row), today) for row in rows}
    wanted = {person: recall_of(said, today) for person, said in standings.items()}
    assert asked_back == {person: found for person, found in wanted.items() if found}
    causes = [found.cause for found in asked_back.values() if found]
    assert set(causes) == set(Cause)


def _at_random(rng: random.Random, today: date) -> list[Period]:
    found = []
    for _ in range(rng.randint(0, 2)):
        first = today + timedelta(days=rng.randint(-60, 10))
        last = first + timedelta(days=rng.randint(0, 80))
        ended = today - timedelta(days=rng.randint(0, 20)) if rng.random() < 0.3 else None
        found.append(Period(first, last, ended))
    return found


def _until(some: list[Period]) -> date | None:
    return max((p.until for p in some if p.until), default=None)


def _write(db: Connection, world: World, table: str, own: str, person: UUID, period: Period) -> None:
    by = world["commander"].person_id
    values = {
        "c": world.country,
        "id": new_id(),
        "person": person,
        "unit": world.alpha,
        "first": period.first_day,
        "last": period.last_day,
        "by": by,
        "own": "fixed_term" if own == "kind" else None,
        "ended": period.ended_on,
        "ender": by if period.ended_on else None,
    }
    run(
        db,
        f"insert into {table} (country, id, person_id, unit_id, first_day, last_day, given_by, {own}) "
        "values (%(c)s, %(id)s, %(person)s, %(unit)s, %(first)s, %(last)s, %(by)s, %(own)s)",
        values,
    )
    run(
        db,
        f"update {table} set ended_on = %(ended)s, ended_by = %(ender)s where country = %(c)s and id = %(id)s",
        values,
    )
