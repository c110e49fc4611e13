"""Writing what exists: weapons with their marks, and the labels made for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.ids import new_id, random_bytes
from salw.ledger.events import Commitment, Event, commit_to, make_event
from salw.ledger.events import columns as event_columns
from salw.ledger.operations import APPEND_CTE, keep_values
from salw.registry.rules import NewWeapon, check_label_weapons, check_stock
from salw_labels import LabelCode, draw_many, registry_number

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


# Locked in weapon order, so that two batches cannot wait for each other; whoever comes second sees the
# labels of the first. The lock is what keeps one valid label a weapon.
_LOCK_WEAPONS = """
select id, unit_id from weapon
 where country = %(country)s and id = any(%(weapons)s) and unit_id = any(%(units)s)
 order by id for no key update
"""

# What has left the books is in nobody's hands to be labelled: a new label would be for another weapon.
_OFF_THE_BOOKS = """
select c.weapon_id
  from custody c join holder h on (h.country, h.id) = (c.country, c.holder_id)
 where c.country = %(country)s and c.weapon_id = any(%(weapons)s)
   and h.kind in ('lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed', 'handed_over', 'entered_by_mistake',
                  'merged')
"""

_VALID_LABELS = """
select weapon_id, code from label
 where country = %(country)s and weapon_id = any(%(weapons)s) and voided_at is null
"""

# The unit of a batch decides who may print it again: the lowest unit in scope above all its weapons.
_UNIT_ABOVE = """
select ancestor_id as unit from unit_closure
 where country = %(country)s and descendant_id = any(%(under)s) and ancestor_id = any(%(units)s)
 group by ancestor_id having count(*) = %(count)s
 order by sum(depth) limit 1
"""

# Voiding is conditional: the rows returned tell whether every label was still valid when it was voided. It
# is a statement of its own, because the index that allows one valid label a weapon looks at each row as it
# is written, and the parts of one statement run in no order.
_VOID_LABELS = """
update label set voided_at = clock_timestamp(), voided_by = %(by)s, void_reason_id = %(reason)s
 where country = %(country)s and code = any(%(void)s) and voided_at is null
returning code
"""

_WRITE_LABELS = f"""
with batch as (
    insert into label_batch (country, id, unit_id, stock, start_position, copies)
    values (%(country)s, %(batch)s, %(unit)s, %(stock)s, %(start)s, %(copies)s)
), {APPEND_CTE}, marked as (
    update weapon set labelled = true
     where country = %(country)s and id = any(%(weapons)s) and not labelled
)
insert into label (country, code, tail, batch_id, position, weapon_id)
select %(country)s, l.code, l.tail, %(batch)s, l.place - 1, l.weapon
  from unnest(%(codes)s::text[], %(tails)s::text[], %(weapons)s::uuid[])
       with ordinality as l (code, tail, weapon, place)
"""


@dataclass(frozen=True, slots=True)
class MadeLabels:
    """What a batch came to: labels made, labels voided by them, sheets of paper."""

    labels: int
    voided: int
    sheets: int


def make_labels(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    batch_id: UUID,
    weapon_ids: Sequence[UUID],
    stock: str,
    start: int,
    copies: int,
    replace_reason: str | None,
) -> MadeLabels:
    """Make one label a weapon, in the order given; with a reason, void the valid label it may have.

    The reason is free text: the events hold a commitment to it, and one event tells each label by its
    code, never by its tail. Raises what `rules.check_stock` and `rules.check_label_weapons` raise,
    `weapon.not_found`, `label.off_the_books`, `label.already_labelled`, `label_batch.no_unit`.
    """
    check_label_weapons(weapon_ids)
    per_page = check_stock(stock, start).per_page
    scope = {"country": actor.country, "weapons": list(weapon_ids), "units": list(actor.units)}
    unit_id = unit_above(db, scope, lock_weapons(db, scope))
    check_on_the_books(db, scope)
    old = {row["weapon_id"]: row["code"] for row in run(db, _VALID_LABELS, scope)}
    if old and replace_reason is None:
        raise Conflict("label.already_labelled", weapons=[str(w) for w in weapon_ids if w in old], count=len(old))
    reason = commit_to(replace_reason) if old else None
    keep_values(db, country=actor.country, commitments=[reason] if reason else [], unit_id=unit_id)
    drawn = draw_many(len(weapon_ids), random_bytes)
    events = _label_events(actor, now, batch_id, weapon_ids, drawn, old, reason)
    if reason is not None:
        void_labels(db, actor, codes=list(old.values()), reason=reason)
    run(
        db,
        _WRITE_LABELS,
        {
            **scope,
            **event_columns(events),
            "batch": batch_id,
            "unit": unit_id,
            "stock": stock,
            "start": start,
            "copies": copies,
            "codes": [label.code for label in drawn],
            "tails": [label.tail for label in drawn],
        },
    )
    return MadeLabels(len(drawn), len(old), -(-(start + copies * len(drawn)) // per_page))


def void_labels(db: Connection, actor: Actor, *, codes: Sequence[str], reason: Commitment) -> None:
    """Void labels for a reason that is kept already. Raises `request.try_again` where somebody was faster."""
    values = {"country": actor.country, "void": list(codes), "by": actor.person_id, "reason": reason.id}
    if len(run(db, _VOID_LABELS, values)) != len(codes):
        raise Conflict("request.try_again")


def check_on_the_books(db: Connection, scope: Mapping[str, Any]) -> None:
    """Refuse weapons that nobody has in his hands. Raises `label.off_the_books`."""
    gone = [str(row["weapon_id"]) for row in run(db, _OFF_THE_BOOKS, scope)]
    if gone:
        raise Conflict("label.off_the_books", weapons=gone, count=len(gone))


def lock_weapons(db: Connection, scope: Mapping[str, Any]) -> list[Row]:
    """Lock weapons of units in scope, in their order, and return them. Raises `weapon.not_found`."""
    rows = run(db, _LOCK_WEAPONS, scope)
    if len(rows) != len(scope["weapons"]):
        known = {row["id"] for row in rows}
        unknown = [str(w) for w in scope["weapons"] if w not in known]
        raise NotFound("weapon.not_found", weapons=unknown, count=len(unknown))
    return rows


def unit_above(db: Connection, scope: Mapping[str, Any], things: Sequence[Row]) -> int:
    """Return the lowest unit in scope above those of all `things`. Raises `label_batch.no_unit`."""
    under = {row["unit_id"] for row in things}
    rows = run(db, _UNIT_ABOVE, {**scope, "under": list(under), "count": len(under)})
    if not rows:
        raise Unacceptable("label_batch.no_unit")
    return int(rows[0]["unit"])


def _label_events(
    actor: Actor,
    now: datetime,
    batch_id: UUID,
    weapon_ids: Sequence[UUID],
    drawn: Sequence[LabelCode],
    old: Mapping[UUID, str],
    reason: Commitment | None,
) -> list[Event]:
    events = []
    for weapon_id, label in zip(weapon_ids, drawn, strict=True):
        if reason is not None and weapon_id in old:
            voided = {"code": old[weapon_id], "replaced_by": label.code, "reason": reason.digest.hex()}
            events.append(make_event(actor, "label.voided", now, weapon_id=weapon_id, facts=voided))
        made = {"code": label.code, "batch": str(batch_id)}
        events.append(make_event(actor, "label.made", now, weapon_id=weapon_id, facts=made))
    return events
