"""Tokens of programs: scoped, until a day, shown once, revocable, over HTTP."""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from salw.access.guard import PROOF_LASTS
from salw.access.rules import STEP_UP, Permission, Role
from salw.access.tokens.rules import GRANTABLE
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from together import at_once
from world import World


def put(client: httpx.Client, world: World, job: str = "keeper", **body: Any) -> httpx.Response:
    token_id = body.pop("id", new_id())
    body = {"name": "Programme d'essai", "permissions": ["weapon:read"], "days": 30, **body}
    return client.put(f"/tokens/{token_id}", json=body, headers=world[job].headers)


def made(client: httpx.Client, world: World, job: str = "keeper", **body: Any) -> tuple[UUID, dict[str, str]]:
    """Return the id of a new token and what identifies a program that has it."""
    answer = put(client, world, job, **body)
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["id"]), {"Authorization": f"Bearer {answer.json()['token']}"}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def stored(world: World, sql: str, **values: Any) -> list[dict[str, Any]]:
    with world.transaction() as db:
        return run(db, sql, values)


def told(world: World, kind: str, token_id: UUID) -> list[dict[str, Any]]:
    rows = stored(world, "select canonical from event where kind = %(kind)s", kind=kind)
    facts = [json.loads(bytes(row["canonical"]))["facts"] for row in rows]
    return [f for f in facts if f["token"] == str(token_id)]


def test_a_program_reads_with_a_token_what_its_maker_may_and_nothing_more(client: httpx.Client, world: World) -> None:
    (own,) = world.register()
    (foreign,) = world.register(store=world.store_bravo)
    _, program = made(client, world)
    assert client.get(f"/weapons/{own.weapon_id}", headers=program).status_code == 200
    assert client.get(f"/weapons/{foreign.weapon_id}", headers=program).status_code == 404
    assert code(client.get("/stores", headers=program)) == (403, "access.token_without")
    assert code(client.get("/me", headers=program)) == (403, "access.token_without")


def test_a_secret_scanner_knows_a_token_by_its_first_letters(client: httpx.Client, world: World) -> None:
    token = put(client, world).json()["token"]
    assert re.fullmatch(r"bf\.salw_[A-Za-z0-9_-]{43}", token)


def test_a_token_is_shown_once_and_its_secret_is_kept_nowhere(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    token_id = new_id()
    first, again = put(client, world, id=token_id).json(), put(client, world, id=token_id).json()
    assert first["token"] is not None
    assert again == {**first, "token": None}
    secret = first["token"].partition(".")[2]
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        tables = run(
            db, "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
        )
        found = [
            t["name"]
            for t in tables
            if run(
                db,
                f'select 1 from "{t["name"]}" as t where position(%(s)s in t::text) > 0 '
                "or position(encode(%(s)s::bytea, 'hex') in t::text) > 0 limit 1",
                {"s": secret},
            )
        ]
        hashes = run(db, "select token_hash from api_token where id = %(id)s", {"id": token_id})
    assert found == []
    assert [bytes(h["token_hash"]) for h in hashes] == [hashlib.sha256(secret.encode()).digest()]


def test_two_at_once_with_one_id_make_one_token_and_show_it_once(client: httpx.Client, world: World) -> None:
    token_id = new_id()
    both = at_once(*[lambda: put(client, world, id=token_id)] * 2)
    assert [a.status_code for a in both] == [200, 200]
    assert sum(a.json()["token"] is not None for a in both) == 1
    assert len(told(world, "token.created", token_id)) == 1


def test_the_id_of_another_persons_token_makes_none(client: httpx.Client, world: World) -> None:
    token_id, _ = made(client, world)
    assert code(put(client, world, "armourer", id=token_id)) == (409, "request.id_reused")


@pytest.mark.parametrize("permission", sorted(STEP_UP | {Permission.SESSION_OWN, Permission.TOKEN_OWN}))
def test_no_token_holds_what_a_person_does_himself(client: httpx.Client, world: World, permission: Permission) -> None:
    assert code(put(client, world, permissions=[permission.value])) == (422, "token.never_grants")


def test_nothing_about_sessions_tokens_accounts_or_devices_can_be_given_to_a_token() -> None:
    of_persons = {"account", "device", "posting", "session", "token"}
    assert {p.value.partition(":")[0] for p in GRANTABLE} & of_persons == set()
    assert not GRANTABLE & STEP_UP
    assert Permission.WEAPON_READ in GRANTABLE


def test_nobody_gives_a_token_what_he_does_not_hold(client: httpx.Client, world: World) -> None:
    answer = put(client, world, permissions=["weapon:read", "transfer:order"])
    assert code(answer) == (403, "token.not_yours_to_give")
    assert answer.json()["details"]["permissions"] == ["transfer:order"]


def test_a_token_loses_what_its_maker_loses(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    world.post("soldier", world.alpha, Role.ARMOURER)
    _, program = made(client, world, "soldier")
    assert client.get("/weapons", headers=program).status_code == 200
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update posting set ended_on = %(day)s where person_id = %(person)s",
            {"day": clock.now().date(), "person": world["soldier"].person_id},
        )
    assert code(client.get("/weapons", headers=program)) == (403, "access.not_permitted")


def test_making_a_token_asks_for_a_fresh_proof(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update session set proven_at = proven_at - %(by)s where account_id = %(account)s",
            {"by": PROOF_LASTS + timedelta(seconds=1), "account": world["keeper"].account_id},
        )
    assert code(put(client, world)) == (403, "session.proof_required")
    assert client.get("/tokens", headers=world["keeper"].headers).status_code == 200


@pytest.mark.parametrize("job", ["administrator", "oversight", "soldier"])
def test_who_reads_no_books_makes_no_token(client: httpx.Client, world: World, job: str) -> None:
    assert code(put(client, world, job)) == (403, "access.not_permitted")


def test_a_commission_may_read_published_numbers_by_a_program(client: httpx.Client, world: World) -> None:
    _, program = made(client, world, "commission_reader", permissions=["summary:read"])
    assert client.get("/summaries/cross-border", headers=program).status_code == 200


def test_a_revoked_token_opens_nothing_from_that_moment(client: httpx.Client, world: World) -> None:
    token_id, program = made(client, world)
    for _ in range(2):
        assert client.delete(f"/tokens/{token_id}", headers=world["keeper"].headers).status_code == 204
    assert code(client.get("/weapons", headers=program)) == (401, "session.required")
    assert told(world, "token.revoked", token_id) == [
        {"token": str(token_id), "account": str(world["keeper"].account_id)}
    ]


def test_a_token_opens_nothing_after_its_last_instant(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    token_id, program = made(client, world, days=1)
    assert client.get("/weapons", headers=program).status_code == 200
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update api_token set created_at = created_at - interval '1 day', expires_at = %(now)s where id = %(id)s",
            {"now": clock.now(), "id": token_id},
        )
    assert code(client.get("/weapons", headers=program)) == (401, "session.required")


def test_the_last_day_of_a_token_ends_with_the_day_of_the_country(client: httpx.Client, world: World) -> None:
    last = clock.now().date() + timedelta(days=10)
    answer = put(client, world, days=None, expires_on=last.isoformat())
    end = datetime.fromisoformat(answer.json()["expires_at"])
    assert end == datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC)


@pytest.mark.parametrize(("ahead", "problem"), [(-1, "token.over_already"), (367, "token.lasts_too_long")])
def test_a_token_lasts_a_year_at_most_and_ends_after_it_began(
    client: httpx.Client, world: World, ahead: int, problem: str
) -> None:
    day = clock.now().date() + timedelta(days=ahead)
    assert code(put(client, world, days=None, expires_on=day.isoformat())) == (422, problem)
    assert code(put(client, world, days=367)) == (422, "request.malformed")
    assert code(put(client, world, expires_on=day.isoformat())) == (422, "request.malformed")


def test_everybody_lists_and_revokes_his_own_tokens_only(client: httpx.Client, world: World) -> None:
    token_id, program = made(client, world)
    mine = client.get("/tokens", headers=world["keeper"].headers).json()["items"]
    assert [(t["id"], t["permissions"], t["revoked_at"]) for t in mine] == [(str(token_id), ["weapon:read"], None)]
    assert client.get("/tokens", headers=world["armourer"].headers).json()["items"] == []
    answer = client.delete(f"/tokens/{token_id}", headers=world["armourer"].headers)
    assert code(answer) == (404, "token.not_found")
    assert client.get("/weapons", headers=program).status_code == 200


def test_the_list_says_when_a_token_was_last_used(client: httpx.Client, world: World) -> None:
    _, program = made(client, world)
    client.get("/weapons", headers=program)
    (mine,) = client.get("/tokens", headers=world["keeper"].headers).json()["items"]
    assert mine["last_seen_at"] is not None


def test_the_administrator_revokes_tokens_of_people_in_his_scope(client: httpx.Client, world: World) -> None:
    token_id, program = made(client, world)
    (line,) = client.get("/tokens/in-scope", headers=world["administrator"].headers).json()["items"]
    assert (line["id"], line["person"]) == (str(token_id), str(world["keeper"].person_id))
    answer = client.delete(f"/tokens/in-scope/{token_id}", headers=world["administrator"].headers)
    assert answer.status_code == 204
    assert code(client.get("/weapons", headers=program)) == (401, "session.required")


@pytest.mark.parametrize("country", ["BF", "ML"])
def test_no_administrator_elsewhere_sees_or_revokes_it(
    client: httpx.Client, world: World, new_world: Any, country: str
) -> None:
    token_id, program = made(client, world)
    elsewhere = new_world(country)["administrator"].headers
    assert client.get("/tokens/in-scope", headers=elsewhere).json()["items"] == []
    assert code(client.delete(f"/tokens/in-scope/{token_id}", headers=elsewhere)) == (404, "token.not_found")
    assert client.get("/weapons", headers=program).status_code == 200


def test_only_the_administrator_looks_after_tokens_of_others(client: httpx.Client, world: World) -> None:
    assert code(client.get("/tokens/in-scope", headers=world["commander"].headers)) == (403, "access.not_permitted")


def test_making_a_token_is_told_without_its_name_and_its_secret(client: httpx.Client, world: World) -> None:
    token_id, _ = made(client, world, permissions=["weapon:read", "scan:read", "weapon:read"])
    (facts,) = told(world, "token.created", token_id)
    assert facts["permissions"] == ["scan:read", "weapon:read"]
    assert set(facts) == {"token", "account", "permissions", "expires_at"}
