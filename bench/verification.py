"""Verifying 1,000,000 events with their books and seals, against reading the same bytes and hashing them once."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.rows import tuple_row
from sqlalchemy import Connection, Engine

from bench.harness import Result, medians
from salw.core import clock
from salw.core.actor import Actor, Via
from salw.core.db import instant_text, make_engine, run
from salw.core.ids import new_id
from salw.documents.rules import printed_number
from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint
from salw.ledger.events import make_event
from salw.ledger.notes import Note
from salw.ledger.published import Published
from salw.proofs.verification.growth import Growth
from salw.proofs.verification.trust import Trust
from salw.proofs.verification.verifying import verify
from salw.registry.classification import ClassCode
from salw.registry.operations import identity_facts
from salw.registry.rules import MarkKind, NewMark, NewWeapon
from sealing import make_sealer, seal_now
from world import World

EVENTS = 1_000_000
MOVES_A_WEAPON = 4
MOVES_AN_ORDER = 10
EVENTS_A_CHECKPOINT = 250  # half a second of a busy node
RUNS = 3
TIMES_MAX = 8

# One row an event of a movement; the rest is made of them, a table at a time.
_STAGED = """
create unlogged table staged (
    idx bigint, id uuid, kind text, weapon_id uuid, canonical bytea, leaf_hash bytea, at timestamptz, seq int,
    from_holder_id uuid, to_holder_id uuid, moved text, document_id uuid, number int)
"""
_LOADED = (
    """
    insert into weapon (country, id, registry_number, class_code, serial, serial_normalised, unidentified, unit_id)
    select %(c)s, weapon_id, name, 'SA-ASR', name, name, false, %(u)s
      from (select weapon_id, to_char(row_number() over (order by weapon_id), 'FM"BENCH"0000000') as name
              from staged where seq = 1) as w
    """,
    """
    insert into document (country, id, kind, office_unit_id, year, number, dated_on)
    select distinct %(c)s, document_id, 'entry_order', %(o)s::int, 2026, number, %(day)s::date from staged
    """,
    """
    insert into event (country, id, kind, weapon_id, canonical, leaf_hash, recorded_at)
    select %(c)s, id, kind, weapon_id, canonical, leaf_hash, at from staged order by idx
    """,
    """
    insert into movement (country, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id, kind,
                          document_id, event_id, recorded_at, occurred_at)
    select %(c)s, weapon_id, seq, from_holder_id, case when seq > 1 then %(u)s::int end, to_holder_id, %(u)s, moved,
           document_id, id, at, at from staged order by idx
    """,
    """
    insert into leaf (country, idx, event_id, leaf_hash, sequenced_at, log_id)
    select %(c)s, idx, id, leaf_hash, at, 1 from staged order by idx
    """,
    """
    insert into passage (country, unit_id, idx, weapon_id, seq, gone, from_holder_id)
    select %(c)s, %(u)s, idx, weapon_id, seq, false, from_holder_id from staged order by idx
    """,
    """
    insert into custody (country, weapon_id, seq, holder_id, unit_id, recorded_at, document_id, occurred_at)
    select %(c)s, weapon_id, seq, to_holder_id, %(u)s, at, document_id, at from staged where seq = %(last)s
    """,
)


def full(world: World, urls: Mapping[str, str]) -> Result:
    """Return the time of a whole verification, as a ratio to reading and hashing the bytes of the same events."""
    superuser, auditor = make_engine(urls["postgres"]), make_engine(urls["salw_auditor"])
    sequencer = make_engine(urls["salw_sequencer"])
    with TemporaryDirectory() as kept:
        folder = Path(kept)
        published = load(world, superuser, sequencer, folder)

        def measure(_: int) -> Sequence[float]:
            begun = time.perf_counter()
            raw(auditor, _IN_LOG_ORDER, world.country)
            ordered = time.perf_counter()
            raw(auditor, _IN_NO_ORDER, world.country)
            read = time.perf_counter()
            done = verify(auditor, world.country, trust=Trust(), published=published)
            spent = time.perf_counter() - read
            assert not done.count, done.breaks[:3]
            assert done.events >= EVENTS
            return ordered - begun, read - ordered, spent

        ordered, bare, spent = medians(measure, RUNS)
    for engine in (superuser, auditor, sequencer):
        engine.dispose()
    return Result(
        f"verify {EVENTS:,} events with books and seals",
        f"{spent:.1f} s",
        f"reading and SHA-256 of their bytes {bare:.1f} s (in the order of the log {ordered:.1f} s)",
        f"{spent / bare:.1f} x, <= {TIMES_MAX} x",
        spent <= TIMES_MAX * bare,
    )


_IN_NO_ORDER = "select canonical from event where country = %(c)s"
_IN_LOG_ORDER = """
select e.canonical from leaf l join event e on (e.country, e.id) = (l.country, l.event_id)
 where l.country = %(c)s order by l.idx
"""


def raw(auditor: Engine, sql: str, country: str) -> bytes:
    """Read the bytes of every event and hash each: the least that can be done with them."""
    hashed = b""
    with auditor.connect() as db:
        run(db, "select set_config('app.country', %(c)s, true)", {"c": country})
        driver = db.connection.driver_connection
        assert driver is not None
        with driver.cursor(row_factory=tuple_row) as cursor:
            for (canonical,) in cursor.stream(sql, {"c": country}, binary=True, size=1_000):
                hashed = sha256(canonical).digest()
    return hashed


def load(world: World, superuser: Engine, sequencer: Engine, folder: Path) -> Published:
    """Write weapons that moved, with their events, log and seals, as the service would have in months."""
    sealer = make_sealer(folder)
    seal_now(sequencer, sealer)
    with superuser.begin() as db:
        run(db, "set session_replication_role = replica")
        run(db, _STAGED)
        first = run(db, "select count(*) as size from leaf where country = %(c)s", {"c": world.country})[0]["size"]
        began = clock.now()
        _stage(db, _entries(world, first, began))
        values = {
            "c": world.country,
            "u": world.alpha,
            "o": world.hq,
            "last": MOVES_A_WEAPON,
            "day": began.date(),
        }
        for statement in _LOADED:
            run(db, statement, values)
        _seal(db, world.country, sealer.published, make_signer(sealer, world.country), first)
        run(db, "drop table staged")
        run(db, "set session_replication_role = origin")
    with superuser.connect() as db:
        db = db.execution_options(isolation_level="AUTOCOMMIT")
        run(db, "vacuum analyze")
    return sealer.published


def make_signer(sealer: Any, country: str) -> Any:
    """Return the key of a country's log."""
    return sealer.signers_of(country)[0]


def _entries(world: World, first: int, began: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield the movements of weapons in the order of the log: taken on, issued, returned, issued.

    Their events say what those of `custody.operations.moves` say, in a session as everybody's.
    """
    store, post = world.store_alpha, world.post_alpha
    actor: Actor = replace(world.actor("keeper"), via=Via("session", new_id()))
    steps = (
        ("weapon.registered", "opening_balance", None, store),
        ("weapon.issued", "issue", store, post),
        ("weapon.returned", "return", post, store),
        ("weapon.issued", "issue", store, post),
    )
    idx = first
    weapons = [new_id() for _ in range(EVENTS // MOVES_A_WEAPON)]
    numbers = {w: f"BENCH{n:07d}" for n, w in enumerate(sorted(weapons), 1)}
    for seq, (kind, moved, source, target) in enumerate(steps, 1):
        for weapon in weapons:
            if (idx - first) % MOVES_AN_ORDER == 0:
                document, number = new_id(), 100_000 + (idx - first) // MOVES_AN_ORDER
                # A million of them within the clocks' tolerance: what is signed in days to come is a break.
                at = began + timedelta(microseconds=100 * (idx - first))
            told = {
                "document": str(document),
                "document_kind": "entry_order",
                "office": world.hq,
                "number": printed_number(number, 2026),
                "reference_commitment": None,
                "dated_on": began.date().isoformat(),
                "signatory": None,
                "occurred_at": instant_text(at),
                "seq": seq,
                "from": str(source) if source else None,
                "from_unit": world.alpha if source else None,
                "to": str(target),
                "to_unit": world.alpha,
            }
            if seq == 1:
                marks = (NewMark(MarkKind.FACTORY_SERIAL, numbers[weapon]),)
                taken_on = NewWeapon(weapon, ClassCode.ASSAULT_RIFLE, marks=marks)
                told |= {"origin": moved, **identity_facts(taken_on, numbers[weapon])}
            else:
                told |= {"person": {"id": str(actor.person_id), "commitment": actor.commitment.hex()}}
            event = make_event(actor, kind, at, weapon_id=weapon, facts=told)
            yield (
                idx,
                event.id,
                kind,
                weapon,
                event.canonical,
                event.leaf_hash,
                at,
                seq,
                source,
                target,
                moved,
                document,
                number,
            )
            idx += 1


def _stage(db: Connection, entries: Iterator[tuple[Any, ...]]) -> None:
    driver = db.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy("copy staged from stdin (format binary)") as copy:
        copy.set_types(
            [
                "int8",
                "uuid",
                "text",
                "uuid",
                "bytea",
                "bytea",
                "timestamptz",
                "int4",
                "uuid",
                "uuid",
                "text",
                "uuid",
                "int4",
            ]
        )
        for entry in entries:
            copy.write_row(entry)


def _seal(db: Connection, country: str, published: Published, signer: Any, first: int) -> None:
    """Write tiles and checkpoints over all leaves, from the first on."""
    rows = run(db, "select leaf_hash, sequenced_at from leaf where country = %(c)s order by idx", {"c": country})
    tiles: dict[merkle.TileKey, bytes] = {}
    growth = Growth(tiles.__setitem__)
    checkpoints = []
    origin = signer.verifier.name
    for row in rows:
        growth.push(row["leaf_hash"])
        if growth.size > first and (growth.size % EVENTS_A_CHECKPOINT == 0 or growth.size == len(rows)):
            told = Checkpoint(origin, growth.size, growth.root())
            note = Note(told.text, (signer.sign(told.text, row["sequenced_at"]),))
            checkpoints.append((country, told.size, told.root, str(note), row["sequenced_at"]))
    tiles |= growth.edge()
    run(db, "delete from tile where country = %(c)s", {"c": country})
    _copy(
        db,
        "tile (country, log_id, level, number, hashes)",
        ((country, 1, *k, h) for k, h in tiles.items()),
        ["text", "int2", "int2", "int8", "bytea"],
    )
    _copy(
        db,
        "checkpoint (country, log_id, size, root, note, signed_at)",
        ((c, 1, *r) for c, *r in checkpoints),
        ["text", "int2", "int8", "bytea", "text", "timestamptz"],
    )
    published.write(origin, note)


def _copy(db: Connection, target: str, rows: Iterator[tuple[Any, ...]], types: list[str]) -> None:
    driver = db.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"copy {target} from stdin (format binary)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
