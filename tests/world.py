"""The cast and the places of most tests: a small army in its own branch of a country's tree.

Every call builds new units, so that tests commit for real and still never meet. Jobs, not names:
`keeper` keeps the store of Alpha, `keeper_bravo` the one of Bravo, `soldier` has no role at all.
"""

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Engine

from salw.access.operations import organisation
from salw.access.operations.organisation import NewPerson, NewPosting
from salw.access.rules import Permission, Role, roles_with
from salw.commission.operations import set_disclosure
from salw.commission.rules import Level
from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import enter_scope, run
from salw.core.ids import new_id, random_bytes
from salw.custody.operations import holders
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected, HolderKind, MovementKind
from salw.intake.operations.registration import register_weapons
from salw.registry.classification import ClassCode
from salw.registry.rules import MarkKind, NewMark, NewWeapon

ASSAULT_RIFLE = ClassCode("SA-ASR")
TIME_ZONES = {"BF": "Africa/Ouagadougou", "ML": "Africa/Bamako", "NE": "Africa/Niamey"}


@dataclass
class Member:
    """One of the cast: a person with at most one posting, an account and an open session."""

    person_id: UUID
    account_id: UUID
    unit_id: int
    role: Role | None
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Return what identifies him over HTTP."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class World:
    """One country's small army: `root` over `hq` (keeps books) over the battalions `alpha` and `bravo`."""

    engine: Engine
    country: str
    founder: Actor
    root: int = 0
    hq: int = 0
    alpha: int = 0
    bravo: int = 0
    store_alpha: UUID = field(default_factory=new_id)
    store_bravo: UUID = field(default_factory=new_id)
    post_alpha: UUID = field(default_factory=new_id)
    cast: dict[str, Member] = field(default_factory=dict)

    def __getitem__(self, job: str) -> Member:
        return self.cast[job]

    @property
    def units(self) -> tuple[int, ...]:
        """Return every unit of this world."""
        return (self.root, self.hq, self.alpha, self.bravo)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a committing transaction as the app, in the scope of this whole world."""
        with self.engine.begin() as db:
            enter_scope(db, country=self.country, units=self.units)
            yield db

    def actor(self, job: str, permission: Permission | None = None) -> Actor:
        """Return a member as an operation meets him, with the scope of his posting."""
        member = self.cast[job]
        with self.transaction() as db:
            rows = run(
                db,
                "select u.descendant_id as id from unit_closure u join posting g on (g.country, g.unit_id) = "
                "(u.country, u.ancestor_id) where g.person_id = %(person)s",
                {"person": member.person_id},
            )
            value = run(
                db,
                "select v.commitment from person p join personal_value v on (v.country, v.id) = "
                "(p.country, p.value_id) where p.id = %(person)s",
                {"person": member.person_id},
            )
        if permission is not None:
            assert member.role is not None
            assert member.role.value in roles_with(permission)
        return replace(
            self.founder,
            person_id=member.person_id,
            account_id=member.account_id,
            commitment=value[0]["commitment"],
            roles=(member.role.value,) if member.role else (),
            units=tuple(r["id"] for r in rows),
        )

    def close_account(self, job: str) -> None:
        """Close the account that a member of the cast comes with: nobody has two open at once."""
        with self.transaction() as db:
            run(
                db,
                "update account set disabled_at = clock_timestamp() where country = %(country)s and id = %(id)s",
                {"country": self.country, "id": self.cast[job].account_id},
            )

    def post(self, job: str, unit_id: int, role: Role) -> None:
        """Give a member one more posting, also at a unit raised beside this world's own."""
        with self.engine.begin() as db:
            enter_scope(db, country=self.country, units=(*self.units, unit_id))
            organisation.post_person(
                db,
                actor=self.founder,
                now=clock.now(),
                posting_id=new_id(),
                person_id=self.cast[job].person_id,
                unit_id=unit_id,
                role=role,
                started_on=date(2020, 1, 1),
            )

    def show(self, level: Level, *, force: str = "AT", job: str = "commander_hq") -> None:
        """Let the head of a force show its commission so much."""
        with self.transaction() as db:
            set_disclosure(
                db,
                actor=self.actor(job),
                now=clock.now(),
                decision_id=new_id(),
                force=force,
                level=level,
                reference="Décision n° 1",
            )

    def register(
        self,
        count: int = 1,
        *,
        store: UUID | None = None,
        serials: Sequence[str] | None = None,
        class_code: ClassCode = ASSAULT_RIFLE,
        model_code: str | None = None,
        origin: MovementKind = MovementKind.OPENING_BALANCE,
    ) -> list[Expected]:
        """Take new weapons on charge in Alpha's store (or `store`) and return them at version 1."""
        serials = serials or [f"TEST{random_bytes(5).hex().upper()}" for _ in range(count)]
        weapons = [
            NewWeapon(
                id=new_id(),
                class_code=class_code,
                model_code=model_code,
                marks=(NewMark(MarkKind.FACTORY_SERIAL, serial),),
            )
            for serial in serials
        ]
        now = clock.now()
        with self.transaction() as db:
            register_weapons(
                db,
                actor=replace(self.founder, units=self.units),
                now=now,
                document_id=new_id(),
                store_id=store or self.store_alpha,
                origin=origin,
                weapons=weapons,
                occurred_at=TAKEN_ON_CHARGE,
                order=Order(),
            )
        return [Expected(w.id, 1) for w in weapons]


# When its stores opened: what tests date in the past comes after it.
TAKEN_ON_CHARGE = datetime(2020, 1, 1, 12, tzinfo=UTC)

JOBS: dict[str, tuple[str, Role | None]] = {
    "keeper": ("alpha", Role.STOREKEEPER),
    "keeper_bravo": ("bravo", Role.STOREKEEPER),
    "armourer": ("alpha", Role.ARMOURER),
    "commander": ("alpha", Role.UNIT_COMMANDER),
    "commander_hq": ("hq", Role.UNIT_COMMANDER),
    "orderer": ("hq", Role.ORDERING_AUTHORITY),
    "accountant": ("hq", Role.ACCOUNTANT),
    "auditor": ("root", Role.AUDITOR),
    "commission": ("root", Role.COMMISSION_OFFICER),
    "commission_reader": ("root", Role.COMMISSION_READER),
    "administrator": ("root", Role.ADMINISTRATOR),
    "oversight": ("root", Role.OVERSIGHT),
    "soldier": ("alpha", None),
    "soldier_bravo": ("bravo", None),
}


def build_world(engine: Engine, country: str = "BF") -> World:
    """Build a world through the real operations and commit it."""
    now = clock.now()
    founder = Actor(country, new_id(), new_id(), bytes(32), (), (), now.date(), TIME_ZONES[country])
    world = World(engine, country, founder)
    with engine.begin() as db:
        _build_units(db, world, now)
        enter_scope(db, country=country, units=world.units)
        founder = replace(founder, units=world.units)
        world.founder = founder
        recruits = [(job, getattr(world, place), role) for job, (place, role) in JOBS.items()]
        world.cast |= zip(JOBS, enlist_all(db, founder, now, recruits), strict=True)
        for store, unit, keeper in (
            (world.store_alpha, world.alpha, "keeper"),
            (world.store_bravo, world.bravo, "keeper_bravo"),
        ):
            holders.open_store(
                db,
                actor=founder,
                now=now,
                store_id=store,
                unit_id=unit,
                name=f"Armurerie {keeper}",
                place=None,
                started_on=date(2020, 1, 1),
                storekeeper_id=world[keeper].person_id,
            )
        holders.open_collective_holder(
            db,
            actor=founder,
            now=now,
            holder_id=world.post_alpha,
            unit_id=world.alpha,
            kind=HolderKind.POST,
            name="Poste nord",
            person_id=world["soldier"].person_id,
        )
    return world


def _build_units(db: Connection, world: World, now: datetime) -> None:
    def unit(parent: int | None, name: str, *, force: str | None, books: bool = False) -> int:
        enter_scope(db, country=world.country, units=())
        return organisation.create_unit(
            db,
            actor=world.founder,
            now=now,
            unit_uuid=new_id(),
            parent_id=parent,
            force_code=force,
            name=name,
            short_name=name[:12],
            region=None,
            keeps_books=books,
            started_on=date(2020, 1, 1),
        )

    world.root = unit(None, "État d'essai", force=None)
    world.hq = unit(world.root, "État-major d'essai", force="AT", books=True)
    world.alpha = unit(world.hq, "Bataillon d'essai Alpha", force="AT")
    world.bravo = unit(world.hq, "Bataillon d'essai Bravo", force="AT")


def enlist(db: Connection, founder: Actor, now: datetime, job: str, unit_id: int, role: Role | None) -> Member:
    """Write down a person of a unit with at most one posting, an account and an open session."""
    (member,) = enlist_all(db, founder, now, [(job, unit_id, role)])
    return member


def enlist_all(
    db: Connection, founder: Actor, now: datetime, recruits: Sequence[tuple[str, int, Role | None]]
) -> list[Member]:
    """Write down people, each by job, unit and role. Most tests begin with fourteen, so all go in together."""
    people = _write_down(db, founder, now, recruits)
    accounts = [new_id() for _ in recruits]
    run(
        db,
        "insert into account (country, id, person_id, login, password_hash) "
        "select %(c)s, a.id, a.person, a.login, '-' from unnest(%(i)s::uuid[], %(p)s::uuid[], %(l)s::text[]) "
        "as a (id, person, login)",
        {
            "c": founder.country,
            "i": accounts,
            "p": people,
            "l": [f"{job}-{account}" for (job, _, _), account in zip(recruits, accounts, strict=True)],
        },
    )
    tokens = open_sessions(db, founder.country, accounts, now)
    found = zip(people, accounts, recruits, tokens, strict=True)
    return [Member(person, account, unit, role, token) for person, account, (_, unit, role), token in found]


def _write_down(
    db: Connection, founder: Actor, now: datetime, recruits: Sequence[tuple[str, int, Role | None]]
) -> list[UUID]:
    people = [
        NewPerson(
            id=new_id(),
            unit_id=unit_id,
            force_code="AT",
            matricule=f"T{random_bytes(8).hex()}",
            rank="SGT",
            family_name=f"ESSAI-{job.upper()}",
            given_names="Personne",
            sex=None,
        )
        for job, unit_id, _ in recruits
    ]
    organisation.add_people(db, actor=founder, now=now, people=people)
    postings = [
        NewPosting(id=new_id(), person_id=p.id, unit_id=p.unit_id, role=role, started_on=date(2020, 1, 1))
        for p, (_, _, role) in zip(people, recruits, strict=True)
        if role is not None
    ]
    if postings:
        organisation.post_people(db, actor=founder, now=now, postings=postings)
    return [p.id for p in people]


def open_session(db: Connection, country: str, account_id: UUID, now: datetime) -> str:
    """Open a session as if both factors had been proven, without the cost of a password hash; return its token."""
    (token,) = open_sessions(db, country, [account_id], now)
    return token


def open_sessions(db: Connection, country: str, accounts: Sequence[UUID], now: datetime) -> list[str]:
    """Open a session for each account, as `open_session` does for one."""
    drawn = [secrets.token_urlsafe(32) for _ in accounts]
    run(
        db,
        "select open_session(%(c)s, s.hash, s.id, s.account, %(n)s, %(e)s, true, null) "
        "from unnest(%(h)s::bytea[], %(i)s::uuid[], %(a)s::uuid[]) as s (hash, id, account)",
        {
            "c": country,
            "h": [hashlib.sha256(text.encode()).digest() for text in drawn],
            "i": [new_id() for _ in accounts],
            "a": list(accounts),
            "n": now,
            "e": now + timedelta(hours=1),
        },
    )
    return [f"{country.lower()}.{text}" for text in drawn]
