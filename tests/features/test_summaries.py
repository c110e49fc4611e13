"""What crosses a border: published cells, and nothing else."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import Engine

from reporting import decide, opened
from salw.access.operations import organisation
from salw.access.rules import Permission, Role
from salw.commission.rules import Level
from salw.core import clock
from salw.core.db import enter_scope, make_engine, run
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.roles import LOGIN_ROLES
from salw.custody.rules import SINKS, STATE_SQL, State
from salw.ledger.sequencer import drain
from salw.registry.classification import ClassCode
from salw.summaries.operations import publish_quarter
from salw.summaries.queries import list_cells
from salw.summaries.rules import Cell, Detail, Quarter, add_up, quarter_of
from world import TIME_ZONES, World

HIDDEN_FROM_EXCHANGE = (
    "weapon", "mark", "label", "custody", "movement", "holder", "person", "personal_value", "event", "leaf",
    "case_mark", "store", "unit", "document", "issue", "transfer", "account", "session",
)  # fmt: skip


def this_quarter(country: str = "BF") -> str:
    return str(quarter_of(clock.now(), TIME_ZONES[country]))


@pytest.fixture
def publisher_engine(urls: dict[str, str]) -> Iterator[Engine]:
    engine = make_engine(urls["salw_publisher"])
    yield engine
    engine.dispose()


def set_detail(client: httpx.Client, world: World, detail: Detail, force: str = "AT") -> httpx.Response:
    return client.put(
        f"/publication-settings/{force}", json={"detail": detail.value}, headers=world["commission"].headers
    )


def open_up(client: httpx.Client, world: World, detail: Detail) -> None:
    """Let the army show its commission counts and marking, and the commission publish them."""
    world.show(Level.COUNTS_AND_MARKING)
    assert set_detail(client, world, detail).status_code == 200


def publish(
    client: httpx.Client,
    world: World,
    *,
    release: UUID | None = None,
    quarter: str | None = None,
    job: str = "commission",
) -> httpx.Response:
    return client.post(
        f"/summaries/{quarter or this_quarter(world.country)}/publication",
        json={"id": str(release or new_id())},
        headers=world[job].headers,
    )


def read(client: httpx.Client, world: World, quarter: str | None = None) -> dict[str, Any]:
    answer = client.get(
        "/summaries/cross-border",
        params={"quarter": quarter or this_quarter(world.country)},
        headers=world["commission_reader"].headers,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def country_of(answer: dict[str, Any], code: str) -> dict[str, Any]:
    return next(c for c in answer["countries"] if c["code"] == code)


def events(world: World, kind: str) -> list[bytes]:
    with world.transaction() as db:
        rows = run(db, "select canonical from event where kind = %(kind)s order by recorded_at", {"kind": kind})
    return [bytes(row["canonical"]) for row in rows]


def switch_all_off(owner_engine: Engine) -> None:
    """Begin from nothing: the tests of a worker share one database and three countries."""
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "delete from publication_setting")


@pytest.fixture(autouse=True)
def nothing_switched_on(owner_engine: Engine) -> None:
    switch_all_off(owner_engine)


def test_totals_equal_a_plain_group_by(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    world.register(12)
    world.register(3, class_code=ClassCode("SA-PIS"))
    out = client.put(
        f"/issues/{new_id()}",
        json={
            "store": str(world.store_alpha),
            "to": {"person": str(world["soldier"].person_id)},
            "weapons": [{"weapon": str(w.weapon_id), "version": 1} for w in world.register(4)],
        },
        headers=world["keeper"].headers,
    )
    assert out.status_code == 200, out.text
    open_up(client, world, Detail.EXACT)
    assert publish(client, world).status_code == 200
    mine = country_of(read(client, world), "BF")
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        plain = run(
            db,
            f"""
            select w.class_code, {STATE_SQL} as state, count(*) as weapons,
                   count(*) filter (where w.nationally_marked) as marked, count(*) filter (where w.labelled) as labelled
              from weapon w
              join custody c on (c.country, c.weapon_id) = (w.country, w.id)
              join holder h on (h.country, h.id) = (c.country, c.holder_id)
              join unit u on (u.country, u.id) = (h.country, h.unit_id)
              left join case_mark k on (k.country, k.weapon_id) = (w.country, w.id)
             where w.country = 'BF' and u.force_code = 'AT' and h.kind not in ('merged', 'entered_by_mistake')
             group by 1, 2 order by 1, 2
            """,
        )
    published = [c for c in mine["cells"] if c["weapons"]]
    assert [(c["class_code"], c["state"], c["weapons"], c["marked"], c["labelled"]) for c in published] == [
        tuple(row.values()) for row in plain
    ]
    assert mine["totals"]["weapons"] == sum(row["weapons"] for row in plain) == mine["forces"][0]["totals"]["weapons"]
    assert mine["totals"]["in_stock"] == sum(r["weapons"] for r in plain if r["state"] not in {s.value for s in SINKS})
    assert mine["totals"]["marked"]["among"] == mine["totals"]["in_stock"]


def test_the_table_adds_up_in_both_directions(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    niger = new_world("NE")
    world.register(11)
    niger.register(5)
    for one in (world, niger):
        open_up(client, one, Detail.EXACT)
        assert publish(client, one).status_code == 200
    answer = read(client, world)
    assert [c["code"] for c in answer["countries"]] == ["BF", "ML", "NE"]
    for code in ("BF", "NE"):
        column = sum(row["weapons"][code] or 0 for row in answer["side_by_side"])
        assert column == country_of(answer, code)["totals"]["weapons"]
    assert sum(row["total"] for row in answer["side_by_side"]) == answer["totals"]["weapons"]
    assert all(row["total"] == sum(n or 0 for n in row["weapons"].values()) for row in answer["side_by_side"])


def test_nothing_is_published_until_the_commission_switches_a_force_on(client: httpx.Client, world: World) -> None:
    world.register(1)
    settings = client.get("/publication-settings", headers=world["commission"].headers).json()["items"]
    assert {s["detail"] for s in settings} == {"off"}
    # The country may have published before in this shared database; then an empty release withdraws it.
    answer = publish(client, world)
    if answer.status_code == 409:
        assert answer.json()["code"] == "summary.nothing_switched_on"
    mine = country_of(read(client, world), "BF")
    assert (mine["published"], mine["cells"], mine["totals"]["weapons"]) == (False, [], 0)


def test_a_force_that_is_off_is_absent(client: httpx.Client, world: World) -> None:
    world.register(2)
    world.show(Level.COUNTS_AND_MARKING)
    found_force(world, "AA")
    world.show(Level.COUNTS, force="AA", job="soldier")
    set_detail(client, world, Detail.EXACT, force="AA")
    assert publish(client, world).status_code == 200
    mine = country_of(read(client, world), "BF")
    assert [f["code"] for f in mine["forces"]] == ["AA"]
    assert not [c for c in mine["cells"] if c["force"] == "AT"]


def found_force(world: World, force: str) -> None:
    """Give another force a unit, with the soldier at its head."""
    with world.transaction() as db:
        enter_scope(db, country=world.country, units=())
        unit = organisation.create_unit(
            db,
            actor=world.founder,
            now=clock.now(),
            unit_uuid=new_id(),
            parent_id=world.root,
            force_code=force,
            name="Base d'essai",
            short_name="Base d'essai",
            region=None,
            keeps_books=True,
            started_on=date(2020, 1, 1),
        )
    world.post("soldier", unit, Role.UNIT_COMMANDER)


def test_of_a_force_that_shows_nothing_nothing_is_published_and_the_release_says_so(
    client: httpx.Client, world: World
) -> None:
    world.register(12)
    open_up(client, world, Detail.EXACT)
    found_force(world, "AA")
    world.show(Level.COUNTS, force="AA", job="soldier")
    set_detail(client, world, Detail.EXACT, force="AA")
    assert publish(client, world).json()["forces"] == ["AA", "AT"]
    assert country_of(read(client, world), "BF")["totals"]["weapons"] >= 12
    world.show(Level.NOTHING)
    answer = publish(client, world)
    assert (answer.status_code, answer.json()["forces"], answer.json()["left_out"]) == (200, ["AA"], ["AT"])
    mine = country_of(read(client, world), "BF")
    assert [f["code"] for f in mine["forces"]] == ["AA"]
    assert mine["left_out"] == [{"code": "AT", "name_fr": "armée de terre", "name_en": "army"}]
    # No total knows of it, so nothing can be subtracted: all there is is what the forces in the release add up to.
    assert (mine["cells"], mine["totals"]["weapons"], mine["totals"]["hidden"]) == ([], 0, 0)
    assert all(row["weapons"]["BF"] is None for row in read(client, world)["side_by_side"])
    told = json.loads(events(world, "quarter.published")[-1])
    assert (told["facts"]["release"], told["facts"]["left_out"]) == (answer.json()["id"], ["AT"])


def test_switched_on_for_a_force_that_shows_nothing_it_waits_until_the_force_shows_counts(
    client: httpx.Client, world: World
) -> None:
    world.register(12)
    world.show(Level.NOTHING)
    setting = set_detail(client, world, Detail.EXACT)
    assert (setting.status_code, setting.json()["detail"], setting.json()["counts_shown"]) == (200, "exact", False)
    answer = publish(client, world, quarter="2001Q3")
    assert (answer.status_code, answer.json()["code"]) == (409, "summary.nothing_shown")
    world.show(Level.COUNTS)
    settings = client.get("/publication-settings", headers=world["commission"].headers).json()["items"]
    mine = next(s for s in settings if s["code"] == "AT")
    assert (mine["detail"], mine["counts_shown"], mine["marking_shown"]) == ("exact", True, False)
    assert publish(client, world).json()["forces"] == ["AT"]
    assert country_of(read(client, world), "BF")["totals"]["weapons"] >= 12


@pytest.mark.parametrize("detail", [Detail.EXACT, Detail.ROUNDED])
def test_rates_are_published_only_of_forces_that_show_marking(
    client: httpx.Client, world: World, owner_engine: Engine, detail: Detail
) -> None:
    for _ in range(2):
        world.register(12, class_code=ClassCode("LW-AGL"))
    open_up(client, world, detail)
    publish(client, world)
    before = country_of(read(client, world), "BF")
    assert before["totals"]["marked"]["among"] > 0
    world.show(Level.COUNTS)
    publish(client, world)
    after = country_of(read(client, world), "BF")
    assert [f["marking"] for f in (before["forces"][0], after["forces"][0])] == [True, False]
    assert {(c["marked"], c["labelled"]) for c in after["cells"]} == {(None, None)}
    assert [c["weapons"] for c in after["cells"]] == [c["weapons"] for c in before["cells"]]
    assert after["totals"]["marked"] == after["totals"]["labelled"] == {"count": 0, "among": 0, "rate": None}
    # What is not shown is not a small number, and is not counted as one.
    assert not {"marked", "labelled"} & set(after["totals"]["partial"])
    assert after["totals"]["hidden"] == sum(
        c[m] is None for c in after["cells"] for m in ("weapons", "losses", "recoveries")
    )
    world.show(Level.SERIALS)
    publish(client, world)
    assert country_of(read(client, world), "BF")["totals"] == before["totals"]


def test_a_past_quarter_goes_by_what_is_shown_on_the_day_of_its_publication(
    client: httpx.Client, world: World, publisher_engine: Engine, sequencer_engine: Engine
) -> None:
    world.register(12)
    drain(sequencer_engine)
    open_up(client, world, Detail.EXACT)
    now = quarter_of(clock.now(), TIME_ZONES["BF"])
    later = now.bounds(TIME_ZONES["BF"])[1] + timedelta(days=3)
    actor = world.actor("commission", Permission.SUMMARY_PUBLISH)
    for level, shown in ((Level.COUNTS, True), (Level.NOTHING, False)):
        world.show(level)
        with publisher_engine.begin() as db:
            enter_scope(db, country="BF", units=())
            publish_quarter(db, actor=actor, now=later, release_id=new_id(), quarter=now)
        mine = country_of(read(client, world), "BF")
        assert (mine["release"]["provisional"], mine["published"], bool(mine["cells"])) == (False, shown, shown)


def test_figures_are_not_added_to_a_release_that_is_out(
    client: httpx.Client, world: World, publisher_engine: Engine
) -> None:
    world.register(1)
    open_up(client, world, Detail.EXACT)
    release = publish(client, world).json()
    world.register(1, class_code=ClassCode("LW-HMG"))
    world.show(Level.NOTHING)
    with publisher_engine.begin() as db:
        enter_scope(db, country="BF", units=())
        call = CALL.replace("2026Q1", "2001Q2")
        assert run(db, call, {"id": release["id"]})[0]["number"] is None
        kept = run(db, "select count(*) as n from published_cell where release_id = %(id)s", {"id": release["id"]})
    assert kept[0]["n"] == release["cells"]


def test_small_cells_are_suppressed_and_the_rest_is_rounded_to_five(
    client: httpx.Client, new_world: Callable[[str], World], owner_engine: Engine
) -> None:
    mali = new_world("ML")
    mali.register(3, class_code=ClassCode("LW-MOR"))
    mali.register(12, class_code=ClassCode("LW-AGL"))
    open_up(client, mali, Detail.EXACT)
    publish(client, mali)
    exact = {(c["class_code"], c["state"]): c for c in country_of(read(client, mali), "ML")["cells"]}
    open_up(client, mali, Detail.ROUNDED)
    publish(client, mali)
    shown = country_of(read(client, mali), "ML")
    rounded = {(c["class_code"], c["state"]): c for c in shown["cells"]}
    assert exact.keys() == rounded.keys()
    for key, cell in exact.items():
        for metric in ("weapons", "marked", "labelled", "losses", "recoveries"):
            true, seen = cell[metric], rounded[key][metric]
            if 0 < true < 10:
                assert seen is None, (key, metric)
            else:
                assert seen is not None
                assert seen % 5 == 0
                assert abs(seen - true) <= 2
    assert any(cell["weapons"] is None for cell in rounded.values())
    assert shown["totals"]["weapons"] == sum(c["weapons"] or 0 for c in rounded.values())
    assert shown["totals"]["hidden"] == sum(
        c[m] is None for c in rounded.values() for m in ("weapons", "marked", "labelled", "losses", "recoveries")
    )


def test_the_newest_release_is_shown_and_the_earlier_ones_stay(
    client: httpx.Client, world: World, publisher_engine: Engine
) -> None:
    open_up(client, world, Detail.EXACT)
    world.register(1)
    first = publish(client, world).json()
    before = country_of(read(client, world), "BF")
    world.register(2)
    assert country_of(read(client, world), "BF") == before
    second = publish(client, world).json()
    after = country_of(read(client, world), "BF")
    assert second["number"] == first["number"] + 1
    assert after["release"]["id"] == second["id"]
    assert after["totals"]["weapons"] == before["totals"]["weapons"] + 2
    with publisher_engine.begin() as db:
        enter_scope(db, country="BF", units=())
        kept = run(db, "select count(*) as n from published_cell where release_id = %(id)s", {"id": first["id"]})
    assert kept[0]["n"] == first["cells"]
    with publisher_engine.connect() as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(db, "delete from published_cell")


def test_a_repeated_publication_gives_the_first_answer(client: httpx.Client, world: World) -> None:
    open_up(client, world, Detail.EXACT)
    release = new_id()
    first = publish(client, world, release=release)
    world.register(1)
    again = publish(client, world, release=release)
    assert (first.status_code, again.status_code) == (200, 200), again.text
    assert first.json() == again.json()


def log_size_of(owner_engine: Engine, release: str) -> int | None:
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        size: int | None = run(db, "select log_size from published_release where id = %(id)s", {"id": release})[0][
            "log_size"
        ]
    return size


@pytest.fixture
def exchange_engine(urls: dict[str, str]) -> Iterator[Engine]:
    engine = make_engine(urls["salw_exchange"])
    yield engine
    engine.dispose()


def test_the_size_of_a_log_is_not_told_across_a_border_and_the_exchange_role_cannot_read_it(
    client: httpx.Client, world: World, exchange_engine: Engine
) -> None:
    open_up(client, world, Detail.EXACT)
    publish(client, world)
    release = country_of(read(client, world), "BF")["release"]
    assert sorted(release) == ["id", "number", "provisional", "published_at"]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), exchange_engine.begin() as db:
        run(db, "select log_size from published_release")


def test_a_running_quarter_is_provisional_and_one_ahead_is_refused(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    open_up(client, world, Detail.EXACT)
    publish(client, world)
    release = country_of(read(client, world), "BF")["release"]
    assert (release["provisional"], log_size_of(owner_engine, release["id"])) == (True, None)
    answer = publish(client, world, quarter="2099Q1")
    assert (answer.status_code, answer.json()["code"]) == (422, "summary.quarter_ahead")
    assert (answer.json()["details"], answer.json()["detail"]) == (
        {"quarter": "2099Q1"},
        "Le 1er trimestre 2099 n'a pas commencé.",
    )


def by_state(world: World, class_code: ClassCode) -> dict[str, int]:
    """Return the present weapons of a class of the army of Burkina Faso, without any reading of the past."""
    with world.transaction() as db:
        rows = run(
            db,
            f"select {STATE_SQL} as state, count(*) as n from custody c "
            "join weapon w on (w.country, w.id) = (c.country, c.weapon_id) "
            "join holder h on (h.country, h.id) = (c.country, c.holder_id) "
            "join unit u on (u.country, u.id) = (h.country, h.unit_id) "
            "left join case_mark k on (k.country, k.weapon_id) = (c.country, c.weapon_id) "
            "where c.country = 'BF' and u.force_code = 'AT' and w.class_code = %(class)s group by 1",
            {"class": class_code},
        )
    return {r["state"]: r["n"] for r in rows}


def test_a_quarter_that_is_over_shows_custody_at_its_sealed_log_size(
    client: httpx.Client, world: World, publisher_engine: Engine, sequencer_engine: Engine, owner_engine: Engine
) -> None:
    open_up(client, world, Detail.EXACT)
    revolver = ClassCode("SA-REV")  # other tests of this database mark weapons as missing past the log, no revolvers
    found, gone, *_ = world.register(4, class_code=revolver)
    case = opened(client, world, [found, gone])
    drain(sequencer_engine)
    # What was sealed until now belongs to no earlier quarter: the past one shows none of it.
    now = quarter_of(clock.now(), TIME_ZONES["BF"])
    past = Quarter(now.year - 1, 4) if now.number == 1 else Quarter(now.year, now.number - 1)
    assert publish(client, world, quarter=str(past)).status_code == 200
    shown = country_of(read(client, world, str(past)), "BF")
    assert (shown["release"]["provisional"], shown["cells"]) == (False, [])
    assert log_size_of(owner_engine, shown["release"]["id"]) == 0
    # And seen from the next quarter, this one ends with everything sealed in it, issued since or not.
    later = now.bounds(TIME_ZONES["BF"])[1] + timedelta(days=3)
    out = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(w.weapon_id), "version": 1} for w in world.register(1, class_code=revolver)],
    }
    drain(sequencer_engine)
    before = by_state(world, revolver)
    assert before["missing"] >= 2
    assert client.put(f"/issues/{new_id()}", json=out, headers=world["keeper"].headers).status_code == 200
    assert decide(client, world, case, "found_again", [found]).status_code == 200
    assert decide(client, world, case, "written_off", [gone]).status_code == 200
    release = new_id()
    with publisher_engine.begin() as db:
        enter_scope(db, country="BF", units=())
        actor = world.actor("commission", Permission.SUMMARY_PUBLISH)
        publish_quarter(db, actor=actor, now=later, release_id=release, quarter=now)
    final = country_of(read(client, world), "BF")
    with world.transaction() as db:
        sealed = run(db, "select count(*) as n from leaf where country = 'BF'")[0]["n"]
    assert (final["release"]["id"], log_size_of(owner_engine, str(release))) == (str(release), sealed)
    # The issue and the outcomes are committed and not sealed: who had the weapons, and that they were missing, stays.
    assert {c["state"]: c["weapons"] for c in final["cells"] if c["class_code"] == revolver and c["weapons"]} == before


def test_a_change_in_one_country_alters_only_its_own_published_part(
    client: httpx.Client, world: World, new_world: Callable[[str], World]
) -> None:
    mali = new_world("ML")
    for one in (world, mali):
        one.register(1)
        open_up(client, one, Detail.EXACT)
        publish(client, one)
    before = read(client, world)
    own = client.get("/stores", headers=world["keeper"].headers).json()
    mali.register(20)
    assert read(client, world) == before
    publish(client, mali)
    after = read(client, world)
    assert country_of(after, "BF") == country_of(before, "BF")
    assert country_of(after, "ML")["totals"]["weapons"] == country_of(before, "ML")["totals"]["weapons"] + 20
    assert client.get("/stores", headers=world["keeper"].headers).json() == own


def test_only_the_commission_reads_and_only_its_officer_publishes(client: httpx.Client, world: World) -> None:
    for job in ("keeper", "commander", "accountant", "auditor", "administrator", "oversight", "soldier"):
        answer = client.get("/summaries/cross-border", headers=world[job].headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job
    for job in ("keeper", "auditor", "commission_reader"):
        answer = publish(client, world, job=job)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job
        answer = client.put("/publication-settings/AT", json={"detail": "exact"}, headers=world[job].headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "access.not_permitted"), job


def test_switching_on_is_an_event_and_switching_to_the_same_is_none(client: httpx.Client, world: World) -> None:
    before = len(events(world, "publication.set"))
    assert set_detail(client, world, Detail.ROUNDED).json()["detail"] == "rounded"
    assert len(events(world, "publication.set")) == before + 1
    set_detail(client, world, Detail.ROUNDED)
    assert len(events(world, "publication.set")) == before + 1
    answer = set_detail(client, world, Detail.EXACT, force="XX")
    assert (answer.status_code, answer.json()["code"]) == (404, "summary.force_not_found")


@pytest.mark.parametrize("table", HIDDEN_FROM_EXCHANGE)
def test_the_exchange_role_has_no_select_on_what_is_not_published(owner_engine: Engine, table: str) -> None:
    with owner_engine.connect() as db:
        rights = run(
            db,
            "select has_table_privilege('salw_exchange', %(t)s, 'select, insert, update, delete') as whole,"
            " has_any_column_privilege('salw_exchange', %(t)s, 'select, insert, update') as part",
            {"t": table},
        )[0]
    assert rights == {"whole": False, "part": False}


def test_the_exchange_role_reads_published_tables_and_reference_data_and_nothing_else(owner_engine: Engine) -> None:
    with owner_engine.connect() as db:
        rows = run(
            db,
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'public' and c.relkind in ('r', 'v', 'm', 'p')"
            " and has_any_column_privilege('salw_exchange', c.oid, 'select, insert, update') order by 1",
        )
    readable = {row["relname"] for row in rows}
    assert {"published_cell", "published_force", "published_release"} <= readable
    # And what this node signed as a witness of others' logs, which is about no register of ours.
    assert readable - {"alembic_version", "country", "force", "model", "witness_state"} <= {
        r for r in readable if r.startswith("published_") or r.startswith("notice")
    }


def test_the_app_role_cannot_read_or_write_what_is_published(app_engine: Engine) -> None:
    for table in ("published_cell", "published_force", "published_release"):
        with app_engine.connect() as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
            run(db, f"select 1 from {table}")


CALL = "select * from publish_release(%(id)s, '2026Q1', '2026-01-01', '2026-04-01', false)"


def test_the_publisher_sees_and_writes_its_own_country_alone(
    client: httpx.Client, world: World, new_world: Callable[[str], World], publisher_engine: Engine
) -> None:
    mali = new_world("ML")
    for one in (world, mali):
        one.register(1)
        open_up(client, one, Detail.EXACT)
        publish(client, one)
    with publisher_engine.begin() as db:
        enter_scope(db, country="BF", units=())
        for table in ("published_release", "published_force", "published_cell"):
            assert {r["country"] for r in run(db, f"select country from {table}")} == {"BF"}, table
        # Whatever it calls, it writes where it is: the country is no argument.
        release = new_id()
        run(db, CALL, {"id": release})
        assert run(db, "select country from published_release where id = %(id)s", {"id": release}) == [
            {"country": "BF"}
        ]


def test_the_publisher_reads_no_register_and_writes_no_figure_by_itself(publisher_engine: Engine) -> None:
    for statement in (
        "select id from weapon",
        "select weapon_id from custody",
        "select weapon_id from movement",
        "select weapon_id from case_mark",
        "select id from holder",
        "select id from unit",
        "select idx from leaf",
        "select event_id from event_queue",
        "select 1 from person",
        "select canonical from event",
        "select level from disclosure",
        "select detail from publication_setting",
        "insert into published_release (country, id, quarter, number, provisional)"
        " values ('BF', gen_random_uuid(), '2026Q1', 99, true)",
        "insert into published_force (country, release_id, force_code, detail, marking)"
        " select country, id, 'AT', 'exact', true from published_release",
        "insert into published_omission (country, release_id, force_code)"
        " select country, id, 'AT' from published_release",
        "insert into published_cell (country, release_id, force_code, class_code, state, weapons)"
        " select country, release_id, force_code, 'SA-ASR', 'in_store', 1 from published_force",
    ):
        with publisher_engine.connect() as db:
            enter_scope(db, country="BF", units=())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                run(db, statement)


def test_without_a_country_nothing_is_published(
    client: httpx.Client, world: World, publisher_engine: Engine, owner_engine: Engine
) -> None:
    open_up(client, world, Detail.EXACT)
    for country in (None, "", "XX"):
        release = new_id()
        with publisher_engine.begin() as db:
            if country is not None:
                enter_scope(db, country=country, units=world.units)
            assert run(db, CALL, {"id": release})[0]["number"] is None
        with owner_engine.begin() as db:
            run(db, "set local role salw_owner")
            assert run(db, "select 1 from published_release where id = %(id)s", {"id": release}) == []


@pytest.mark.parametrize("role", sorted(set(LOGIN_ROLES) - {"salw_publisher", "salw_migrator"}))
def test_no_other_role_publishes(urls: dict[str, str], role: str) -> None:
    engine = make_engine(urls[role])
    with engine.connect() as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(db, CALL, {"id": new_id()})
    engine.dispose()


def test_if_the_ledger_refuses_the_event_nothing_is_published(
    client: httpx.Client, world: World, publisher_engine: Engine, owner_engine: Engine
) -> None:
    open_up(client, world, Detail.EXACT)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "revoke insert on event from salw_publisher")
    release = new_id()
    try:
        answer = publish(client, world, release=release)
    finally:
        with owner_engine.begin() as db:
            run(db, "set local role salw_owner")
            run(db, "grant insert on event to salw_publisher")
    assert answer.status_code == 500
    with publisher_engine.begin() as db:
        enter_scope(db, country="BF", units=())
        assert not run(db, "select 1 from published_release where id = %(id)s", {"id": release})


def test_published_sums_never_include_what_is_hidden() -> None:
    cells = [
        Cell("AT", "SA-ASR", State.IN_STORE, 100, 60, None, 0, 0),
        Cell("AT", "SA-PIS", State.ISSUED, None, None, None, 0, 0),
        Cell("AT", "SA-ASR", State.LOST, 20, 10, 10, 20, 10),
    ]
    totals = add_up(cells)
    assert (totals.weapons, totals.in_stock, totals.hidden) == (120, 100, 4)
    assert totals.partial == ("weapons", "in_stock", "marked", "labelled")
    unmarked = add_up([*cells[:1], Cell("AA", "SA-ASR", State.IN_STORE, 50, None, None, 0, None, marking=False)])
    assert (unmarked.in_stock, unmarked.marked.among, unmarked.hidden) == (150, 100, 2)
    assert unmarked.partial == ("labelled", "recoveries")
    nought = add_up([Cell("AT", "SA-ASR", State.LOST, 10, 10, 10, None, 0)])
    assert (nought.losses, nought.partial) == (0, ("losses",)), "a nought beside a hidden loss is not none"
    assert (totals.marked.count, totals.marked.among, totals.marked.rate) == (60, 100, 0.6)
    assert (totals.labelled.among, totals.labelled.rate) == (0, None)
    assert (totals.losses, totals.recoveries) == (20, 10)


def test_a_quarter_begins_and_ends_in_the_time_of_the_country() -> None:
    begin, end = Quarter(2026, 4).bounds("Africa/Niamey")
    assert (begin.isoformat(), end.isoformat()) == ("2026-10-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00")
    assert quarter_of(begin - timedelta(seconds=1), "Africa/Niamey") == Quarter(2026, 3)
    assert quarter_of(begin, "Africa/Niamey") == Quarter(2026, 4)


def test_a_quarter_is_written_as_people_write_it_and_to_programs_as_a_code() -> None:
    quarter = Quarter(2026, 4)
    assert f"{quarter:fr}, {quarter:en}, {quarter}" == "4e trimestre 2026, 4th quarter 2026, 2026Q4"


def test_publishing_ahead_raises_before_anything_is_read(world: World, publisher_engine: Engine) -> None:
    with publisher_engine.begin() as db, pytest.raises(DomainError, match=r"summary\.quarter_ahead"):
        publish_quarter(
            db, actor=world.actor("commission"), now=clock.now(), release_id=new_id(), quarter=Quarter(2098, 1)
        )
    with publisher_engine.begin() as db:
        enter_scope(db, country="BF", units=())
        assert not run(db, "select 1 from published_release where quarter = '2098Q1'")


def test_reading_a_quarter_nobody_published_lists_all_countries_as_such(
    client: httpx.Client, world: World, urls: dict[str, str]
) -> None:
    answer = read(client, world, "2001Q1")
    assert [(c["code"], c["published"], c["release"]) for c in answer["countries"]] == [
        ("BF", False, None),
        ("ML", False, None),
        ("NE", False, None),
    ]
    engine = make_engine(urls["salw_exchange"])
    with engine.connect() as db:
        assert list_cells(db, Quarter(2001, 1)) == []
    engine.dispose()
