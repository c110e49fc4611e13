"""Writing what exists: the catalogue, weapons with their marks."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run
from salw.core.ids import new_id
from salw.registry.rules import NewWeapon
from salw_labels import registry_number

_INSERT_WEAPONS = """
insert into weapon (country, id, registry_number, class_code, model_code, maker_text, model_text, calibre_text,
                    made_in, made_year, import_country, import_year, serial, serial_normalised, unidentified,
                    nationally_marked, unit_id)
select %(country)s, w.*, %(unit)s
  from unnest(%(id)s::uuid[], %(registry_number)s::text[], %(class_code)s::text[], %(model_code)s::text[],
              %(maker)s::text[], %(model)s::text[], %(calibre)s::text[], %(made_in)s::text[],
              %(made_year)s::int[], %(import_country)s::text[], %(import_year)s::int[], %(serial)s::text[],
              %(serial_normalised)s::text[], %(unidentified)s::bool[], %(nationally_marked)s::bool[]) as w
"""

_INSERT_MARKS = """
insert into mark (country, id, weapon_id, kind, raw, script, normalised, place, legibility, seen_on)
select %(country)s, m.*
  from unnest(%(id)s::uuid[], %(weapon)s::uuid[], %(kind)s::text[], %(raw)s::text[], %(script)s::text[],
              %(normalised)s::text[], %(place)s::text[], %(legibility)s::text[], %(seen_on)s::date[]) as m
"""


def insert_weapons(db: Connection, *, actor: Actor, weapons: Sequence[NewWeapon], unit_id: int) -> list[str]:
    """Write weapons and their marks, and return their registry numbers in the same order.

    Only `intake` calls this, with the first movement in the same transaction: a weapon that nobody
    answers for must not exist.
    """
    numbers = [
        registry_number(actor.country, row["number"])
        for row in run(db, "select next_registry_numbers(%(n)s) as number", {"n": len(weapons)})
    ]
    serials = [w.serial_mark for w in weapons]
    run(
        db,
        _INSERT_WEAPONS,
        {
            "country": actor.country,
            "unit": unit_id,
            "id": [w.id for w in weapons],
            "registry_number": numbers,
            "class_code": [w.class_code.value for w in weapons],
            "model_code": [w.model_code for w in weapons],
            "maker": [w.maker for w in weapons],
            "model": [w.model for w in weapons],
            "calibre": [w.calibre for w in weapons],
            "made_in": [w.made_in for w in weapons],
            "made_year": [w.made_year for w in weapons],
            "import_country": [w.import_country for w in weapons],
            "import_year": [w.import_year for w in weapons],
            "serial": [s.raw if s else None for s in serials],
            "serial_normalised": [s.normalised if s else None for s in serials],
            "unidentified": [s is None for s in serials],
            "nationally_marked": [w.nationally_marked for w in weapons],
        },
    )
    _insert_marks(db, actor, weapons)
    return numbers


def _insert_marks(db: Connection, actor: Actor, weapons: Sequence[NewWeapon]) -> None:
    pairs = [(w, m) for w in weapons for m in w.marks]
    if not pairs:
        return
    run(
        db,
        _INSERT_MARKS,
        {
            "country": actor.country,
            "id": [new_id() for _ in pairs],
            "weapon": [w.id for w, _ in pairs],
            "kind": [m.kind.value for _, m in pairs],
            "raw": [m.raw for _, m in pairs],
            "script": [m.script for _, m in pairs],
            "normalised": [m.normalised for _, m in pairs],
            "place": [m.place for _, m in pairs],
            "legibility": [m.read for _, m in pairs],
            "seen_on": [m.seen_on for _, m in pairs],
        },
    )


def identity_facts(weapon: NewWeapon, number: str) -> dict[str, Any]:
    """Return what the registration event says of a weapon: everything by which it can be told apart."""
    return {
        "registry_number": number,
        "class": weapon.class_code.value,
        "model": weapon.model_code,
        "maker_text": weapon.maker,
        "model_text": weapon.model,
        "calibre_text": weapon.calibre,
        "made_in": weapon.made_in,
        "made_year": weapon.made_year,
        "import_country": weapon.import_country,
        "import_year": weapon.import_year,
        "marks": [{"kind": m.kind.value, "raw": m.raw, "place": m.place, "legibility": m.read} for m in weapon.marks],
    }
