"""Reading outside one's scope in an emergency: what it opens, what it never opens, and who is told."""

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

import writes
from counting import open_check
from reporting import code, look, opened, unit_uuid
from salw.access.emergency.operations import open_read
from salw.access.emergency.rules import EMERGENCY_READS, OPEN_MOST, UNITS_MOST, check_breadth, reads_in_emergency
from salw.access.guard import begin
from salw.access.operations import organisation
from salw.access.rules import NATIONAL_ROLES, PERMISSIONS, Permission, Role
from salw.core import clock
from salw.core.db import enter_scope, run
from salw.core.errors import Unacceptable, Unauthenticated
from salw.core.ids import new_id
from salw.ledger.canonical import canonical
from world import World

REASON = "Fusil trouvé au poste de contrôle, numéro à vérifier"


def ask(
    client: httpx.Client,
    world: World,
    job: str,
    unit: str,
    *,
    read_id: UUID | None = None,
    reason: str = REASON,
    hours: int = 2,
) -> httpx.Response:
    return client.put(
        f"/emergency-reads/{read_id or new_id()}",
        json={"unit": unit, "reason": reason, "hours": hours},
        headers=world[job].headers,
    )


def open_on(client: httpx.Client, world: World, unit_id: int, job: str = "commander") -> UUID:
    answer = ask(client, world, job, unit_uuid(world, unit_id))
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["id"])


def listed(client: httpx.Client, world: World, job: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/emergency-reads", params=query, headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def see(client: httpx.Client, world: World, weapon: UUID, job: str = "commander") -> int:
    return client.get(f"/weapons/{weapon}", headers=world[job].headers).status_code


def entries(engine: Engine, kind: str, read_id: UUID) -> list[bytes]:
    with engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(db, "select canonical from event where kind = %(kind)s", {"kind": kind})
    return [bytes(row["canonical"]) for row in rows if str(read_id).encode() in bytes(row["canonical"])]


def waits(engine: Engine) -> bool:
    """Return whether somebody waits for another to have opened his."""
    with engine.begin() as db:
        return bool(run(db, "select 1 from pg_locks where not granted and locktype = 'advisory'"))


@pytest.fixture
def bravo_led(world: World) -> World:
    """Return the world with a commander of Bravo, whose books are read."""
    world.post("soldier_bravo", world.bravo, Role.UNIT_COMMANDER)
    return world


def test_a_commander_reads_a_sister_unit_until_he_ends_it(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register(store=world.store_bravo)
    assert see(client, world, weapon.weapon_id) == 404
    read_id = open_on(client, world, world.bravo)
    assert see(client, world, weapon.weapon_id) == 200
    ended = client.post(f"/emergency-reads/{read_id}/end", headers=world["commander"].headers)
    assert ended.json()["ended_at"] is not None
    assert see(client, world, weapon.weapon_id) == 404
    again = client.post(f"/emergency-reads/{read_id}/end", headers=world["commander"].headers)
    assert again.json() == ended.json()


def test_it_opens_cards_lists_scans_checks_incidents_and_reports(
    client: httpx.Client, service: str, bravo_led: World, owner_engine: Engine
) -> None:
    world = bravo_led
    (weapon,) = world.register(store=world.store_bravo)
    incident = opened(client, world, world.register(store=world.store_bravo), job="keeper_bravo")
    check = open_check(client, world, job="soldier_bravo", store=str(world.store_bravo))
    number = look(world, "select registry_number from weapon where id = %(id)s", id=weapon.weapon_id)[0]
    headers = world["commander"].headers
    today = clock.now().date().isoformat()
    period = {"from": today, "to": today}
    report = f"/stores/{world.store_bravo}/reconciliation"

    def answers() -> dict[str, int]:
        asked = {
            "report": client.get(f"{report}.json", params=period, headers=headers),
            "card": client.get(f"/weapons/{weapon.weapon_id}", headers=headers),
            "history": client.get(f"/weapons/{weapon.weapon_id}/history", headers=headers),
            "incident": client.get(f"/incidents/{incident}", headers=headers),
            "check": client.get(f"/stocktakes/{check}", headers=headers),
            "list": client.get("/weapons", params={"store": str(world.store_bravo)}, headers=headers),
        }
        return {name: answer.status_code for name, answer in asked.items()}

    def scanned() -> bool:
        body = {"code": number["registry_number"], "typed": True}
        return str(weapon.weapon_id) in client.post("/scans", json=body, headers=headers).text

    assert (set(answers().values()), scanned()) == ({404}, False)
    open_on(client, world, world.bravo)
    assert (set(answers().values()), scanned()) == ({200}, True)
    # A file carries the books out of the house: it is no reading.
    assert client.get(f"{report}.csv", params=period, headers=headers).status_code == 404
    there, here = ({"unit": unit_uuid(world, unit)} for unit in (world.bravo, world.alpha))
    lecture = f"/registres/lecture?store={world.store_bravo}"
    checked = f"/registres/rapprochement?store={world.store_bravo}&since={today}&until={today}"
    person, card = f"/personnes/{world['soldier_bravo'].person_id}", f"/armes/{weapon.weapon_id}"
    for page in ("/registres", "/situation", "/controles", lecture, checked, person, card):
        shown = client.get(service + page, params=there if "?" not in page else None, headers=headers)
        assert shown.status_code == 200, shown.text
        assert "sans sortir de fichier" in shown.text, page
        acts = (".pdf", ".csv", "/retrait", f"{card}/entretien", 'method="post" action="/personnes')
        assert not [act for act in acts if act in shown.text]
    for page in ("/registres", "/situation"):  # at home all is as ever
        shown = client.get(service + page, params=here, headers=headers).text
        assert ".pdf" in shown
        assert "sans sortir de fichier" not in shown


def test_a_mutation_read_in_an_emergency_offers_no_step_of_the_other_side(
    client: httpx.Client, service: str, bravo_led: World
) -> None:
    world = bravo_led
    mutation = writes.done(client, writes.order(client, world)).path.removeprefix("/transfers")
    open_on(client, world, world.alpha, job="soldier_bravo")
    offered = [
        "/approval" in client.get(f"{service}/mutations{mutation}", headers=world[job].headers).text
        for job in ("soldier_bravo", "commander")
    ]
    assert offered == [False, True]


def test_it_covers_the_units_below_the_one_that_was_named(
    client: httpx.Client, new_world: Callable[[str], World]
) -> None:
    world, other = new_world("BF"), new_world("BF")
    (weapon,) = other.register(store=other.store_bravo)
    open_on(client, world, other.hq, job="auditor")
    assert see(client, world, weapon.weapon_id, "auditor") == 200


def test_it_expires_by_itself(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    (weapon,) = world.register(store=world.store_bravo)
    read_id = open_on(client, world, world.bravo)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update emergency_read set opened_at = opened_at - interval '3 hours', "
            "expires_at = expires_at - interval '3 hours' where id = %(id)s",
            {"id": read_id},
        )
    assert see(client, world, weapon.weapon_id) == 404
    (line,) = listed(client, world, "commander")
    assert (line["running"], line["ended_at"]) == (False, None)
    ended = client.post(f"/emergency-reads/{read_id}/end", headers=world["commander"].headers)
    assert (ended.status_code, ended.json()["ended_at"]) == (200, None)
    assert entries(owner_engine, "emergency_read.ended", read_id) == []


# The functions of a whole country are given at its top, and what they alone may is beyond no scope.
BELOW_THE_TOP = tuple(role for role in Role if role not in NATIONAL_ROLES)


@pytest.mark.parametrize("permission", [p for p in Permission if any(p in PERMISSIONS[r] for r in BELOW_THE_TOP)])
def test_it_widens_the_scope_of_the_reads_it_is_for_and_of_no_other_permission(
    client: httpx.Client, world: World, permission: Permission
) -> None:
    for role in BELOW_THE_TOP:
        world.post("commander", world.alpha, role)
    open_on(client, world, world.bravo)
    with world.engine.connect() as db:
        actor = begin(db, world["commander"].token, clock.now(), permission, "fr").actor
    assert (world.bravo in actor.units) is (permission in EMERGENCY_READS)
    assert reads_in_emergency(actor.roles) is (permission in EMERGENCY_READS)
    assert world.alpha in actor.units


def test_what_it_is_for_writes_nothing() -> None:
    assert {p.value.partition(":")[2] for p in EMERGENCY_READS} == {"read"}


def test_nothing_can_be_written_where_one_only_reads(client: httpx.Client, world: World) -> None:
    roles = (Role.STOREKEEPER, Role.ACCOUNTANT, Role.ORDERING_AUTHORITY)
    for role in roles:
        world.post("commander", world.alpha, role)
    weapons = world.register(3, store=world.store_bravo)
    store = {"store": str(world.store_bravo)}
    one, two, three = ([{"weapon": str(w.weapon_id), "version": 1}] for w in weapons)
    due = (clock.now() + timedelta(days=3)).date().isoformat()
    writes: dict[str, dict[str, Any]] = {
        "issues": {**store, "to": {"person": str(world["soldier_bravo"].person_id)}, "weapons": one},
        "incidents": {"kind": "lost", "weapons": two, "cause": "unexplained"},
        "transfers": {
            "from_store": str(world.store_bravo),
            "to_store": str(world.store_alpha),
            "due_on": due,
            "weapons": three,
        },
        "stocktakes": {**store, "kind": "count", "mission": "OM 12/2026"},
    }

    def answers() -> dict[str, int]:
        headers = world["commander"].headers
        return {
            kind: client.put(f"/{kind}/{new_id()}", json=body, headers=headers).status_code
            for kind, body in writes.items()
        }

    open_on(client, world, world.bravo)
    assert see(client, world, weapons[0].weapon_id) == 200
    assert answers() == dict.fromkeys(writes, 404)
    # The same requests of the same man, once he is posted there: nothing but his scope stood in the way.
    for role in (*roles, Role.UNIT_COMMANDER):
        world.post("commander", world.bravo, role)
    assert answers() == dict.fromkeys(writes, 200)


def test_the_commanders_it_concerns_are_told_and_take_note(
    client: httpx.Client, bravo_led: World, owner_engine: Engine
) -> None:
    world = bravo_led
    read_id = open_on(client, world, world.bravo)
    for job in ("soldier_bravo", "commander_hq", "orderer"):
        (line,) = listed(client, world, job, unseen=True)
        assert (line["id"], line["unseen"], line["own"], line["reason"]) == (str(read_id), True, False, REASON)
        assert (line["reader_role"], line["reader_unit_name"]) == ("unit_commander", "Bataillon d'essai Alpha")
        assert line["running"]
    path = f"/emergency-reads/{read_id}/acknowledgement"
    first = client.post(path, headers=world["soldier_bravo"].headers)
    assert first.status_code == 200
    assert client.post(path, headers=world["soldier_bravo"].headers).json() == first.json()
    assert listed(client, world, "soldier_bravo", unseen=True) == []
    assert [line["unseen"] for line in listed(client, world, "soldier_bravo")] == [False]
    assert [line["unseen"] for line in listed(client, world, "commander_hq")] == [True]
    (own,) = listed(client, world, "commander")
    assert (own["own"], own["unseen"], own["acknowledgements"]) == (True, False, 1)
    assert len(entries(owner_engine, "emergency_read.acknowledged", read_id)) == 1


def test_the_commander_below_a_unit_that_was_read_whole_is_told(
    client: httpx.Client, new_world: Callable[[str], World]
) -> None:
    world, other = new_world("BF"), new_world("BF")
    read_id = open_on(client, world, other.hq, job="auditor")
    assert [line["id"] for line in listed(client, other, "commander")] == [str(read_id)]


def test_the_inspector_above_sees_it_and_is_not_asked_to_take_note(client: httpx.Client, world: World) -> None:
    read_id = open_on(client, world, world.bravo)
    (line,) = listed(client, world, "auditor")
    assert (line["id"], line["unseen"]) == (str(read_id), False)
    answer = client.post(f"/emergency-reads/{read_id}/acknowledgement", headers=world["auditor"].headers)
    assert code(answer) == (403, "access.not_permitted")


def test_whom_it_does_not_concern_finds_nothing(client: httpx.Client, new_world: Callable[[str], World]) -> None:
    world, other, abroad = new_world("BF"), new_world("BF"), new_world("ML")
    read_id = open_on(client, world, world.bravo)
    for stranger in (other, abroad):
        for job in ("commander", "orderer", "auditor"):
            assert listed(client, stranger, job) == []
        for path in ("acknowledgement", "end"):
            answer = client.post(f"/emergency-reads/{read_id}/{path}", headers=stranger["commander"].headers)
            unknown = client.post(f"/emergency-reads/{new_id()}/{path}", headers=stranger["commander"].headers)
            assert code(answer) == code(unknown) == (404, "emergency.not_found")


def test_nobody_takes_note_of_his_own_and_nobody_ends_anothers(client: httpx.Client, bravo_led: World) -> None:
    world = bravo_led
    read_id = open_on(client, world, world.alpha, job="soldier_bravo")
    own = client.post(f"/emergency-reads/{read_id}/acknowledgement", headers=world["soldier_bravo"].headers)
    assert code(own) == (404, "emergency.not_found")
    ended = client.post(f"/emergency-reads/{read_id}/end", headers=world["commander"].headers)
    assert code(ended) == (404, "emergency.not_found")


@pytest.mark.parametrize(
    "job",
    ["keeper", "armourer", "accountant", "commission", "commission_reader", "administrator", "oversight", "soldier"],
)
def test_who_answers_for_nothing_and_inspects_nothing_opens_none(client: httpx.Client, world: World, job: str) -> None:
    assert code(ask(client, world, job, unit_uuid(world, world.bravo))) == (403, "access.not_permitted")


def test_a_written_reason_does_not_get_the_commission_past_what_a_force_shows() -> None:
    for role in (Role.COMMISSION_OFFICER, Role.COMMISSION_READER):
        assert Permission.EMERGENCY_OPEN not in PERMISSIONS[role]


def test_it_never_crosses_a_border(client: httpx.Client, new_world: Callable[[str], World]) -> None:
    world, abroad = new_world("BF"), new_world("ML")
    for job in ("commander", "auditor", "orderer"):
        there = ask(client, world, job, unit_uuid(abroad, abroad.bravo))
        nowhere = ask(client, world, job, str(new_id()))
        assert code(there) == code(nowhere) == (404, "unit.not_found")
        assert there.json()["detail"] == nowhere.json()["detail"]


def test_it_asks_for_a_fresh_proof(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update session set proven_at = proven_at - interval '1 hour' where token_hash = %(hash)s",
            {"hash": hashlib.sha256(world["commander"].token.partition(".")[2].encode()).digest()},
        )
    answer = ask(client, world, "commander", unit_uuid(world, world.bravo))
    assert code(answer) == (403, "session.proof_required")


@pytest.mark.parametrize(
    ("reason", "hours"), [("Trop court", 2), (" " * 40, 2), (REASON, 0), (REASON, 25), (REASON, -1)]
)
def test_it_needs_a_reason_and_ends_within_a_day(client: httpx.Client, world: World, reason: str, hours: int) -> None:
    answer = ask(client, world, "commander", unit_uuid(world, world.bravo), reason=reason, hours=hours)
    assert code(answer) == (422, "request.malformed")


def test_the_ledger_commits_to_the_reason_and_does_not_tell_it(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    read_id = open_on(client, world, world.bravo)
    (told,) = entries(owner_engine, "emergency_read.opened", read_id)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        (kept,) = run(
            db,
            "select v.salt, v.commitment, v.value from emergency_read e "
            "join personal_value v on (v.country, v.id) = (e.country, e.reason_id) where e.id = %(id)s",
            {"id": read_id},
        )
        copies = run(db, "select content::text as text from answer where id = %(id)s", {"id": read_id})
    assert kept["value"] == {"reason": REASON}
    assert hashlib.sha256(bytes(kept["salt"]) + canonical(kept["value"])).digest() == bytes(kept["commitment"])
    assert bytes(kept["commitment"]).hex().encode() in told
    assert REASON.encode() not in told
    assert [REASON in copy["text"] for copy in copies] == [False]


def test_once_the_reason_is_erased_the_read_still_stands(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    read_id = open_on(client, world, world.bravo)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update personal_value v set value = null, salt = null, erased_at = now() from emergency_read e "
            "where e.id = %(id)s and (v.country, v.id) = (e.country, e.reason_id)",
            {"id": read_id},
        )
    (line,) = listed(client, world, "commander_hq")
    assert (line["id"], line["reason"]) == (str(read_id), None)


def test_a_repeat_gives_the_first_answer_and_one_entry(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    read_id, unit = new_id(), unit_uuid(world, world.bravo)
    first = ask(client, world, "commander", unit, read_id=read_id)
    assert ask(client, world, "commander", unit, read_id=read_id).json() == first.json()
    assert code(ask(client, world, "commander", unit, read_id=read_id, hours=5)) == (409, "request.id_reused")
    assert code(ask(client, world, "orderer", unit, read_id=read_id)) in (
        (409, "request.id_reused"),
        (409, "emergency.already_in_scope"),
    )
    assert len(entries(owner_engine, "emergency_read.opened", read_id)) == 1
    assert len(listed(client, world, "commander")) == 1


def test_what_one_may_read_already_needs_no_emergency(client: httpx.Client, world: World) -> None:
    for job, unit in (("commander", world.alpha), ("commander_hq", world.bravo), ("auditor", world.alpha)):
        assert code(ask(client, world, job, unit_uuid(world, unit))) == (409, "emergency.already_in_scope")


def test_a_whole_force_is_no_emergency(client: httpx.Client, new_world: Callable[[str], World]) -> None:
    world, other = new_world("BF"), new_world("BF")
    with other.transaction() as db:
        enter_scope(db, country=other.country, units=())
        for number in range(UNITS_MOST):
            organisation.create_unit(
                db,
                actor=other.founder,
                now=clock.now(),
                unit_uuid=new_id(),
                parent_id=other.alpha,
                force_code="AT",
                name=f"Compagnie d'essai {number}",
                short_name=f"CIE {number}",
                region=None,
                keeps_books=False,
                started_on=other.founder.today,
            )
    answer = ask(client, world, "commander", unit_uuid(other, other.alpha))
    assert code(answer) == (422, "emergency.too_wide")
    assert ask(client, world, "commander", unit_uuid(other, other.bravo)).status_code == 200


def test_the_widest_unit_that_may_be_read_counts_itself() -> None:
    check_breadth(UNITS_MOST)
    with pytest.raises(Unacceptable):
        check_breadth(UNITS_MOST + 1)


def test_reads_do_not_pile_up_until_they_are_a_role(client: httpx.Client, new_world: Callable[[str], World]) -> None:
    world, other = new_world("BF"), new_world("BF")
    units = [world.bravo, other.alpha, other.bravo]
    assert len(units) == OPEN_MOST
    reads = [open_on(client, world, unit) for unit in units]
    again = ask(client, world, "commander", unit_uuid(other, other.hq))
    assert code(again) == (409, "emergency.too_many_open")
    client.post(f"/emergency-reads/{reads[0]}/end", headers=world["commander"].headers)
    assert ask(client, world, "commander", unit_uuid(other, other.hq)).status_code == 200


def test_two_openings_at_the_same_moment_do_not_both_find_room(
    client: httpx.Client, new_world: Callable[[str], World], owner_engine: Engine
) -> None:
    world, other = new_world("BF"), new_world("BF")
    for unit in (world.bravo, other.alpha)[: OPEN_MOST - 1]:
        open_on(client, world, unit)
    fourth = unit_uuid(other, other.hq)
    answers: list[httpx.Response] = []
    second = threading.Thread(target=lambda: answers.append(ask(client, world, "commander", fourth)))
    with world.transaction() as db:
        open_read(
            db,
            actor=world.actor("commander"),
            now=clock.now(),
            read_id=new_id(),
            unit=UUID(unit_uuid(other, other.bravo)),
            reason=REASON,
            hours=1,
        )
        second.start()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and not waits(owner_engine):
            time.sleep(0.02)
    second.join()
    assert code(answers[0]) == (409, "emergency.too_many_open")


def test_a_connection_that_dies_half_way_leaves_nothing(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    read_id, unit = new_id(), unit_uuid(world, world.bravo)
    actor = world.actor("commander")
    with world.engine.connect() as db:
        enter_scope(db, country=world.country, units=world.units)
        open_read(db, actor=actor, now=clock.now(), read_id=read_id, unit=UUID(unit), reason=REASON, hours=1)
        with pytest.raises(psycopg.OperationalError):
            run(db, "select pg_terminate_backend(pg_backend_pid())")
    assert entries(owner_engine, "emergency_read.opened", read_id) == []
    assert listed(client, world, "commander_hq") == []
    assert ask(client, world, "commander", unit, read_id=read_id).status_code == 200


def test_the_list_comes_in_pages_the_newest_first(client: httpx.Client, new_world: Callable[[str], World]) -> None:
    world, other = new_world("BF"), new_world("BF")
    made = [open_on(client, world, unit) for unit in (world.bravo, other.alpha, other.bravo)]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(len(made)):
        query = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = client.get("/emergency-reads", params=query, headers=world["commander"].headers).json()
        seen += [line["id"] for line in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == ([str(read_id) for read_id in reversed(made)], None)


def test_a_unit_is_found_by_its_whole_short_name_in_ones_own_country(
    client: httpx.Client, new_world: Callable[[str], World], owner_engine: Engine
) -> None:
    world, abroad = new_world("BF"), new_world("NE")
    name = f"BIM-{new_id().hex[-8:].upper()}"
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        for place in (world, abroad):
            run(db, "update unit set short_name = %(name)s where id = %(id)s", {"name": name, "id": place.bravo})

    def found(short_name: str, force: str = "AT", by: World = world, job: str = "commander") -> list[str]:
        query = {"force": force, "short_name": short_name}
        answer = client.get("/emergency-reads/units", params=query, headers=by[job].headers)
        assert answer.status_code == 200, answer.text
        return [unit["id"] for unit in answer.json()["items"]]

    assert found(name) == found(name.lower()) == [unit_uuid(world, world.bravo)]
    assert found(name, by=abroad) == [unit_uuid(abroad, abroad.bravo)]
    assert found(name, force="PN") == []
    for part in ("%", "BIM-%", name[:-1], name[:-1] + "_", "*"):
        assert found(part) == []
    query = {"force": "AT", "short_name": name}
    refused = client.get("/emergency-reads/units", params=query, headers=world["keeper"].headers)
    assert code(refused) == (403, "access.not_permitted")


def test_an_account_that_was_disabled_reads_nothing_in_an_emergency(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    open_on(client, world, world.bravo)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "update account set disabled_at = now() where id = %(id)s", {"id": world["commander"].account_id})
    with world.engine.connect() as db, pytest.raises(Unauthenticated):
        begin(db, world["commander"].token, clock.now() + timedelta(seconds=1), Permission.WEAPON_READ, "fr")
