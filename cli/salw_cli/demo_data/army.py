"""The invented organisation of one country: units, stores, people, accounts. No name in it is real."""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from uuid import UUID

from sqlalchemy import Connection, Engine

from salw.access.operations import organisation
from salw.access.operations.accounts import create_account
from salw.access.operations.passwords import hash_password
from salw.access.rules import Role
from salw.core.actor import Actor
from salw.core.db import enter_scope, run, transaction
from salw.core.ids import new_id
from salw.custody.operations.holders import open_collective_holder, open_store
from salw.custody.rules import Expected, HolderKind

PASSWORD = "demonstration"  # noqa: S105 - printed at the end: invented data hide nothing
BEGAN = date(2020, 1, 1)
GUARD = 30  # more men in the first unit, who draw from a list in the morning (`users` 1)

# Weapons by force in percent, and what its units are called.
FORCES: dict[str, dict[str, int]] = {
    "BF": {"AT": 52, "GN": 20, "PN": 16, "AA": 6, "DO": 4, "EF": 2},
    "ML": {"AT": 50, "GD": 14, "GN": 16, "PN": 14, "DO": 4, "EF": 2},
    "NE": {"AT": 48, "GD": 16, "GN": 18, "PN": 14, "DO": 2, "EF": 2},
}
_UNIT_WORDS = {
    "AT": "Bataillon d'essai",
    "GN": "Escadron d'essai",
    "GD": "Groupement d'essai",
    "PN": "Commissariat d'essai",
    "AA": "Base d'essai",
    "DO": "Brigade douanière d'essai",
    "EF": "Poste forestier d'essai",
}
_HEADQUARTERS = {
    "AT": "État-major d'essai, armée de terre",
    "GN": "État-major d'essai, gendarmerie",
    "GD": "État-major d'essai, garde nationale",
    "PN": "Direction d'essai, police",
    "AA": "État-major d'essai, armée de l'air",
    "DO": "Direction d'essai, douanes",
    "EF": "Direction d'essai, eaux et forêts",
}
_TREES = (
    "Baobab", "Karité", "Néré", "Tamarinier", "Caïlcédrat", "Rônier", "Fromager", "Jujubier", "Kapokier",
    "Acacia", "Manguier", "Doumier", "Gommier", "Figuier", "Goyavier", "Anacardier", "Moringa", "Citronnier",
)  # fmt: skip
_ANIMALS = ("Tortue", "Héron", "Gazelle", "Pintade", "Calao", "Fennec", "Outarde", "Hérisson", "Marabout", "Caméléon")
_SYLLABLES = ("ka", "zo", "lin", "du", "mer", "vo", "ti", "pal", "ner", "gou", "sim", "bra", "fel", "jon")
_RANKS = ("2CL", "1CL", "CPL", "CCH", "SGT", "SCH", "ADJ", "LTN", "CNE")
_ROMAN = ("", " II", " III", " IV", " V", " VI", " VII", " VIII", " IX", " X")


@dataclass
class Store:
    """A store of a unit with its people, and the weapons in it as the demonstration goes on."""

    id: UUID
    unit_id: int
    force_code: str
    name: str
    keeper: Actor
    armourer: Actor
    commander: Actor
    soldiers: list[UUID]
    post: UUID
    detachment: UUID
    weapons: list[Expected] = field(default_factory=list)
    carried: set[UUID] = field(default_factory=set)  # those of its weapons that one man carries

    def take(self, count: int, *, carried: bool = False) -> list[Expected]:
        """Take weapons from the end of the shelf, at most `count`; with `carried` only what one man carries."""
        fit = [w for w in self.weapons if not carried or w.weapon_id in self.carried]
        taken = fit[max(0, len(fit) - count) :]
        self.weapons = [w for w in self.weapons if w not in taken]
        return taken


@dataclass
class Army:
    """One country's organisation."""

    country: str
    founder: Actor
    root: int
    units: list[int]
    headquarters: dict[str, int]
    orderer: Actor
    accountant: Actor
    heads: dict[str, Actor]
    controller: Actor
    commission: Actor
    stores: list[Store]


class Recruiter:
    """Enters units, people and accounts of one country and remembers the next number of each."""

    def __init__(self, engine: Engine, founder: Actor, now: datetime, chance: random.Random) -> None:
        self.engine = engine
        self.founder = founder
        self.now = now
        self.chance = chance
        self.units: list[int] = []
        self._people = 0
        self._regions = _regions(founder.country)

    def unit(self, db: Connection, parent: int | None, name: str, force: str | None, *, books: bool = False) -> int:
        """Create a unit and return its number."""
        number = organisation.create_unit(
            db,
            actor=self.founder,
            now=self.now,
            unit_uuid=new_id(),
            parent_id=parent,
            force_code=force,
            name=name,
            short_name=name[:40],
            region=self.chance.choice(self._regions),
            keeps_books=books,
            started_on=BEGAN,
        )
        self.units.append(number)
        return number

    def person(
        self,
        db: Connection,
        unit_id: int,
        force: str | None,
        role: Role | None = None,
        *,
        scope: Sequence[int] = (),
        login: str | None = None,
    ) -> Actor:
        """Enter a person, with a posting and a demo account where named, and return who he acts as."""
        self._people += 1
        person_id = new_id()
        surname = "".join(self.chance.choice(_SYLLABLES) for _ in range(3)).upper()
        version = organisation.add_person(
            db,
            actor=self.founder,
            now=self.now,
            person_id=person_id,
            force_code=force,
            unit_id=unit_id,
            matricule=f"DEMO-{self._people:05d}",
            rank=self.chance.choice(_RANKS[4:] if role else _RANKS[:5]),
            family_name=f"{surname} (fictif)",
            given_names="Essai",
            sex=self.chance.choice(("f", "m", "m", "m", None)),
        )
        if role is not None:
            organisation.post_person(
                db,
                actor=self.founder,
                now=self.now,
                posting_id=new_id(),
                person_id=person_id,
                unit_id=unit_id,
                role=role,
                started_on=BEGAN,
            )
        account_id = new_id()
        if login is not None:
            create_account(
                db,
                actor=self.founder,
                now=self.now,
                account_id=account_id,
                person_id=person_id,
                login=login,
                password_hash=_hash_of_all(),
                demo=True,
            )
        return Actor(
            country=self.founder.country,
            person_id=person_id,
            account_id=account_id,
            commitment=version.digest,
            roles=(role.value,) if role else (),
            units=tuple(scope) or (unit_id,),
            today=self.founder.today,
            time_zone=self.founder.time_zone,
        )


@cache
def _hash_of_all() -> str:
    """Return the one hash of the one password of all: it is known to everybody, and a salt for each hides nothing."""
    return hash_password(PASSWORD)


def raise_army(engine: Engine, founder: Actor, now: datetime, chance: random.Random, store_count: int) -> Army:
    """Build one country's units, stores and people, and return them. `store_count` is at least six."""
    country = founder.country
    recruiter = Recruiter(engine, founder, now, chance)
    with transaction(engine, country=country) as db:
        root = recruiter.unit(db, None, "Forces de défense et de sécurité d'essai", None)
        headquarters = {
            force: recruiter.unit(db, root, _HEADQUARTERS[force], force, books=True) for force in FORCES[country]
        }
        places = [
            (force, recruiter.unit(db, headquarters[force], name, force))
            for force, name in _unit_names(country, store_count, chance)
        ]
    everywhere = tuple(recruiter.units)
    army_units = (headquarters["AT"], *(unit for force, unit in places if force == "AT"))
    with transaction(engine, country=country, units=everywhere) as db:
        at = headquarters["AT"]
        staff = {
            "orderer": recruiter.person(db, at, "AT", Role.ORDERING_AUTHORITY, scope=army_units, login="ordonnateur"),
            "accountant": recruiter.person(db, at, "AT", Role.ACCOUNTANT, scope=army_units, login="comptable"),
            "controller": recruiter.person(db, root, None, Role.AUDITOR, scope=everywhere, login="controleur"),
            "commission": recruiter.person(
                db, root, None, Role.COMMISSION_OFFICER, scope=everywhere, login="commission"
            ),
        }
        heads = {
            force: recruiter.person(
                db, head, force, Role.UNIT_COMMANDER, scope=(head, *(unit for other, unit in places if other == force))
            )
            for force, head in headquarters.items()
        }
    stores = [_open(recruiter, number, force, unit_id, everywhere) for number, (force, unit_id) in enumerate(places)]
    with transaction(engine, country=country, units=everywhere) as db:
        recruiter.person(db, root, None, Role.ADMINISTRATOR, scope=everywhere, login="administrateur")
    return Army(country, founder, root, list(everywhere), headquarters, heads=heads, stores=stores, **staff)


# The stores that demo accounts keep and command: two, so that a mutation has both its sides.
_LOGINS = {0: ("magasinier", "commandant"), 1: ("magasinier2", "commandant2")}


def _open(recruiter: Recruiter, number: int, force: str, unit_id: int, everywhere: Sequence[int]) -> Store:
    founder = replace(recruiter.founder, units=tuple(everywhere))
    first = number == 0
    keeper_login, commander_login = _LOGINS.get(number, (None, None))
    with transaction(recruiter.engine, country=founder.country, units=everywhere) as db:
        keeper = recruiter.person(db, unit_id, force, Role.STOREKEEPER, login=keeper_login)
        armourer = recruiter.person(db, unit_id, force, Role.ARMOURER)
        commander = recruiter.person(db, unit_id, force, Role.UNIT_COMMANDER, login=commander_login)
        men = recruiter.chance.randint(5, 9) + (GUARD if first else 0)
        soldiers = [recruiter.person(db, unit_id, force).person_id for _ in range(men)]
        store = Store(
            id=new_id(),
            unit_id=unit_id,
            force_code=force,
            name="Armurerie d'essai" if first else f"Magasin d'essai n° {number + 1}",
            keeper=keeper,
            armourer=armourer,
            commander=commander,
            soldiers=soldiers,
            post=new_id(),
            detachment=new_id(),
        )
        open_store(
            db,
            actor=founder,
            now=recruiter.now,
            store_id=store.id,
            unit_id=unit_id,
            name=store.name,
            place=None,
            started_on=BEGAN,
            storekeeper_id=keeper.person_id,
        )
        for holder_id, kind, name in (
            (store.post, HolderKind.POST, "Poste d'essai nord"),
            (store.detachment, HolderKind.DETACHMENT, "Détachement d'essai"),
        ):
            open_collective_holder(
                db,
                actor=founder,
                now=recruiter.now,
                holder_id=holder_id,
                unit_id=unit_id,
                kind=kind,
                name=name,
                person_id=recruiter.chance.choice(soldiers),
            )
    return store


def _unit_names(country: str, count: int, chance: random.Random) -> list[tuple[str, str]]:
    """Return `count` units as (force, name), the army's first; every force has at least one, the army three."""
    shares = FORCES[country]
    numbers = {force: max(3 if force == "AT" else 1, round(count * share / 100)) for force, share in shares.items()}
    words = [word for word in (*_TREES, *_ANIMALS) if word != "Baobab"]
    chance.shuffle(words)
    forces = [force for force, number in numbers.items() for _ in range(number)]
    names = []
    for place, force in enumerate(forces):
        turn, which = divmod(place, len(words))
        # The first unit bears the same name in all three countries: guides and pictures speak of it.
        names.append((force, f"{_UNIT_WORDS[force]} " + ("Baobab" if place == 0 else words[which] + _roman(turn))))
    return names


def _roman(turn: int) -> str:
    return _ROMAN[turn] if turn < len(_ROMAN) else f" {turn + 1}"


def _regions(country: str) -> list[str]:
    text = files("salw.access").joinpath("reference", "regions.csv").read_text("utf-8")
    return [r["code"] for r in csv.DictReader(text.splitlines()) if r["country"] == country and not r["valid_to"]]


def unit_uuid(db: Connection, actor: Actor, unit_id: int) -> UUID:
    """Return the identifier by which a unit is named outside."""
    found = run(
        db,
        "select uuid from unit where country = %(country)s and id = %(id)s",
        {"country": actor.country, "id": unit_id},
    )
    identifier: UUID = found[0]["uuid"]
    return identifier


def inside(db: Connection, actor: Actor) -> Connection:
    """Set the scope of a transaction to an actor's, and return it."""
    enter_scope(db, country=actor.country, units=actor.units)
    return db
