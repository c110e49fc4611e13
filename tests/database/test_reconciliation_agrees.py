"""The closure's one SQL statement gives the lines of the pure function, on random small checks."""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine

from counting import label
from salw.core import clock
from salw.core.actor import Actor
from salw.core.db import run
from salw.core.ids import new_id
from salw.custody.operations.issues import issue_weapons, return_weapons
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected
from salw.stocktakes.operations.closing import close_stocktake
from salw.stocktakes.operations.counting import record_counts
from salw.stocktakes.operations.opening import open_stocktake
from salw.stocktakes.reconciliation import Line, Outcome, reconcile
from salw.stocktakes.rules import Method, NewCount, StocktakeKind
from salw_labels import draw
from world import World, build_world


@dataclass
class Check:
    """One random check under way, and what the pure function is to be told of it."""

    world: World
    chance: Random
    version: dict[UUID, int] = field(default_factory=dict)
    store: dict[UUID, UUID] = field(default_factory=dict)
    issued: set[UUID] = field(default_factory=set)
    symbol: dict[UUID, str] = field(default_factory=dict)
    void: dict[UUID, str] = field(default_factory=dict)
    moved: set[UUID] = field(default_factory=set)
    seen: set[UUID] = field(default_factory=set)
    unregistered: set[str] = field(default_factory=set)
    voided: set[UUID] = field(default_factory=set)
    unreadable: int = 0
    counts: list[NewCount] = field(default_factory=list)

    def furnish(self) -> None:
        """Take weapons on charge in both stores, label some, and void some labels."""
        for store in (self.world.store_alpha, self.world.store_bravo):
            number = self.chance.randint(0, 6)
            if number:
                for weapon in self.world.register(number, store=store):
                    self.version[weapon.weapon_id], self.store[weapon.weapon_id] = 1, store
        weapons = [Expected(w, 1) for w in self.version]
        if weapons:
            self.symbol = dict(zip(self.version, label(self.world, weapons), strict=True))
        for weapon in weapons:
            if self.chance.random() < 0.2:
                self.void[weapon.weapon_id] = self.symbol[weapon.weapon_id]
                (self.symbol[weapon.weapon_id],) = label(self.world, [weapon], replace=True)

    def move_some(self, db: Connection, actor: Actor, share: float) -> None:
        """Issue some weapons and take some back; note them as moved."""
        now = clock.now()
        for weapon, store in self.store.items():
            if self.chance.random() >= share:
                continue
            version = [Expected(weapon, self.version[weapon])]
            if weapon in self.issued:
                return_weapons(
                    db,
                    actor=actor,
                    now=now,
                    return_id=new_id(),
                    store_id=store,
                    occurred_at=now,
                    weapons=version,
                    order=Order(),
                )
            else:
                soldier = "soldier" if store == self.world.store_alpha else "soldier_bravo"
                issue_weapons(
                    db,
                    actor=actor,
                    now=now,
                    issue_id=new_id(),
                    store_id=store,
                    person_id=self.world[soldier].person_id,
                    holder_id=None,
                    due_back_at=None,
                    occurred_at=now,
                    weapons=version,
                    order=Order(),
                )
            self.issued ^= {weapon}
            self.version[weapon] += 1
            self.moved.add(weapon)

    def held(self) -> frozenset[UUID]:
        """Return what the book has in Alpha's store now."""
        return frozenset(w for w, s in self.store.items() if s == self.world.store_alpha and w not in self.issued)

    def see(self) -> None:
        """Make up what the counters see: weapons, some twice, and things that are none."""
        for weapon, symbol in self.symbol.items():
            if self.chance.random() < 0.6:
                self.seen.add(weapon)
                self._count(Method.SCAN, symbol)
                if self.chance.random() < 0.3:
                    self._count(Method.TYPED, symbol[1:12].lower())
        for weapon, symbol in self.void.items():
            if self.chance.random() < 0.6:
                self.voided.add(weapon)
                self._count(Method.SCAN, symbol)
        for _ in range(self.chance.randint(0, 2)):
            unknown = draw()
            self.unregistered.add(unknown.code)
            self._count(Method.SCAN, unknown.text)
            self._count(Method.TYPED, unknown.printed)
        for number in range(self.chance.randint(0, 2)):
            self.unregistered.add(f"OBJET{number}{self.world.alpha}")
            self._count(Method.TYPED, f"Objet {number}-{self.world.alpha}")
        for _ in range(self.chance.randint(0, 2)):
            self.unreadable += 1
            self._count(Method.UNREADABLE, None)

    def _count(self, method: Method, text: str | None) -> None:
        note = "illisible" if method is Method.UNREADABLE else None
        self.counts.append(NewCount(new_id(), method, text, clock.now(), note=note))


@pytest.mark.parametrize("seed", range(25))
def test_the_statement_gives_the_lines_of_the_function(app_engine: Engine, seed: int) -> None:
    world = build_world(app_engine)
    check = Check(world, Random(seed))
    check.furnish()
    stocktake_id, actor = new_id(), world.founder
    keeper, commander = world.actor("keeper"), world.actor("commander")
    with world.transaction() as db:
        check.move_some(db, actor, 0.3)
    expected = check.held()
    check.moved.clear()
    with world.transaction() as db:
        open_stocktake(
            db,
            actor=commander,
            now=clock.now(),
            stocktake_id=stocktake_id,
            store_id=world.store_alpha,
            kind=StocktakeKind.COUNT,
            mission=None,
        )
    check.see()
    check.chance.shuffle(check.counts)
    for part in (check.counts[::2], check.counts[1::2]):
        with world.transaction() as db:
            record_counts(db, actor=keeper, now=clock.now(), stocktake_id=stocktake_id, counts=part)
        with world.transaction() as db:
            check.move_some(db, actor, 0.4)  # often enough for some to go and come back
    with world.transaction() as db:
        closed = close_stocktake(db, actor=commander, now=clock.now(), stocktake_id=stocktake_id, nothing_seen=True)
        rows = run(
            db,
            "select l.*, c.read_as from stocktake_line l left join stocktake_count c using (country, stocktake_id, id) "
            "where l.stocktake_id = %(id)s",
            {"id": stocktake_id},
        )
    pure = reconcile(
        expected=expected,
        seen=frozenset(check.seen),
        held=check.held(),
        # Bravo's weapons move too, and none of that has this store on a side.
        passed=frozenset(w for w in check.moved if check.store[w] == world.store_alpha),
        voided=frozenset(check.voided),
    )
    of_weapons = {
        r["weapon_id"]: Line(Outcome(r["outcome"]), r["expected"], r["counts"] > 0) for r in rows if r["weapon_id"]
    }
    of_things = sorted((r["outcome"], r["read_as"] or "") for r in rows if not r["weapon_id"])
    assert of_weapons == pure
    assert of_things == sorted(
        [("extra_unregistered", read) for read in check.unregistered] + [("unreadable", "")] * check.unreadable
    )
    assert closed.totals.lines == len(rows)
