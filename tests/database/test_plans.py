"""How PostgreSQL goes about what happens for every weapon moved, before anybody has gathered statistics."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

import million
from cluster import Database
from million import Load
from salw.access.queries import list_people, list_stores
from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import make_engine, run, transaction
from salw.custody.authorisations.queries import list_recalls, list_suspensions
from salw.custody.issued.queries import list_issued
from salw.custody.issued.rules import IssuedState
from salw.custody.musters.queries import list_unseen
from salw.custody.nominal_lists.queries import list_nominal_lists
from salw.custody.queries import list_holders, list_transfers
from salw.custody.rules import State
from salw.incidents.queries import find_open_loss_matches, list_incidents
from salw.intake.register.staging import find_alike
from salw.registry.queries import list_same_serial
from salw.registry.rules import MarkKind, NewMark
from salw.reports.balances import Model
from salw.reports.queries import Books, count_movements, count_stock
from salw.reports.situation_queries import count_situation
from salw.scanning import queries as scanning
from salw.scanning.history import list_history
from salw.stocktakes.queries import list_stocktakes
from world import build_world

# What PostgreSQL asks for each weapon moved, to see that the movement before led to whom it now leaves.
CHAIN_CHECK = """
prepare chain_check (text, uuid, int, uuid) as
select 1 from only movement x
 where x.country = $1 and x.weapon_id = $2 and x.seq = $3 and x.to_holder_id = $4 for key share of x
"""


def test_the_check_of_the_chain_goes_by_its_key_right_after_a_load(fresh_database: Database) -> None:
    engine = make_engine(fresh_database.urls["salw_app"])
    world = build_world(engine)
    for _ in range(4):
        world.register(500)
    owner = make_engine(fresh_database.urls["postgres"])
    with owner.begin() as db:
        # Without this the test would say nothing: its plan is for a table that nobody has analysed.
        assert run(db, "select from pg_stats where tablename = 'movement'") == []
        run(db, "set local role salw_owner")
        run(db, CHAIN_CHECK)
        run(db, "set local plan_cache_mode = force_generic_plan")
        plan = " ".join(
            row["QUERY PLAN"] for row in run(db, "explain execute chain_check ('BF', uuidv7(), 1, uuidv7())")
        )
    owner.dispose()
    engine.dispose()
    keys = {"pk_movement", "uq_movement_country_weapon_id_seq_to_holder_id"}
    assert sum(f"using {key} " in plan for key in keys) == 1, plan


# Of these there is one row or more a weapon; of everything else a few thousand, which one page after another is read.
BIG = {"weapon", "custody", "mark", "event", "movement", "label"}
# PostgreSQL itself says how it went about each statement, also inside functions, as it did.
EXPLAINED = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_level": "notice",
}


def explain_everything(superuser: Engine, database: str) -> None:
    """Let every new session of the service be told the plans of what it asks."""
    with superuser.begin() as db:
        for name, value in EXPLAINED.items():
            run(db, f"alter role salw_app in database \"{database}\" set {name} = '{value}'")


def held_all(stock: tuple[dict[Model, int], dict[Model, int]]) -> None:
    """Hold that there was something to count."""
    assert sum(stock[0].values()) > 0


def questions(db: Connection, actor: Actor, loaded: Load) -> dict[str, Callable[[], object]]:
    """Return every list, count and search of the service that begins from weapons, by what it is."""
    unit = actor.units[0]
    store = run(db, "select id from store where unit_id = %(u)s", {"u": unit})[0]["id"]
    weapons = [
        r["id"] for r in run(db, "select id from weapon where unit_id = %(u)s order by id limit 50", {"u": unit})
    ]
    serial = run(db, "select serial from weapon where id = %(w)s", {"w": weapons[0]})[0]["serial"]
    unit_books, store_books = Books(actor.country, None, actor.units), Books(actor.country, store, (unit,))
    mark = NewMark(MarkKind.FACTORY_SERIAL, serial)

    def issued(state: IssuedState) -> Callable[[], object]:
        return lambda: list_issued(db, actor, state=state, holder=None, now=clock.now(), after=None, limit=51)

    def unseen(*, never: bool) -> Callable[[], object]:
        now = clock.now()
        return lambda: list_unseen(db, actor, before=now, now=now, never=never, after=None, limit=51)

    def listed(**wanted: Any) -> Callable[[], object]:
        asked = {"store": None, "q": None, "state": None, "after": None, "limit": 51, **wanted}
        return lambda: scanning.list_weapon_ids(db, actor, **asked)

    return {
        "list": listed(),
        "next page": listed(after=weapons[-1]),
        "list of a store": listed(store=store),
        "list by state": listed(state=State.IN_STORE),
        "list of the missing": listed(state=State.MISSING),
        "search by serial": listed(q=serial),
        "search for a card": lambda: scanning.find_cards_by_text(db, actor, registry_number=serial, mark=serial),
        "scan": lambda: scanning.find_card_by_label(db, actor, serial.removeprefix("S").rjust(12, "W")),
        "cards of a page": lambda: scanning.list_cards(db, actor, weapons),
        "history": lambda: list_history(db, actor, weapons[0], whole=True, newest_first=True, after=None, limit=51),
        "marks": lambda: scanning.get_standing(db, actor, weapons[0]),
        "without label": lambda: scanning.list_unlabelled(db, actor, store, limit=50),
        "same serial": lambda: list_same_serial(db, actor, weapons[0], serial),
        "serials of a register": lambda: find_alike(db, actor, [serial]),
        "open losses": lambda: find_open_loss_matches(db, actor, [mark]),
        "incidents": lambda: list_incidents(db, actor, status=None, after=None, limit=51),
        "transfers": lambda: list_transfers(db, actor, status=None, after=None, limit=51),
        "checks": lambda: list_stocktakes(db, actor, store_id=None, status=None, after=None, limit=51),
        "stores": lambda: list_stores(db, actor, after=None, limit=51),
        "people": lambda: list_people(db, actor, matricule=None, after=None, limit=51),
        "holders": lambda: list_holders(db, actor, closed=False, after=None, limit=51),
        "out": issued(IssuedState.OUT),
        "overdue": issued(IssuedState.OVERDUE),
        "permanent": issued(IssuedState.PERMANENT),
        "not presented": unseen(never=False),
        "never presented": unseen(never=True),
        "nominal lists": lambda: list_nominal_lists(db, actor, store=None, after=None, limit=51),
        "weapons asked back": lambda: list_recalls(db, actor, after=None, limit=51),
        "suspensions": lambda: list_suspensions(db, actor, after=None, limit=51),
        "stock of the units": lambda: count_stock(db, unit_books, 2),
        "stock of a store": lambda: count_stock(db, store_books, 2),
        "stock of the units at a month end": lambda: held_all(count_stock(db, unit_books, 1)),
        "stock of a store at a month end": lambda: held_all(count_stock(db, store_books, 1)),
        "movements of a store": lambda: count_movements(db, store_books, 0, 1),
        "situation of the units": lambda: count_situation(db, unit_books, 2),
    }


# The million takes minutes to load, so it is soaked. Of 200,000 weapons a corps of 1,200 units has a third, and to read
# them all from end to end is then the right choice: the suite asks for the brigade alone.
@pytest.mark.parametrize(
    ("weapons", "scopes"),
    [
        pytest.param(200_000, (million.NARROW,), id="200,000"),
        pytest.param(1_000_000, (million.NARROW, million.WIDE), id="1,000,000", marks=pytest.mark.soak),
    ],
)
def test_no_list_count_or_search_reads_a_table_from_end_to_end(
    fresh_database: Database, weapons: int, scopes: tuple[int, ...]
) -> None:
    superuser = make_engine(fresh_database.urls["postgres"])
    app = make_engine(fresh_database.urls["salw_app"])
    world = build_world(app)
    app.dispose()
    loaded = million.load(superuser, world.hq, weapons)
    explain_everything(superuser, fresh_database.name)
    superuser.dispose()
    whole = {
        f"{name}, {size} units, {mode}": read
        for size in scopes
        for mode in ("force_custom_plan", "force_generic_plan")
        for name, read in read_whole(app, replace(world.founder, units=loaded.units[:size]), loaded, mode).items()
    }
    app.dispose()
    assert whole == {}


def read_whole(app: Engine, actor: Actor, loaded: Load, mode: str) -> dict[str, set[str]]:
    """Ask every question as the service does, and return the big tables that a plan reads from end to end."""
    told: list[str] = []
    found: dict[str, set[str]] = {}
    with transaction(app, country="BF", units=actor.units) as db:
        run(db, f"set local plan_cache_mode = {mode}")
        driver = db.connection.driver_connection
        assert driver is not None
        driver.add_notice_handler(lambda said: told.append(str(said.message_primary)))
        for name, ask in questions(db, actor, loaded).items():
            told.clear()
            ask()
            assert any("Query Text:" in plan for plan in told), name
            read = set(re.findall(r"Seq Scan on (\w+)", " ".join(told))) & BIG
            if read:
                found[name] = read
    return found
