"""What register import reads from and writes to the database, beside the weapons themselves.

Rows go in as arrays, like every list here: COPY is refused on tables with row-level security, and the
service has no right to make a temporary table that would take it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row as DbRow
from salw.core.db import run, run_one
from salw.intake.register.checking import Model, Row, Status, column_keys, identity_text
from salw.registry.classification import ClassCode

_ALIKE = """
select serial_normalised, class_code, model_code, model_text, maker_text, min(registry_number) as registry_number
  from weapon
 where country = %(country)s and unit_id = any(%(units)s) and serial_normalised = any(%(serials)s)
 group by serial_normalised, class_code, model_code, model_text, maker_text
"""

# The digest is of PostgreSQL's own form of the cells, on both sides, so that no order of keys matters. Both sides
# are read once and compared here: a join on the cells themselves is a nested loop of them all where the planner
# has no figures yet. The rows are found by the files of the store, not by its weapons: a weapon that has left
# for a unit out of sight came in by this file all the same.
_BROUGHT_IN = """
select md5(r.raw::text) as digest, r.line, f.name
  from register_file f
  join register_row r on (r.country, r.file_id) = (f.country, f.id)
 where f.country = %(country)s and f.store_id = %(store)s and r.weapon_id is not null
 order by f.recorded_at desc, r.line desc
"""
_DIGESTS = """
select array_agg(md5(g.raw::jsonb::text) order by g.place) as digests
  from unnest(%(raws)s::text[]) with ordinality as g (raw, place)
"""

# An advisory lock and not the row of the store: every weapon that moves refers to that row, and the service may
# not change it. Two stores whose identifiers hash alike would only wait for each other.
_TURN = "select pg_advisory_xact_lock(hashtextextended('register import ' || %(store)s::text, 0))"

# Two imports of one file at the same time: the second waits here for the first, and gets no row.
_INSERT_FILE = """
insert into register_file (country, id, name, sha256, mapping, mapping_sha256, store_id, unit_id, document_id,
                           imported_by, columns, rows, imported, flagged, refused, blank)
values (%(country)s, %(id)s, %(name)s, %(sha256)s, %(mapping)s, %(mapping_sha256)s, %(store)s, %(unit)s,
        %(document)s, %(person)s, %(columns)s, %(rows)s, %(imported)s, %(flagged)s, %(refused)s, %(blank)s)
on conflict on constraint uq_register_file_country_sha256 do nothing
returning id
"""

_INSERT_ROWS = """
insert into register_row (country, file_id, line, raw, status, flags, refusals, weapon_id)
select %(country)s, %(file)s, r.line, r.raw::jsonb, r.status, string_to_array(r.flags, ' '), r.refusals::jsonb,
       r.weapon_id
  from unnest(%(lines)s::int[], %(raws)s::text[], %(statuses)s::text[], %(flags)s::text[], %(refusals)s::text[],
              %(weapons)s::uuid[]) as r (line, raw, status, flags, refusals, weapon_id)
"""


def find_file(db: Connection, sha256: bytes) -> DbRow | None:
    """Return the file of this hash that the country has taken on charge, or None."""
    return run_one(
        db,
        "select id, name, recorded_at from find_register_file(%(sha256)s)",
        {"sha256": sha256},
    )


def list_models(db: Connection) -> dict[str, Model]:
    """Return the model catalogue by code."""
    rows = run(db, "select code, class_code, calibre from model")
    return {row["code"]: Model(ClassCode(row["class_code"]), row["calibre"]) for row in rows}


def find_alike(db: Connection, actor: Actor, serials: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Return the registry numbers of weapons in scope that bear these serials, by their likeness."""
    found: dict[tuple[str, ...], str] = {}
    for start in range(0, len(serials), 10_000):
        part = serials[start : start + 10_000]
        for row in run(db, _ALIKE, {"country": actor.country, "units": list(actor.units), "serials": part}):
            identity = identity_text(row["model_code"], row["model_text"], row["maker_text"])
            found[(row["serial_normalised"], row["class_code"], identity)] = row["registry_number"]
    return found


def wait_turn(db: Connection, store_id: UUID) -> None:
    """Wait until no other transaction imports into this store, and hold others up until this one ends."""
    run(db, _TURN, {"store": store_id})


def list_files(db: Connection, actor: Actor, store_id: UUID) -> frozenset[UUID]:
    """Return the files that were taken on charge in a store."""
    values = {"country": actor.country, "store": store_id}
    return frozenset(
        row["id"]
        for row in run(db, "select id from register_file where country = %(country)s and store_id = %(store)s", values)
    )


def find_brought_in(
    db: Connection, actor: Actor, store_id: UUID, headings: Sequence[str], rows: Sequence[Row]
) -> dict[int, tuple[str, int]]:
    """Return file and line of the first row of this store whose cells are the same, by line of `rows`."""
    known = {
        row["digest"]: (row["name"], row["line"])
        for row in run(db, _BROUGHT_IN, {"country": actor.country, "store": store_id})
    }
    found = {}
    for start in range(0, len(rows) if known else 0, 10_000):
        part = rows[start : start + 10_000]
        (given,) = run(db, _DIGESTS, {"raws": _raws(headings, part)})
        for row, digest in zip(part, given["digests"], strict=True):
            if digest in known:
                found[row.cells.line] = known[digest]
    return found


def _raws(headings: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Return the cells of each row by column, as staging keeps them."""
    keys: dict[int, list[str]] = {}
    raws = []
    for row in rows:
        width = len(row.cells.texts)
        if width not in keys:
            keys[width] = column_keys(headings, width)
        raws.append(json.dumps(dict(zip(keys[width], row.cells.texts, strict=False)), ensure_ascii=False))
    return raws


def insert_file(db: Connection, actor: Actor, values: Mapping[str, Any]) -> bool:
    """Write the file; False where the country has it already."""
    return run_one(db, _INSERT_FILE, {"country": actor.country, "person": actor.person_id, **values}) is not None


def insert_rows(db: Connection, actor: Actor, file_id: UUID, headings: Sequence[str], rows: Sequence[Row]) -> None:
    """Write rows as they were read, with what became of each."""
    run(
        db,
        _INSERT_ROWS,
        {
            "country": actor.country,
            "file": file_id,
            "lines": [r.cells.line for r in rows],
            "raws": _raws(headings, rows),
            "statuses": [r.status.value for r in rows],
            "flags": [" ".join(dict.fromkeys(f.code for f in r.flags)) for r in rows],
            "refusals": [
                json.dumps([{"column": f.column, "value": f.value, "code": f.code} for f in r.refusals])
                if r.status is Status.REFUSED
                else None
                for r in rows
            ],
            "weapons": [r.weapon.id if r.weapon else None for r in rows],
        },
    )
