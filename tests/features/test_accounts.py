"""Accounts, postings and people, as an administrator keeps them: within his units, and never his own."""

from functools import partial
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from entrance import as_owner, bearer, code_of, events, log_in
from program import PASSWORD, give_account
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from together import at_once
from world import World


def unit_of(world: World, place: str) -> str:
    with world.transaction() as db:
        rows = run(db, "select uuid from unit where id = %(id)s", {"id": getattr(world, place)})
    return str(rows[0]["uuid"])


def admin(world: World) -> dict[str, str]:
    return world["administrator"].headers


def act(
    client: httpx.Client, world: World, account: UUID | str, what: str, by: str = "administrator"
) -> httpx.Response:
    return client.post(f"/accounts/{account}/{what}", json={"id": str(new_id())}, headers=world[by].headers)


def opened(client: httpx.Client, world: World, job: str = "soldier") -> dict[str, str]:
    """Give a member an account through the administrator, in the place of the one that the cast comes with."""
    world.close_account(job)
    body = {"person": str(world[job].person_id), "login": f"{job}.{new_id().hex}"}
    answer = client.put(f"/accounts/{new_id()}", json=body, headers=admin(world))
    assert answer.status_code == 200, answer.text
    made: dict[str, str] = answer.json()
    return made


def posting(world: World, job: str, role: str, place: str = "alpha", **more: str) -> dict[str, str]:
    person = str(world[job].person_id)
    return {"person": person, "role": role, "unit": unit_of(world, place), "started_on": "2026-01-01", **more}


def test_a_first_password_is_shown_once_and_must_be_changed(client: httpx.Client, world: World) -> None:
    made = opened(client, world)
    assert made["account"].endswith("@bf")
    first = log_in(client, made["account"], made["password"])
    assert first.json()["next"] == "password_change"
    changed = client.post(
        "/me/password", headers=bearer(first), json={"old": made["password"], "new": "huit calebasses au soleil"}
    )
    assert (changed.status_code, changed.json()["next"]) == (200, "enrolment")


def test_a_repeat_gives_the_account_without_its_password(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    world.close_account("soldier")
    account, body = new_id(), {"person": str(world["soldier"].person_id), "login": f"s.{new_id().hex}"}
    first = client.put(f"/accounts/{account}", json=body, headers=admin(world)).json()
    again = client.put(f"/accounts/{account}", json=body, headers=admin(world)).json()
    assert again == {**first, "password": None}
    kept = as_owner(owner_engine, "select content::text as c from answer where id = %(id)s", id=account)
    assert first["password"] not in str(kept)
    told = [e for e in events(world, "account.created") if str(account) in e]
    assert len(told) == 1
    assert body["login"] not in told[0]


def test_a_name_that_is_taken_is_refused(client: httpx.Client, world: World) -> None:
    made = opened(client, world)
    world.close_account("soldier_bravo")
    body = {"person": str(world["soldier_bravo"].person_id), "login": made["account"].split("@")[0]}
    answer = client.put(f"/accounts/{new_id()}", json=body, headers=admin(world))
    assert code_of(answer) == (409, "account.login_taken")


def test_nobody_has_two_open_accounts(client: httpx.Client, world: World) -> None:
    made = opened(client, world)
    body = {"person": str(world["soldier"].person_id), "login": f"ombre.{new_id().hex}"}
    address = f"/accounts/{new_id()}"
    assert code_of(client.put(address, json=body, headers=admin(world))) == (409, "account.person_has_one")
    # The one closed before is not opened beside it either; in its place it may be.
    assert code_of(act(client, world, world["soldier"].account_id, "enabling")) == (409, "account.person_has_one")
    assert act(client, world, made["id"], "disabling").status_code == 200
    assert client.put(address, json=body, headers=admin(world)).status_code == 200


def test_of_two_accounts_opened_at_once_for_one_person_one_is(client: httpx.Client, world: World) -> None:
    world.close_account("soldier")

    def open_one(number: int) -> int:
        body = {"person": str(world["soldier"].person_id), "login": f"double{number}.{new_id().hex}"}
        return client.put(f"/accounts/{new_id()}", json=body, headers=admin(world)).status_code

    assert sorted(at_once(*(partial(open_one, number) for number in range(4)))) == [200, 409, 409, 409]


@pytest.mark.parametrize("role", ["commission_reader", "commission_officer", "oversight"])
def test_what_speaks_for_a_country_is_given_at_its_top_alone(client: httpx.Client, world: World, role: str) -> None:
    for place in ("hq", "alpha"):
        body = posting(world, "soldier", role, place)
        answer = client.put(f"/postings/{new_id()}", json=body, headers=admin(world))
        assert code_of(answer) == (403, "posting.national_role")
    body = posting(world, "soldier", role, "root")
    assert client.put(f"/postings/{new_id()}", json=body, headers=admin(world)).status_code == 200


@pytest.mark.parametrize("job", ["keeper", "commander", "auditor", "orderer", "oversight", "soldier"])
def test_nobody_but_an_administrator_keeps_accounts(client: httpx.Client, world: World, job: str) -> None:
    headers = world[job].headers
    body = {"person": str(world["soldier"].person_id), "login": f"s.{new_id().hex}"}
    answers = [
        client.put(f"/accounts/{new_id()}", json=body, headers=headers),
        client.get("/accounts", headers=headers),
        client.put(f"/postings/{new_id()}", json=posting(world, "soldier", "armourer"), headers=headers),
        *(
            act(client, world, world["armourer"].account_id, what, by=job)
            for what in ("disabling", "enabling", "password-reset", "factor-reset")
        ),
    ]
    assert {code_of(answer) for answer in answers} == {(403, "access.not_permitted")}


@pytest.mark.parametrize("what", ["disabling", "enabling", "password-reset", "factor-reset"])
def test_an_administrator_does_not_act_on_his_own_account(client: httpx.Client, world: World, what: str) -> None:
    answer = act(client, world, world["administrator"].account_id, what)
    assert code_of(answer) == (403, "account.own")


def test_an_administrator_sees_and_touches_the_people_of_his_units_alone(client: httpx.Client, world: World) -> None:
    world.post("armourer", world.alpha, Role.ADMINISTRATOR)
    headers, theirs = world["armourer"].headers, world["keeper_bravo"].account_id
    seen = client.get("/accounts", params={"limit": 200}, headers=headers).json()["items"]
    assert str(world["keeper"].account_id) in {a["id"] for a in seen}
    assert str(theirs) not in {a["id"] for a in seen}
    assert code_of(act(client, world, theirs, "disabling", by="armourer")) == (404, "account.not_found")
    body = {"person": str(world["soldier_bravo"].person_id), "login": f"s.{new_id().hex}"}
    answer = client.put(f"/accounts/{new_id()}", json=body, headers=headers)
    assert code_of(answer) == (404, "person.not_found")
    answer = client.put(f"/postings/{new_id()}", json=posting(world, "soldier", "auditor", "root"), headers=headers)
    assert code_of(answer) == (404, "unit.not_found")


@pytest.mark.parametrize("what", ["password-reset", "factor-reset", "disabling"])
def test_nobody_comes_to_greater_rights_by_resetting_the_account_of_who_has_them(
    client: httpx.Client, world: World, what: str
) -> None:
    world.post("armourer", world.alpha, Role.ADMINISTRATOR)
    world.post("soldier", world.root, Role.ADMINISTRATOR)
    answer = act(client, world, world["soldier"].account_id, what, by="armourer")
    assert code_of(answer) == (403, "person.posted_beyond")


def test_closing_an_account_ends_its_sessions_and_tokens_at_once(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    world.close_account("keeper")
    account = give_account(world, "keeper")
    session = bearer(log_in(client, account))
    (row,) = as_owner(owner_engine, "select id from account where login = %(l)s", l=account.split("@")[0])
    as_owner(
        owner_engine,
        "insert into api_token (country, token_hash, id, account_id, name, permissions, created_at, expires_at) "
        "values ('BF', sha256(%(id)s::text::bytea), gen_random_uuid(), %(id)s, 'essai', '{weapon:read}', now(), "
        "now() + interval '1 day')",
        id=row["id"],
    )
    closed = act(client, world, row["id"], "disabling")
    assert closed.json()["disabled_at"]
    assert code_of(client.get("/me", headers=session)) == (401, "session.required")
    assert log_in(client, account).status_code == 401
    assert code_of(act(client, world, row["id"], "disabling")) == (409, "account.already_disabled")
    assert act(client, world, row["id"], "enabling").json()["disabled_at"] is None
    assert code_of(act(client, world, row["id"], "enabling")) == (409, "account.not_disabled")
    assert log_in(client, account).status_code == 200
    assert client.get("/me", headers=session).status_code == 401, "what was ended stays so"
    tokens = as_owner(owner_engine, "select revoked_at from api_token where account_id = %(id)s", id=row["id"])
    assert [t["revoked_at"] is not None for t in tokens] == [True]
    for kind in ("account.disabled", "account.enabled"):
        assert len([e for e in events(world, kind) if str(row["id"]) in e]) == 1


def test_a_repeated_closing_is_answered_as_the_first_time(client: httpx.Client, world: World) -> None:
    account, body = world["keeper"].account_id, {"id": str(new_id())}
    first = client.post(f"/accounts/{account}/disabling", json=body, headers=admin(world))
    again = client.post(f"/accounts/{account}/disabling", json=body, headers=admin(world))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert len([e for e in events(world, "account.disabled") if str(account) in e]) == 1
    other = client.post(f"/accounts/{world['armourer'].account_id}/disabling", json=body, headers=admin(world))
    assert code_of(other) == (409, "request.id_reused")


def test_a_reset_password_ends_the_sessions_and_is_changed_at_the_next_log_in(
    client: httpx.Client, world: World
) -> None:
    made = opened(client, world, "keeper")
    session = bearer(log_in(client, made["account"], made["password"]))
    reset = act(client, world, made["id"], "password-reset").json()
    assert client.get("/me", headers=session).status_code == 401
    assert log_in(client, made["account"], made["password"]).status_code == 401
    assert log_in(client, made["account"], reset["password"]).json()["next"] == "password_change"
    assert reset["password"] not in str(events(world, "account.password_reset"))


def test_a_repeated_reset_shows_no_password_and_leaves_the_first_one_alone(client: httpx.Client, world: World) -> None:
    made = opened(client, world, "keeper")
    body, address = {"id": str(new_id())}, f"/accounts/{made['id']}/password-reset"
    first, second = (client.post(address, json=body, headers=world["administrator"].headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["password"] is None
    assert log_in(client, made["account"], first.json()["password"]).json()["next"] == "password_change"


def test_reset_factors_are_gone_with_their_secrets_and_recovery_codes(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    account = world["keeper"].account_id
    as_owner(
        owner_engine,
        "insert into factor (country, id, account_id, kind, name, created_at, confirmed_at, sealed_secret) "
        "values ('BF', gen_random_uuid(), %(id)s, 'totp', 'téléphone', now(), now(), 'x')",
        id=account,
    )
    as_owner(
        owner_engine,
        "insert into recovery_code (country, account_id, code_hash, created_at) values ('BF', %(id)s, 'x', now())",
        id=account,
    )
    assert client.get("/accounts", params={"person": str(world["keeper"].person_id)}, headers=admin(world)).json()[
        "items"
    ][0]["factors"] == ["totp"]
    assert act(client, world, account, "factor-reset").json()["factors"] == []
    assert client.get("/me", headers=world["keeper"].headers).status_code == 401
    (factor,) = as_owner(
        owner_engine, "select sealed_secret, removed_at from factor where account_id = %(id)s", id=account
    )
    assert (factor["sealed_secret"], factor["removed_at"] is None) == (None, False)
    assert as_owner(owner_engine, "select 1 from recovery_code where account_id = %(id)s", id=account) == []


def test_a_posting_holds_in_an_open_session_at_once_and_ends_there_at_once(client: httpx.Client, world: World) -> None:
    headers, number = world["soldier"].headers, new_id()
    assert client.get("/stores", headers=headers).status_code == 403
    body = posting(world, "soldier", "armourer", started_on=clock.now().date().isoformat())
    begun = client.put(f"/postings/{number}", json=body, headers=admin(world))
    assert (begun.status_code, begun.json()["role"], begun.json()["ended_on"]) == (200, "armourer", None)
    assert client.put(f"/postings/{number}", json=body, headers=admin(world)).json() == begun.json()
    seen = client.get("/stores", headers=headers).json()["items"]
    assert [store["id"] for store in seen] == [str(world.store_alpha)]
    ended = client.post(f"/postings/{number}/end", json={"id": str(new_id())}, headers=admin(world))
    assert ended.status_code == 200, ended.text
    assert client.get("/stores", headers=headers).status_code == 403
    again = client.post(f"/postings/{number}/end", json={"id": str(new_id())}, headers=admin(world))
    assert code_of(again) == (409, "posting.already_ended")
    for kind in ("posting.begun", "posting.ended"):
        assert len([e for e in events(world, kind) if str(number) in e]) == 1


def test_a_change_of_unit_takes_effect_inside_a_session(client: httpx.Client, world: World) -> None:
    headers = world["keeper"].headers
    postings = client.get("/postings", params={"person": str(world["keeper"].person_id)}, headers=admin(world)).json()
    (old,) = [p["id"] for p in postings["items"]]
    client.put(f"/postings/{new_id()}", json=posting(world, "keeper", "storekeeper", "bravo"), headers=admin(world))
    client.post(f"/postings/{old}/end", json={"id": str(new_id())}, headers=admin(world))
    seen = client.get("/stores", headers=headers).json()["items"]
    assert [store["id"] for store in seen] == [str(world.store_bravo)]


def test_an_administrator_gives_himself_no_role_and_takes_none_away(client: httpx.Client, world: World) -> None:
    body = posting(world, "administrator", "storekeeper")
    assert code_of(client.put(f"/postings/{new_id()}", json=body, headers=admin(world))) == (403, "posting.own")
    own = client.get("/postings", params={"person": str(world["administrator"].person_id)}, headers=admin(world))
    (number,) = [p["id"] for p in own.json()["items"]]
    answer = client.post(f"/postings/{number}/end", json={"id": str(new_id())}, headers=admin(world))
    assert code_of(answer) == (403, "posting.own")


@pytest.mark.parametrize(
    ("end", "status", "code"),
    [("2020-06-01", 422, "posting.ends_in_the_past"), ("2199-01-01", 200, None)],
)
def test_a_posting_ends_today_or_later(
    client: httpx.Client, world: World, end: str, status: int, code: str | None
) -> None:
    number = new_id()
    client.put(f"/postings/{number}", json=posting(world, "soldier", "armourer"), headers=admin(world))
    answer = client.post(f"/postings/{number}/end", json={"id": str(new_id()), "ended_on": end}, headers=admin(world))
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_a_posting_that_ends_before_it_begins_is_refused(client: httpx.Client, world: World) -> None:
    body = posting(world, "soldier", "armourer", ended_on="2026-01-01")
    answer = client.put(f"/postings/{new_id()}", json=body, headers=admin(world))
    assert code_of(answer) == (422, "posting.ends_before_start")


def test_what_decides_who_comes_in_needs_a_fresh_proof(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    as_owner(
        owner_engine,
        "update session set proven_at = proven_at - interval '11 minutes' where account_id = %(id)s",
        id=world["administrator"].account_id,
    )
    for answer in (
        client.put(f"/postings/{new_id()}", json=posting(world, "soldier", "armourer"), headers=admin(world)),
        act(client, world, world["keeper"].account_id, "password-reset"),
    ):
        assert code_of(answer) == (403, "session.proof_required")
    assert client.get("/accounts", headers=admin(world)).status_code == 200


def test_an_administrator_enters_a_person_once(client: httpx.Client, world: World) -> None:
    person = new_id()
    body = {
        "unit": unit_of(world, "alpha"),
        "force": "AT",
        "matricule": f"ESSAI-{person.hex[-12:]}",
        "rank": "SGT",
        "family_name": "ESSAI",
        "given_names": "Personne",
    }
    first = client.put(f"/people/{person}", json=body, headers=admin(world))
    assert (first.status_code, first.json()["matricule"]) == (200, body["matricule"])
    assert client.put(f"/people/{person}", json=body, headers=admin(world)).json() == first.json()
    assert len([e for e in events(world, "person.entered") if str(person) in e]) == 1
    taken = client.put(f"/people/{new_id()}", json=body, headers=admin(world))
    assert code_of(taken) == (409, "person.matricule_taken")
    beyond = client.put(f"/people/{new_id()}", json={**body, "unit": str(new_id())}, headers=admin(world))
    assert code_of(beyond) == (404, "unit.not_found")
    nowhere = client.put(f"/people/{new_id()}", json={**body, "force": "XX", "matricule": "1"}, headers=admin(world))
    assert code_of(nowhere) == (422, "force.not_found")
    assert client.put(f"/people/{new_id()}", json=body, headers=world["keeper"].headers).status_code == 403


def test_accounts_come_a_page_at_a_time(client: httpx.Client, world: World) -> None:
    first = client.get("/accounts", params={"limit": 5}, headers=admin(world)).json()
    seen = {a["id"] for a in first["items"]}
    while first["next_cursor"]:
        first = client.get(
            "/accounts", params={"limit": 5, "cursor": first["next_cursor"]}, headers=admin(world)
        ).json()
        seen |= {a["id"] for a in first["items"]}
    assert {str(member.account_id) for member in world.cast.values()} == seen


def test_a_password_is_never_shown_in_a_list(client: httpx.Client, world: World) -> None:
    opened(client, world)
    text = client.get("/accounts", params={"limit": 200}, headers=admin(world)).text
    assert "argon2" not in text
    assert PASSWORD not in text
