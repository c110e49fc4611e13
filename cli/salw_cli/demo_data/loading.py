"""Making the demonstration data of the three countries from the seed, through the real operations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from salw.commission.operations import set_disclosure
from salw.commission.rules import Level
from salw.core.actor import Actor
from salw.core.db import run, transaction
from salw.core.ids import drawing_from, new_id
from salw.custody.operations.moves import Order
from salw.custody.rules import Expected, MovementKind
from salw.intake.operations.registration import register_weapons
from salw.summaries.operations import publish_quarter, set_publication
from salw.summaries.rules import Detail, quarter_of
from salw_cli.demo_data.armoury import Armoury
from salw_cli.demo_data.army import FORCES, Army, Store, inside, raise_army
from salw_cli.demo_data.arsenal import CARRIED, Arsenal
from salw_cli.demo_data.checks import check_stores
from salw_cli.demo_data.life import Life
from salw_cli.demo_data.source import SeededSource

TIME_ZONES = {"BF": "Africa/Ouagadougou", "ML": "Africa/Bamako", "NE": "Africa/Niamey"}
WEAPONS_A_STORE = 150
STORES_LEAST, STORES_MOST = 8, 300
BATCH = 2_500

# What each commission lets out, so that the table shows all there is: exact, rounded, and nothing.
_PUBLISHED: Mapping[str, Mapping[str, Detail]] = {
    "BF": {"AT": Detail.ROUNDED, "GN": Detail.ROUNDED, "PN": Detail.EXACT, "AA": Detail.EXACT, "DO": Detail.EXACT},
    "ML": dict.fromkeys(FORCES["ML"], Detail.EXACT),
    "NE": {"AT": Detail.ROUNDED, "GD": Detail.EXACT, "GN": Detail.EXACT, "PN": Detail.EXACT},
}

# What the forces show their own commissions: every level there is. A force that is not here shows nothing, as it does
# by default; of the police of Burkina Faso, which the commission would publish, nothing is.
_SHOWN: Mapping[str, Mapping[str, Level]] = {
    "BF": {"AT": Level.COUNTS, "GN": Level.COUNTS_AND_MARKING, "AA": Level.COUNTS_AND_MARKING, "DO": Level.COUNTS},
    "ML": dict.fromkeys(FORCES["ML"], Level.COUNTS_AND_MARKING),
    "NE": {"AT": Level.SERIALS, "GD": Level.COUNTS_AND_MARKING, "GN": Level.COUNTS, "PN": Level.COUNTS_AND_MARKING},
}

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was made."""

    weapons: int
    stores: int
    quarter: str


def has_units(engine: Engine) -> bool:
    """Say whether any country of this node has a unit: then it is somebody's register already."""
    for country in TIME_ZONES:
        with transaction(engine, country=country) as db:
            if run(db, "select 1 from unit limit 1"):
                return True
    return False


def load_demo(
    app: Engine,
    publisher: Engine,
    *,
    weapons: int,
    seed: int,
    now: datetime,
    progress: Progress,
    seal: Callable[[], object],
) -> Loaded:
    """Make `weapons` weapons in three armies and publish the running quarter.

    The same `weapons`, `seed` and `now` give the same rows, apart from what the database's clock writes and
    the salts of password hashes. `progress` is told the country and the weapons done; `seal` gives the events
    so far their index, so that the checks stand on a log that holds what they expect.
    """
    stores = 0
    shares = {"BF": weapons - 2 * (weapons // 3), "ML": weapons // 3, "NE": weapons // 3}
    for country, count in shares.items():
        source = SeededSource(f"{seed}/{country}/{weapons}")
        with drawing_from(source):
            army = _build(app, country, count, now, source, progress, seal)
            _disclose(app, army, now)
            _publish(app, publisher, army, now)
        stores += len(army.stores)
    return Loaded(weapons, stores, str(quarter_of(now, TIME_ZONES["BF"])))


def _build(
    app: Engine,
    country: str,
    count: int,
    now: datetime,
    source: SeededSource,
    progress: Progress,
    seal: Callable[[], object],
) -> Army:
    zone = TIME_ZONES[country]
    today = now.astimezone(ZoneInfo(zone)).date()
    founder = Actor(country, new_id(), new_id(), bytes(32), (), (), today, zone)
    wanted = min(STORES_MOST, max(STORES_LEAST, count // WEAPONS_A_STORE))
    army = raise_army(app, founder, now, source.chance, wanted)
    arsenal = Arsenal(source.chance, country)
    life = Life(app, army, now, source)
    for store, quota in zip(army.stores, _quotas(army, count), strict=True):
        for begin in range(0, quota, BATCH):
            part = min(BATCH, quota - begin)
            _take_on(app, store, arsenal, part, now, source)
            progress(country, part)
        life.label_and_issue(store)
    life.work_under_derogation()
    life.move_between_stores()
    life.destroy_some()
    life.lose_and_recover(count)
    Armoury(app, army, now).pass_a_day()
    seal()
    check_stores(app, army, arsenal, now)
    return army


def _quotas(army: Army, count: int) -> list[int]:
    """Return how many weapons each store gets: by the share of its force, then evenly; `count` in all."""
    shares = FORCES[army.country]
    quotas = []
    for store in army.stores:
        peers = sum(s.force_code == store.force_code for s in army.stores)
        quotas.append(int(count * shares[store.force_code] / 100 / peers))
    quotas[0] += count - sum(quotas)
    return quotas


def _take_on(app: Engine, store: Store, arsenal: Arsenal, count: int, now: datetime, source: SeededSource) -> None:
    weapons = list(arsenal.draw(count, store.force_code))
    origin = source.chance.choices(
        (MovementKind.OPENING_BALANCE, MovementKind.PURCHASE, MovementKind.GIFT, MovementKind.SEIZURE),
        (80, 10, 5, 5),
    )[0]
    with app.begin() as db:
        register_weapons(
            inside(db, store.keeper),
            actor=store.keeper,
            now=now,
            document_id=new_id(),
            store_id=store.id,
            origin=origin,
            weapons=weapons,
            occurred_at=now - timedelta(days=source.chance.randint(1_000, 2_000)),
            order=Order(),
        )
    store.weapons += [Expected(w.id, 1) for w in weapons]
    store.carried |= {w.id for w in weapons if w.class_code in CARRIED}


def _disclose(app: Engine, army: Army, now: datetime) -> None:
    with app.begin() as db:
        for force, level in _SHOWN[army.country].items():
            head = army.heads[force]
            set_disclosure(
                inside(db, head),
                actor=head,
                now=now,
                decision_id=new_id(),
                force=force,
                level=level,
                reference="Décision d'essai n° 1",
            )


def _publish(app: Engine, publisher: Engine, army: Army, now: datetime) -> None:
    commission = army.commission
    with app.begin() as db:
        inside(db, commission)
        for force, detail in _PUBLISHED[army.country].items():
            set_publication(db, actor=commission, now=now, force_code=force, detail=detail)
    with publisher.begin() as db:
        _release(inside(db, commission), commission, now)


def _release(db: Connection, commission: Actor, now: datetime) -> None:
    publish_quarter(db, actor=commission, now=now, release_id=new_id(), quarter=quarter_of(now, commission.time_zone))
