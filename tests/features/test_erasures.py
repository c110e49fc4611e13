"""Orders of erasure: two officers, never himself, and not before his weapons are back and his doors are shut."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

from cluster import Database
from entrance import as_owner, code_of, events
from erasing import REASON, approve, carry_out, order, ordered
from moving import give_back, listed, moved
from nation import somebody
from program import salw
from proving import let_proofs_age
from salw.access.erasure.queries import list_approved
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import enter_scope, make_engine, run
from salw.core.errors import Conflict, NotFound
from salw.core.ids import new_id
from together import until_it_waits
from verifying import codes, verify_now
from world import Member, World


@pytest.fixture
def superuser(urls: Mapping[str, str]) -> Iterator[Engine]:
    engine = make_engine(urls["postgres"])
    yield engine
    engine.dispose()


def stranger(world: World, *, closed: bool = True) -> Member:
    """Return somebody of Alpha who keeps nothing, his account closed unless told."""
    member = somebody(world)
    if closed:
        with world.transaction() as db:
            run(db, "update account set disabled_at = now() where id = %(id)s", {"id": member.account_id})
    return member


def name_of(world: World, member: Member) -> object:
    """Return what is kept of somebody's name."""
    with world.transaction() as db:
        return run(
            db,
            "select v.value->>'family_name' as name, p.matricule, v.erased_at, p.erased_at as gone from person p "
            "join personal_value v on (v.country, v.id) = (p.country, p.value_id) where p.id = %(id)s",
            {"id": member.person_id},
        )[0]


def test_two_officers_order_and_the_eraser_erases_once(
    client: httpx.Client, world: World, urls: Mapping[str, str]
) -> None:
    him = stranger(world)
    made = ordered(client, world, him.person_id)
    done = carry_out(urls, made)
    assert (done.texts, done.repeated) == (0, False)
    assert carry_out(urls, made).repeated
    told = [text for kind in ("erasure.ordered", "erasure.approved", "person.erased") for text in events(world, kind)]
    assert len([text for text in told if str(made) in text]) == 3
    assert not [text for text in told if "EMGA" in text or REASON in text]
    (line,) = client.get("/erasures", headers=world["auditor"].headers).json()["items"]
    assert (line["reference"], line["reason"]) == ("Ordre n° 45/EMGA", REASON)
    assert line["erased_at"] is not None
    assert name_of(world, him)["name"] is None  # type: ignore[index]


def test_another_name_that_is_erased_at_the_instant_of_an_erasure_does_not_pass_for_it(
    client: httpx.Client, world: World, urls: Mapping[str, str], superuser: Engine, tmp_path: Path
) -> None:
    him, other = stranger(world), stranger(world)
    carry_out(urls, ordered(client, world, him.person_id))
    auditor = make_engine(urls["salw_auditor"])

    def found() -> Counter[str]:
        return Counter(code for code in codes(verify_now(auditor, tmp_path)) if "erased" in code or "remains" in code)

    before = found()  # of what other tests did to the database they share
    values = {"him": him.person_id, "other": other.person_id}
    with superuser.begin() as db:
        run(db, "set local session_replication_role = replica")
        run(
            db,
            "update personal_value set value = null, salt = null, erased_at = (select erased_at from person "
            "where id = %(him)s) where id = (select value_id from person where id = %(other)s)",
            values,
        )
    assert found() - before == Counter(["verify.value_erased_untold"])
    with superuser.begin() as db:
        run(db, "set local session_replication_role = replica")
        run(
            db,
            "update person set matricule = null, sex = null, erased_at = (select erased_at from person "
            "where id = %(him)s) where id = %(other)s",
            values,
        )
        run(
            db,
            'update personal_value set remains = remains || \'{"erased_on": "2020-01-01"}\' '
            "where id = (select value_id from person where id = %(him)s)",
            values,
        )
    assert found() - before == Counter(
        ["verify.person_erased_untold", "verify.remains_changed", "verify.value_erased_untold"]
    )
    auditor.dispose()


def test_a_repeat_of_order_and_approval_gets_the_first_answer(client: httpx.Client, world: World) -> None:
    him, order_id, act_id = stranger(world), new_id(), new_id()
    first = order(client, world, him.person_id, order_id=order_id)
    assert order(client, world, him.person_id, order_id=order_id).json() == first.json()
    approved = approve(client, world, str(order_id), act_id=act_id)
    assert approve(client, world, str(order_id), act_id=act_id).json() == approved.json()
    assert code_of(approve(client, world, str(order_id))) == (409, "erasure.already_approved")
    assert code_of(order(client, world, him.person_id, order_id=order_id, name_alone=True)) == (
        409,
        "request.id_reused",
    )


def test_one_person_has_one_open_order_and_it_can_be_withdrawn_until_it_is_carried_out(
    client: httpx.Client, world: World, urls: Mapping[str, str]
) -> None:
    him, act_id = stranger(world), str(new_id())
    made = ordered(client, world, him.person_id)
    assert code_of(order(client, world, him.person_id)) == (409, "erasure.already_ordered")
    head, back = world["orderer"].headers, f"/erasures/{made}/withdrawal"
    first = client.post(back, json={"id": act_id}, headers=head)
    assert first.status_code == 200, first.text
    assert first.json()["withdrawn_by"] == str(world["orderer"].person_id)
    assert client.post(back, json={"id": act_id}, headers=head).json() == first.json()
    assert code_of(client.post(back, json={"id": str(new_id())}, headers=head)) == (409, "erasure.withdrawn")
    assert len([text for text in events(world, "erasure.withdrawn") if str(made) in text]) == 1
    with pytest.raises(Conflict, match=r"erasure\.withdrawn"):
        carry_out(urls, made)
    unread = order(client, world, him.person_id).json()["id"]
    client.post(f"/erasures/{unread}/withdrawal", json={"id": str(new_id())}, headers=head)
    assert code_of(approve(client, world, unread)) == (409, "erasure.withdrawn")
    again = ordered(client, world, him.person_id)
    carry_out(urls, again)
    late = client.post(f"/erasures/{again}/withdrawal", json={"id": str(new_id())}, headers=head)
    assert code_of(late) == (409, "erasure.carried_out")
    assert code_of(order(client, world, him.person_id)) == (409, "person.identity_erased")


def test_the_command_says_what_it_did_what_is_left_and_that_nothing_waits(
    client: httpx.Client, world: World, urls: Mapping[str, str], superuser: Engine
) -> None:
    him = stranger(world)
    made = ordered(client, world, him.person_id)
    words = ("users", "erase", "--country", world.country.lower(), "--order")
    erased = salw(urls, *words, str(made))
    assert (erased.returncode, "VACUUM" in erased.stdout) == (0, True), erased.stderr
    late = new_id()
    with superuser.begin() as db:  # no service can make an order on who is erased; a restored dump may hold one
        run(
            db,
            "insert into erasure select (jsonb_populate_record(e, jsonb_build_object('id', %(new)s::text, "
            "'erased_at', null))).* from erasure e where id = %(id)s",
            {"new": str(late), "id": made},
        )
    done = salw(urls, *words, str(late), "--json")
    assert (done.returncode, [line["repeated"] for line in json.loads(done.stdout)]) == (0, [True]), done.stderr
    with superuser.begin() as db:
        enter_scope(db, country=world.country, units=())
        assert late not in {row["id"] for row in list_approved(db, world.country)}


def test_the_command_says_that_nothing_waits_and_refuses_an_unknown_country(fresh_database: Database) -> None:
    def erase(*words: str) -> tuple[int, str, str]:
        done = salw(fresh_database.urls, "users", "erase", "--country", *words)
        return done.returncode, done.stdout, done.stderr

    assert erase("bf") == (0, "BF\u00a0: aucun ordre d'effacement approuvé n'attend\n", "")
    assert erase("BF", "--json") == (0, "[]\n", "")
    status, shown, said = erase("FR")
    assert (status, shown, "pays inconnu" in said) == (2, "", True)


def test_nobody_is_both_officers_or_the_erased(
    client: httpx.Client, world: World, urls: Mapping[str, str], superuser: Engine
) -> None:
    him = stranger(world, closed=False)
    world.post("orderer", world.hq, Role.UNIT_COMMANDER)
    made = order(client, world, him.person_id).json()["id"]
    assert code_of(approve(client, world, made, job="orderer")) == (403, "erasure.same_officer")
    assert code_of(order(client, world, world["orderer"].person_id)) == (403, "erasure.own")
    mine = order(client, world, world["commander"].person_id).json()["id"]
    assert code_of(approve(client, world, mine)) == (403, "erasure.own")
    with pytest.raises(psycopg.errors.CheckViolation, match="ck_erasure_two_officers"), superuser.begin() as db:
        run(db, "update erasure set approved_by = ordered_by, approved_at = now() where id = %(id)s", {"id": made})
    with pytest.raises(Conflict, match=r"erasure\.not_approved"):
        carry_out(urls, UUID(made))


def test_who_has_no_such_duty_or_no_fresh_proof_is_refused(
    client: httpx.Client, world: World, new_world: object, owner_engine: Engine, urls: Mapping[str, str]
) -> None:
    him = stranger(world)
    for job in ("keeper", "administrator", "accountant", "auditor", "commander"):
        assert code_of(order(client, world, him.person_id, job=job)) == (403, "access.not_permitted"), job
    made = order(client, world, him.person_id).json()["id"]
    for job in ("keeper", "administrator", "auditor", "orderer"):
        assert code_of(approve(client, world, made, job=job)) == (403, "access.not_permitted"), job
    abroad: World = new_world("ML")  # type: ignore[operator]
    assert code_of(order(client, abroad, him.person_id)) == (404, "person.not_found")
    assert code_of(approve(client, abroad, made)) == (404, "erasure.not_found")
    assert client.get("/erasures", headers=abroad["commander"].headers).json()["items"] == []
    with pytest.raises(NotFound, match=r"erasure\.not_found"):
        carry_out(urls, UUID(made), country="ML")
    ahead = (clock.now() + timedelta(days=3)).date().isoformat()
    assert code_of(order(client, world, him.person_id, dated_on=ahead)) == (422, "document.in_the_future")
    let_proofs_age(owner_engine, world["commander"], timedelta(hours=1))
    assert code_of(approve(client, world, made)) == (403, "session.proof_required")


def test_first_his_weapons_go_back_and_his_account_is_closed(
    client: httpx.Client, world: World, urls: Mapping[str, str]
) -> None:
    him = stranger(world, closed=False)
    made = ordered(client, world, him.person_id)
    with pytest.raises(Conflict, match=r"erasure\.account_open"):
        carry_out(urls, made)
    slip = {"store": str(world.store_alpha), "to": {"person": str(him.person_id)}, "weapons": listed(world.register())}
    held = moved(client.put(f"/issues/{new_id()}", json=slip, headers=world["keeper"].headers))
    with world.transaction() as db:
        run(db, "update account set disabled_at = now() where id = %(id)s", {"id": him.account_id})
    with pytest.raises(Conflict, match=r"erasure\.still_answers"):
        carry_out(urls, made)
    give_back(client, world, held)
    carry_out(urls, made)
    # The keeper of a store answers for it though it were empty.
    kept = ordered(client, world, world["soldier"].person_id)
    world.close_account("soldier")
    with pytest.raises(Conflict, match=r"erasure\.still_answers"):
        carry_out(urls, kept)


def test_nothing_is_entrusted_to_who_was_erased(
    client: httpx.Client, world: World, urls: Mapping[str, str], superuser: Engine
) -> None:
    him = stranger(world)
    weapons, head = world.register(), world["administrator"].headers
    slip = {"store": str(world.store_alpha), "to": {"person": str(him.person_id)}, "weapons": listed(weapons)}
    held = moved(client.put(f"/issues/{new_id()}", json=slip, headers=world["keeper"].headers))
    back = give_back(client, world, held)
    with superuser.begin() as db:
        own = run(db, "select id from holder where person_id = %(p)s", {"p": him.person_id})[0]["id"]
    carry_out(urls, ordered(client, world, him.person_id))
    for to in ({"person": str(him.person_id)}, {"holder": str(own)}):
        again = {**slip, "to": to, "weapons": listed(back)}
        answer = client.put(f"/issues/{new_id()}", json=again, headers=world["keeper"].headers)
        assert answer.status_code in (404, 409), answer.text
    account = {"person": str(him.person_id), "login": f"essai.{new_id().hex}"}
    assert code_of(client.put(f"/accounts/{new_id()}", json=account, headers=head)) == (409, "person.identity_erased")
    shut = client.post(f"/accounts/{him.account_id}/enabling", json={"id": str(new_id())}, headers=head)
    assert code_of(shut) == (409, "person.identity_erased")


def test_an_issue_under_way_keeps_the_eraser_waiting(
    client: httpx.Client, world: World, urls: Mapping[str, str], app_engine: Engine
) -> None:
    him = stranger(world)
    made = ordered(client, world, him.person_id)
    with app_engine.begin() as db, ThreadPoolExecutor(1) as pool:
        enter_scope(db, country=world.country, units=world.units)
        assert run(db, "select hold_person(%(p)s) as free", {"p": him.person_id})[0]["free"]
        asked = pool.submit(carry_out, urls, made)
        until_it_waits(urls, asked)
        assert not asked.done()
        db.commit()
        asked.result()
    with world.transaction() as db:
        assert not run(db, "select hold_person(%(p)s) as free", {"p": him.person_id})[0]["free"]


BY_HAND = (
    "update personal_value set value = null, salt = null, erased_at = now()",
    "delete from personal_value",
    "update person set matricule = null, erased_at = now()",
    "update erasure set erased_at = now()",
    "update document set reference = null",
)
# An auditor's transactions are read-only before any right is asked for.
REFUSED = {"42501", "25006"}


def outcome(engine: Engine, country: str, *statements: str, **values: object) -> str | None:
    """Return the SQLSTATE that statements fail with, or nothing where they do not; nothing of them stays."""
    with engine.connect() as db:
        enter_scope(db, country=country, units=())
        try:
            for sql in statements:
                run(db, sql, values)
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            db.rollback()
    return None


def test_neither_the_service_nor_the_eraser_erases_by_hand(
    client: httpx.Client, world: World, urls: Mapping[str, str]
) -> None:
    made = ordered(client, world, stranger(world).person_id)
    for role in ("salw_app", "salw_eraser", "salw_auditor", "salw_sequencer", "salw_publisher"):
        engine = make_engine(urls[role], pool_size=1)
        said = {sql: outcome(engine, world.country, sql) for sql in BY_HAND}
        assert [sql for sql, code in said.items() if code not in REFUSED] == [], role
        if role != "salw_eraser":
            call = "select erase_person(%(id)s, 'x', now())"
            assert outcome(engine, world.country, call, id=made) in REFUSED, role
        engine.dispose()


def test_rows_that_never_change_let_an_erasure_change_their_texts_alone(world: World, owner_engine: Engine) -> None:
    for erasing, sql, code in (
        # A post is renamed (its event keeps what it was called); a store is not.
        ("", "update holder set name = 'autre' where id = %(store)s", "SW002"),
        ("x", "update holder set unit_id = unit_id + 1 where id = %(id)s", "SW002"),
        ("x", "delete from holder where id = %(id)s", "SW002"),
        ("x", "update holder set name = 'autre' where id = %(id)s", None),
    ):
        begun = ("set local role salw_owner", f"select set_config('app.erasing', '{erasing}', true)")
        holders = {"id": world.post_alpha, "store": world.store_alpha}
        assert outcome(owner_engine, world.country, *begun, sql, **holders) == code, sql


def test_killed_half_way_nothing_of_it_is_done(
    client: httpx.Client, world: World, urls: Mapping[str, str], superuser: Engine
) -> None:
    him = stranger(world)
    made = ordered(client, world, him.person_id)
    before = name_of(world, him)
    with superuser.begin() as db, ThreadPoolExecutor(1) as pool:
        run(db, "lock table event in share mode")  # names are gone by then, the event is not there
        asked = pool.submit(carry_out, urls, made)
        until_it_waits(urls, asked)
        run(
            db,
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and usename = 'salw_eraser'",
        )
        with pytest.raises(psycopg.OperationalError):
            asked.result()
    assert name_of(world, him) == before
    assert not [text for text in events(world, "person.erased") if str(made) in text]
    assert not carry_out(urls, made).repeated


def test_a_common_name_alone_is_left_and_a_rare_one_goes_where_it_is_ordered(
    client: httpx.Client, world: World, urls: Mapping[str, str], owner_engine: Engine
) -> None:
    rare = f"Nana{new_id().hex[-8:]}"
    texts = {}
    for name_alone in (False, True):
        him = stranger(world)
        as_owner(
            owner_engine,
            "update personal_value v set value = value || jsonb_build_object('family_name', %(n)s::text) from person p "
            "where p.id = %(p)s and v.id = p.value_id",
            n=rare,
            p=him.person_id,
        )
        reading = {"unit": unit_of(world), "reason": f"Arme remise par le sergent {rare}", "hours": 1}
        client.put(f"/emergency-reads/{new_id()}", json=reading, headers=world["commander"].headers)
        done = carry_out(urls, ordered(client, world, him.person_id, name_alone=name_alone))
        texts[name_alone] = (done.texts, done.left_alone)
    assert texts == {False: (0, 1), True: (2, 0)}


def unit_of(world: World) -> str:
    with world.transaction() as db:
        return str(run(db, "select uuid from unit where id = %(id)s", {"id": world.bravo})[0]["uuid"])


def test_log_ins_at_one_moment_are_not_told_to_wait_for_the_order_of_their_instants(app_engine: Engine) -> None:
    """The count of attempts: one whose instant is the earlier may come second, where nobody has to wait."""
    key, now = new_id().int % 1_000_000, clock.now()
    asked = "select count_attempt('BF', 'account', %(k)s, %(now)s, %(delays)s::int[], interval '1 day') as wait"
    with app_engine.begin() as db:
        for later in (2, 1, 0):
            values = {"k": key, "now": now + timedelta(seconds=later), "delays": [0, 0, 0, 60]}
            assert run(db, asked, values) == [{"wait": None}], later
        last = {"k": key, "now": now, "delays": [0, 0, 0, 60]}
        assert run(db, asked, last) == [{"wait": None}]
        assert run(db, asked, last) == [{"wait": timedelta(seconds=60)}]
