"""Two forces of one country and one of another, for the tests that ask what each role sees of each place.

    state ── army ──┬─ alpha    one's own unit: whoever asks is posted here, or above it
          │         └─ bravo    its sister unit
          └─ guard ─┬─ charlie  a unit of another force
                    └─ depot    where mutations come from and go to; nobody asks for it

Each place is a `World` of its own in the eyes of the helpers of other tests: its unit is their Alpha, the depot is
their Bravo, and it has its own staff. So whatever they can make at Alpha can be made in every place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from salw.access.operations import organisation
from salw.access.rules import NATIONAL_ROLES, Role
from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import enter_scope, run
from salw.core.ids import new_id
from salw.custody.operations import holders
from salw.custody.rules import HolderKind
from world import TIME_ZONES, Member, World, enlist

STAFF: dict[str, Role | None] = {
    "keeper": Role.STOREKEEPER,
    "armourer": Role.ARMOURER,
    "commander": Role.UNIT_COMMANDER,
    "orderer": Role.ORDERING_AUTHORITY,
    "accountant": Role.ACCOUNTANT,
    "commission": Role.COMMISSION_OFFICER,
    "soldier": None,
}
STARTED_ON = date(2020, 1, 1)


@dataclass(frozen=True)
class Nation:
    """The places of a country by name, and who asks: a person of each role at each post."""

    places: Mapping[str, World]
    askers: Mapping[tuple[str, Role | None], Member]
    codenames: Mapping[str, str]


def build_nation(engine: Engine, country: str, *, force: str = "AT", other_force: str = "GN") -> Nation:
    """Build the units, stores, staff and askers of a country through the real operations, and commit them."""
    now = clock.now()
    founder = Actor(country, new_id(), new_id(), bytes(32), (), (), now.date(), TIME_ZONES[country])
    codenames = {name: f"{name}-{new_id().hex[-8:]}" for name in ("alpha", "bravo", "charlie", "depot")}
    with engine.begin() as db:
        state = _unit(db, founder, now, None, "État d'essai", None)
        army = _unit(db, founder, now, state, "Armée d'essai", force, books=True)
        guard = _unit(db, founder, now, state, "Garde d'essai", other_force, books=True)
        above = {"alpha": (army, force), "bravo": (army, force), "charlie": (guard, other_force)}
        above["depot"] = above["charlie"]
        units = {
            name: _unit(db, founder, now, hq, f"Unité {codenames[name]}", code) for name, (hq, code) in above.items()
        }
        everything = (state, army, guard, *units.values())
        founder = replace(founder, units=everything)
        enter_scope(db, country=country, units=everything)
        # The depot is its own Bravo: nobody sends from it to itself.
        depot = World(engine, country, founder, state, guard, units["depot"], units["depot"])
        _furnish(db, depot, now, codenames["depot"])
        places = {
            name: World(engine, country, founder, state, hq, units[name], depot.alpha, store_bravo=depot.store_alpha)
            for name, (hq, _) in above.items()
            if name != "depot"
        }
        for name, place in places.items():
            _furnish(db, place, now, codenames[name])
            place.cast |= {f"{job}_bravo": member for job, member in depot.cast.items()}
        posts = {"unit": units["alpha"], "force": army, "state": state}
        askers = {
            (post, role): enlist(db, founder, now, f"asker-{post}", unit, role)
            for post, unit in posts.items()
            for role in (*Role, None)
            # What reads or speaks for a whole country is given at its top alone.
            if post == "state" or role not in NATIONAL_ROLES
        }
    return Nation({**places, "depot": depot}, askers, codenames)


def _unit(
    db: Connection,
    founder: Actor,
    now: datetime,
    parent: int | None,
    name: str,
    force: str | None,
    books: bool = False,
    short_name: str | None = None,
) -> int:
    enter_scope(db, country=founder.country, units=())
    return organisation.create_unit(
        db,
        actor=founder,
        now=now,
        unit_uuid=new_id(),
        parent_id=parent,
        force_code=force,
        name=name,
        short_name=short_name or name[:12],
        region=None,
        keeps_books=books,
        started_on=STARTED_ON,
    )


def _furnish(db: Connection, place: World, now: datetime, codename: str) -> None:
    """Give a place its staff, its store and a post; whatever bears its codename is to be seen by nobody else."""
    for job, role in STAFF.items():
        unit = place.root if role in NATIONAL_ROLES else place.alpha
        place.cast[job] = enlist(db, place.founder, now, f"{job}-{codename}", unit, role)
    place.cast["commander_hq"] = enlist(db, place.founder, now, "chef", place.hq, Role.UNIT_COMMANDER)
    open_store(db, place, place.store_alpha)
    holders.open_collective_holder(
        db,
        actor=place.founder,
        now=now,
        holder_id=place.post_alpha,
        unit_id=place.alpha,
        kind=HolderKind.POST,
        name=f"Poste {codename}",
        person_id=place["soldier"].person_id,
    )


def somebody(place: World, role: Role | None = None, *, unit_id: int | None = None) -> Member:
    """Return a new person of a place, or of another unit of its country, with an account and an open session."""
    with place.transaction() as db:
        return enlist(db, place.founder, clock.now(), "quelqu'un", unit_id or place.alpha, role)


def prove_all(owner_engine: Engine) -> None:
    """Let everybody who is logged in have proven himself just now."""
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "update session set proven_at = %(now)s where proven_at is not null", {"now": clock.now()})


def new_unit(place: World, parent: int | None, force: str | None, short_name: str = "Unité neuve") -> tuple[int, UUID]:
    """Open one more unit of a country, and return its number and its identifier."""
    with place.engine.begin() as db:
        unit = _unit(db, place.founder, clock.now(), parent, "Unité neuve d'essai", force, short_name=short_name)
        rows = run(db, "select uuid from unit where id = %(id)s", {"id": unit})
    found: UUID = rows[0]["uuid"]
    return unit, found


def open_store(db: Connection, place: World, store_id: UUID) -> None:
    """Open one more store of a place. Its name says nothing: the other side of a mutation reads it."""
    holders.open_store(
        db,
        actor=place.founder,
        now=clock.now(),
        store_id=store_id,
        unit_id=place.alpha,
        name="Armurerie d'essai",
        place=None,
        started_on=STARTED_ON,
        storekeeper_id=place["keeper"].person_id,
    )
