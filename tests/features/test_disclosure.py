"""What a force shows its own commission: the force decides, the commission reads that and nothing more."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from cluster import Database
from counting import label
from labelling import move
from moving import dispatch, issue
from reporting import code, opened
from salw.access.operations import organisation
from salw.access.rules import Role
from salw.commission.operations import set_disclosure
from salw.commission.rules import Cell, Level, add_up
from salw.core import clock
from salw.core.db import enter_scope, make_engine, run
from salw.core.ids import new_id
from salw.custody.operations import holders
from salw.custody.operations.moves import Order
from salw.custody.rules import MovementKind, State
from salw.intake.operations.registration import register_weapons
from salw.main import api_routes
from salw.registry.rules import MarkKind, NewMark, NewWeapon
from world import ASSAULT_RIFLE, World, build_world
from writes import serving

REFERENCE = "Décision n° 0123/EM du 12 novembre 2026"


def decide(
    client: httpx.Client,
    world: World,
    level: Level,
    *,
    job: str = "commander_hq",
    force: str = "AT",
    decision: UUID | None = None,
    reference: str = REFERENCE,
) -> httpx.Response:
    body = {"id": str(decision or new_id()), "level": level.value, "reference": reference}
    return client.put(f"/forces/{force}/disclosure", json=body, headers=world[job].headers)


def show(client: httpx.Client, world: World, level: Level) -> None:
    answer = decide(client, world, level)
    assert answer.status_code == 200, answer.text


def holdings(client: httpx.Client, world: World, **query: str) -> dict[str, Any]:
    answer = client.get("/commission/holdings", params=query, headers=world["commission_reader"].headers)
    assert answer.status_code == 200, answer.text
    figures: dict[str, Any] = answer.json()
    return figures


def weapons(client: httpx.Client, world: World, **query: str) -> httpx.Response:
    return client.get("/commission/weapons", params=query, headers=world["commission"].headers)


def force_of(answer: dict[str, Any], force: str = "AT") -> dict[str, Any]:
    return next(f for f in answer["forces"] if f["code"] == force)


def plain(engine: Engine, sql: str, **values: object) -> list[dict[str, Any]]:
    with engine.begin() as db:
        run(db, "set local role salw_owner")
        return run(db, sql, values)


def decisions(engine: Engine, world: World) -> list[dict[str, Any]]:
    rows = plain(
        engine,
        "select canonical from event where country = %(country)s and kind = 'disclosure.set' order by recorded_at",
        country=world.country,
    )
    return [json.loads(bytes(row["canonical"])) for row in rows]


def add_unit(world: World, parent: int, force: str | None, name: str = "Détachement d'essai") -> int:
    with world.transaction() as db:
        enter_scope(db, country=world.country, units=())
        return organisation.create_unit(
            db,
            actor=world.founder,
            now=clock.now(),
            unit_uuid=new_id(),
            parent_id=parent,
            force_code=force,
            name=name,
            short_name=name[:12],
            region=None,
            keeps_books=True,
            started_on=date(2020, 1, 1),
        )


def stock(world: World, unit_id: int, *serials: str) -> None:
    """Take weapons on charge in a new store of a unit that the world was not built with."""
    actor, now, store = replace(world.founder, units=(*world.units, unit_id)), clock.now(), new_id()
    with world.transaction() as db:
        enter_scope(db, country=world.country, units=(*world.units, unit_id))
        holders.open_store(
            db,
            actor=actor,
            now=now,
            store_id=store,
            unit_id=unit_id,
            name="Magasin d'essai",
            place=None,
            started_on=date(2020, 1, 1),
            storekeeper_id=world["keeper"].person_id,
        )
        register_weapons(
            db,
            actor=actor,
            now=now,
            document_id=new_id(),
            store_id=store,
            origin=MovementKind.OPENING_BALANCE,
            weapons=[
                NewWeapon(
                    id=new_id(),
                    class_code=ASSAULT_RIFLE,
                    model_code=None,
                    marks=(NewMark(MarkKind.FACTORY_SERIAL, serial),),
                )
                for serial in serials
            ],
            occurred_at=now,
            order=Order(),
        )


@pytest.fixture
def node(fresh_database: Database) -> Iterator[tuple[httpx.Client, Engine, Engine]]:
    """Return a client, the app's engine and the owner's on a node where no force has decided anything yet."""
    app, owner = make_engine(fresh_database.urls["salw_app"]), make_engine(fresh_database.urls["salw_migrator"])
    with serving(fresh_database.urls) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client, app, owner
    app.dispose()
    owner.dispose()


def test_the_head_of_a_force_decides_and_force_and_commission_can_read_it(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    before = len(decisions(owner_engine, world))
    show(client, world, Level.COUNTS)
    assert decide(client, world, Level.SERIALS, job="orderer").json()["level"] == "serials"
    for job in ("commander", "orderer", "accountant", "auditor", "commission", "commission_reader"):
        answer = client.get("/forces/AT/disclosure", headers=world[job].headers)
        assert answer.status_code == 200, (job, answer.text)
        newest, earlier = answer.json()["decisions"][:2]
        assert answer.json()["level"] == newest["level"] == "serials"
        assert (earlier["level"], newest["number"]) == ("counts", earlier["number"] + 1)
        assert (newest["set_by_role"], newest["set_by_unit_name"]) == ("ordering_authority", "État-major d'essai")
        assert newest["reference"] == REFERENCE
        assert "person" not in answer.text
    events = decisions(owner_engine, world)[before:]
    assert [(e["facts"]["level"], e["facts"]["before"]) for e in events][-1] == ("serials", "counts")
    assert len(events) == 2
    assert events[-1]["actor"]["person"] == str(world["orderer"].person_id)


@pytest.mark.parametrize(
    ("job", "refusal"),
    [
        ("commander", "disclosure.not_the_authority"),  # of a battalion: he does not speak for the force
        ("keeper", "access.not_permitted"),
        ("accountant", "access.not_permitted"),
        ("auditor", "access.not_permitted"),
        ("commission", "access.not_permitted"),
        ("commission_reader", "access.not_permitted"),
        ("administrator", "access.not_permitted"),
        ("soldier", "access.not_permitted"),
    ],
)
def test_nobody_else_decides_for_a_force(client: httpx.Client, world: World, job: str, refusal: str) -> None:
    assert code(decide(client, world, Level.SERIALS, job=job)) == (403, refusal)


def test_a_unit_under_a_joint_command_does_not_speak_for_the_whole_force(client: httpx.Client, world: World) -> None:
    joint = add_unit(world, world.root, None, "Force conjointe")
    detached = add_unit(world, joint, "AT")
    world.post("soldier", detached, Role.UNIT_COMMANDER)
    world.post("soldier_bravo", joint, Role.ORDERING_AUTHORITY)
    for job in ("soldier", "soldier_bravo"):
        assert code(decide(client, world, Level.SERIALS, job=job)) == (403, "disclosure.not_the_authority")


def test_the_head_of_one_force_does_not_decide_for_another(client: httpx.Client, world: World) -> None:
    for force in ("PN", "AA", "XX", "at"):
        assert code(decide(client, world, Level.SERIALS, force=force)) == (403, "disclosure.not_the_authority")


def test_a_posting_that_has_ended_decides_nothing(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    plain(
        owner_engine,
        "update posting set ended_on = current_date where person_id = %(person)s and unit_id = %(hq)s returning id",
        person=world["commander_hq"].person_id,
        hq=world.hq,
    )
    world.post("commander_hq", world.alpha, Role.UNIT_COMMANDER)
    assert code(decide(client, world, Level.SERIALS)) == (403, "disclosure.not_the_authority")


def test_another_forces_people_find_no_such_force(client: httpx.Client, world: World) -> None:
    for job in ("commander_hq", "orderer", "accountant"):
        other, none = (client.get(f"/forces/{f}/disclosure", headers=world[job].headers) for f in ("PN", "XX"))
        assert code(other) == code(none) == (404, "force.not_found")
    commission = client.get("/forces/PN/disclosure", headers=world["commission"].headers)
    assert commission.json()["level"] == "nothing"
    assert client.get("/forces/XX/disclosure", headers=world["commission"].headers).status_code == 404
    assert code(client.get("/forces/AT/disclosure", headers=world["keeper"].headers))[0] == 403


def test_a_repeat_gives_the_first_answer_and_one_entry(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    decision = new_id()
    first = decide(client, world, Level.COUNTS, decision=decision)
    show(client, world, Level.NOTHING)
    # Sent once more after another decision, it raises nothing again.
    assert decide(client, world, Level.COUNTS, decision=decision).json() == first.json()
    assert force_of(holdings(client, world))["level"] == "nothing"
    assert code(decide(client, world, Level.SERIALS, decision=decision)) == (409, "request.id_reused")
    told = [e for e in decisions(owner_engine, world) if e["facts"]["disclosure"] == str(decision)]
    assert len(told) == 1


def test_of_two_decisions_at_the_same_moment_one_is_told_to_try_again(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    before = len(decisions(owner_engine, world))
    answers: list[httpx.Response] = []
    second = threading.Thread(target=lambda: answers.append(decide(client, world, Level.SERIALS, job="orderer")))
    with world.transaction() as db:
        set_disclosure(
            db,
            actor=world.actor("commander_hq"),
            now=clock.now(),
            decision_id=new_id(),
            force="AT",
            level=Level.NOTHING,
            reference=REFERENCE,
        )
        second.start()
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and not plain(
            owner_engine, "select 1 from pg_locks where not granted and locktype = 'transactionid'"
        ):
            time.sleep(0.02)
    second.join()
    assert code(answers[0]) == (409, "request.try_again")
    assert force_of(holdings(client, world))["level"] == "nothing"
    assert len(decisions(owner_engine, world)) == before + 1


@pytest.mark.parametrize(
    "body",
    [
        {"level": "everything", "reference": REFERENCE},
        {"level": "counts", "reference": "   "},
        {"level": "counts"},
        {"level": None, "reference": REFERENCE},
    ],
)
def test_a_decision_has_a_known_level_and_a_reference(client: httpx.Client, world: World, body: dict[str, Any]) -> None:
    answer = client.put(
        "/forces/AT/disclosure", json={"id": str(new_id()), **body}, headers=world["commander_hq"].headers
    )
    assert code(answer) == (422, "request.malformed")


def test_until_a_force_decides_it_shows_nothing(node: tuple[httpx.Client, Engine, Engine]) -> None:
    client, app, _ = node
    world = build_world(app)
    world.register(7)
    answer = holdings(client, world)
    assert {f["level"] for f in answer["forces"]} == {"nothing"}
    assert all((f["cells"], f["sum"]) == ([], None) for f in answer["forces"])
    assert answer["sum"] is None
    assert answer["known"] == {
        "forces": len(answer["forces"]),
        "showing_counts": 0,
        "showing_marking": 0,
        "showing_serials": 0,
    }
    assert weapons(client, world).json() == {"items": [], "next_cursor": None, "forces": []}
    assert code(weapons(client, world, force="AT")) == (403, "commission.serials_not_shown")


def test_a_force_that_shows_nothing_cannot_be_found_by_subtraction(
    node: tuple[httpx.Client, Engine, Engine],
) -> None:
    client, app, _ = node
    world = build_world(app)
    show(client, world, Level.COUNTS)
    police = add_unit(world, world.root, "PN", "Commissariat d'essai")
    world.register(4)
    before = (holdings(client, world), holdings(client, world, force="PN"))
    stock(world, police, "P1", "P2", "P3", "P4", "P5")
    after = (holdings(client, world), holdings(client, world, force="PN"))
    assert before == after
    assert after[0]["sum"]["weapons"] == 4
    assert (after[0]["known"]["showing_counts"], after[0]["known"]["forces"]) == (1, len(after[0]["forces"]))


_PLAIN = """
select w.class_code, state_of(h.kind, k.mark) as state, count(*) as weapons,
       count(*) filter (where w.nationally_marked) as marked, count(*) filter (where w.labelled) as labelled
  from weapon w
  join custody c on (c.country, c.weapon_id) = (w.country, w.id)
  join holder h on (h.country, h.id) = (c.country, c.holder_id)
  join unit u on (u.country, u.id) = (c.country, c.unit_id)
  left join case_mark k on (k.country, k.weapon_id) = (w.country, w.id)
 where w.country = %(country)s and u.force_code = 'AT' and h.kind not in ('merged', 'entered_by_mistake')
 group by 1, 2 order by 1, 2
"""


@pytest.mark.parametrize("level", [Level.COUNTS, Level.COUNTS_AND_MARKING, Level.SERIALS])
def test_counts_equal_a_plain_group_by_and_marking_is_told_from_its_level_on(
    client: httpx.Client, world: World, owner_engine: Engine, level: Level
) -> None:
    world.register(3)
    issue(client, world, world.register(2))
    opened(client, world, world.register(1))
    dispatch(client, world, world.register(1))
    label(world, world.register(2))
    show(client, world, level)
    shown = force_of(holdings(client, world, force="AT"))
    truth = plain(owner_engine, _PLAIN, country=world.country)
    marking = level is not Level.COUNTS
    assert {"in_store", "issued", "missing", "in_transit"} <= {row["state"] for row in truth}
    assert sum(row["labelled"] for row in truth) >= 2
    assert shown["cells"] == [row if marking else {**row, "marked": None, "labelled": None} for row in truth]
    assert shown["sum"]["weapons"] == sum(row["weapons"] for row in truth)
    if marking:
        book = [row for row in truth if row["state"] in {"in_store", "issued", "missing", "in_transit"}]
        assert shown["sum"]["marking"]["labelled"] == sum(row["labelled"] for row in book)
    else:
        assert shown["sum"]["marking"] is None


def test_the_list_walks_the_whole_force_and_names_no_holder(
    node: tuple[httpx.Client, Engine, Engine],
) -> None:
    client, app, owner = node
    world = build_world(app)
    serials = [f"SERIE{n:03d}" for n in range(5)]
    world.register(serials=serials, model_code=None)
    world.register(serials=["SERIE900"], store=world.store_bravo)
    for sink in ("entered_by_mistake", "merged"):
        move(world, world.register(serials=[f"NUL-{sink}"])[0], sink, MovementKind.CORRECTION)
    show(client, world, Level.SERIALS)
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(4):
        answer = weapons(client, world, force="AT", limit="2", **({"cursor": cursor} if cursor else {})).json()
        found += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert sorted(w["serial"] for w in found) == sorted([*serials, "SERIE900"])
    assert len(found) == force_of(holdings(client, world))["sum"]["weapons"]
    assert weapons(client, world, serial="NUL-merged").json()["items"] == []
    assert set(found[0]) == {
        "force", "registry_number", "class_code", "model", "model_name", "maker", "serial", "marks",
    }  # fmt: skip
    assert found[0]["marks"] == [{"kind": "factory_serial", "raw": found[0]["serial"]}]
    hidden = plain(
        owner, "select id::text as text from weapon union select id::text from holder union select name from unit"
    )
    whole = json.dumps(found, ensure_ascii=False)
    assert [row["text"] for row in hidden if row["text"] in whole] == []


def test_a_search_says_the_same_of_what_is_not_there_and_of_what_is_not_shown(
    node: tuple[httpx.Client, Engine, Engine],
) -> None:
    client, app, _ = node
    world = build_world(app)
    police = add_unit(world, world.root, "PN", "Commissariat d'essai")
    stock(world, police, "PN-7")
    world.register(serials=["AB-12345"])
    for level in (Level.NOTHING, Level.COUNTS, Level.COUNTS_AND_MARKING):
        show(client, world, level)
        there, nowhere = weapons(client, world, serial="AB-12345"), weapons(client, world, serial="ZZ-99999")
        assert (there.status_code, there.content) == (nowhere.status_code, nowhere.content)
        named, unnamed = (weapons(client, world, serial=s, force="AT") for s in ("AB-12345", "ZZ-99999"))
        assert (named.status_code, named.content) == (unnamed.status_code, unnamed.content)
    show(client, world, Level.SERIALS)
    for spelt in ("AB-12345", "ab 12345"):
        assert [w["serial"] for w in weapons(client, world, serial=spelt).json()["items"]] == ["AB-12345"]
    assert weapons(client, world, serial="AB-1234").json()["items"] == []
    assert weapons(client, world, serial="AB-12345", force="PN").json()["items"] == []
    # The police show nothing: what they have is as unknown as what nobody has.
    theirs, nowhere = weapons(client, world, serial="PN-7"), weapons(client, world, serial="ZZ-99999")
    assert theirs.content == nowhere.content
    assert weapons(client, world, serial="-%-").json()["items"] == []


def test_lowering_the_level_takes_effect_at_once(client: httpx.Client, world: World) -> None:
    serials = [f"BAISSE{new_id().hex[-8:].upper()}"]
    world.register(serials=serials)
    show(client, world, Level.SERIALS)
    page = weapons(client, world, force="AT", limit="1").json()
    assert weapons(client, world, serial=serials[0]).json()["items"] != []
    show(client, world, Level.COUNTS)
    assert weapons(client, world, serial=serials[0]).json()["items"] == []
    later = weapons(client, world, cursor=page["next_cursor"] or "").json()["items"]
    assert [weapon for weapon in later if weapon["force"] == "AT"] == []
    show(client, world, Level.NOTHING)
    assert force_of(holdings(client, world))["cells"] == []


def test_weapons_of_a_unit_without_a_force_are_shown_to_nobody(node: tuple[httpx.Client, Engine, Engine]) -> None:
    client, app, _ = node
    world = build_world(app)
    stock(world, add_unit(world, world.root, None, "Force conjointe"), "J1", "J2")
    world.register(1)
    show(client, world, Level.SERIALS)
    answer = holdings(client, world)
    assert answer["sum"]["weapons"] == 1
    assert len(weapons(client, world).json()["items"]) == 1


def test_what_is_gone_is_on_no_book_and_what_shows_no_marking_is_in_no_rate() -> None:
    total = add_up(
        [
            Cell("SA-ASR", State.IN_STORE, 5, 2, 1),
            Cell("SA-PIS", State.ISSUED, 3, None, None),
            Cell("SA-ASR", State.LOST, 2, 2, 0),
        ]
    )
    assert (total.weapons, total.on_book, total.marked, total.labelled, total.among) == (10, 8, 2, 1, 5)


def test_nothing_that_another_country_does_is_seen(node: tuple[httpx.Client, Engine, Engine]) -> None:
    client, app, _ = node
    world, abroad = build_world(app), build_world(app, "ML")
    world.register(serials=["PAREIL1"])
    show(client, world, Level.SERIALS)

    def read() -> list[bytes]:
        return [
            client.get(path, params=query, headers=world["commission"].headers).content
            for path, query in (
                ("/commission/holdings", {}),
                ("/commission/holdings", {"force": "GD"}),
                ("/commission/weapons", {}),
                ("/commission/weapons", {"serial": "PAREIL1"}),
                ("/commission/weapons", {"serial": "LEUR1"}),
                ("/forces/AT/disclosure", {}),
            )
        ]

    def without_request(answers: list[bytes]) -> list[dict[str, Any]]:
        return [{k: v for k, v in json.loads(a).items() if k != "request_id"} for a in answers]

    before = read()
    show(client, abroad, Level.SERIALS)
    abroad.register(serials=["PAREIL1", "LEUR1"])
    assert without_request(read()) == without_request(before)
    # A force that only the neighbour has is no force here.
    assert code(client.get("/commission/holdings", params={"force": "GD"}, headers=world["commission"].headers)) == (
        404,
        "force.not_found",
    )


@pytest.mark.parametrize(
    "job",
    ["keeper", "keeper_bravo", "armourer", "commander", "commander_hq", "orderer", "accountant", "auditor",
     "administrator", "oversight", "soldier"],
)  # fmt: skip
def test_only_the_commission_reads_as_the_commission(client: httpx.Client, world: World, job: str) -> None:
    for path in ("/commission/holdings", "/commission/weapons"):
        assert code(client.get(path, headers=world[job].headers)) == (403, "access.not_permitted")


@pytest.mark.parametrize("job", ["commission", "commission_reader"])
@pytest.mark.parametrize("level", [Level.NOTHING, Level.COUNTS, Level.COUNTS_AND_MARKING])
def test_below_serials_no_route_lets_the_commission_have_a_number(
    node: tuple[httpx.Client, Engine, Engine], level: Level, job: str
) -> None:
    client, app, owner = node
    world = build_world(app)
    registered = world.register(3, serials=["SECRET001", "SECRET002", "SECRET003"])
    label(world, registered[:1])
    incident = opened(client, world, registered[1:2])
    show(client, world, level)
    secret = {
        row["text"]
        for row in plain(
            owner,
            "select id::text as text from weapon union select registry_number from weapon union select serial from "
            "weapon union select code from label union select raw from mark",
        )
    }
    known = {
        "weapon_id": str(registered[0].weapon_id),
        "incident_id": str(incident),
        "store_id": str(world.store_alpha),
        "code": "AT",
        "form": "json",
        "force": "AT",
        "quarter": "2026Q4",
    }
    asked = 0
    for path, route in api_routes():
        for method in sorted((route.methods or set()) & {"GET", "POST"}):
            filled = path.removeprefix("/v1")
            for name in route.param_convertors:
                filled = filled.replace("{" + name + "}", known.get(name, str(new_id())))
            for query in ({}, {"serial": "SECRET001"}, {"q": "SECRET001", "force": "AT"}):
                answer = client.request(
                    method,
                    filled,
                    params=query,
                    json={"code": "SECRET001", "typed": True} if method == "POST" else None,
                    headers=world[job].headers,
                )
                # What one asked for oneself comes back in an error, and is none of the register's.
                said = answer.text.replace(filled, "")
                assert [s for s in secret if s in said] == [], (method, filled, answer.text)
                asked += 1
                # The gate stands before all that a route asks for (`test_routes.py`): to it the three are one.
                if answer.status_code == 403 and answer.json()["code"] == "access.not_permitted":
                    break
    assert asked > 100
