"""Labels printed again under the same code, and labels voided without another in their place: each for a reason."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import NotFound, Unacceptable
from salw.ledger.events import Commitment, commit_to, make_event
from salw.ledger.events import columns as event_columns
from salw.ledger.operations import APPEND_CTE, append, keep_values
from salw.registry.labels.rules import check_count, check_known, check_none, check_once
from salw.registry.operations import MadeLabels, unit_above, void_labels
from salw.registry.rules import check_stock
from salw_labels import parse

# Weapons first and then labels, each in order, as whoever makes labels locks them.
_LOCK_WEAPONS = """
select w.id from label l join weapon w on (w.country, w.id) = (l.country, l.weapon_id)
 where l.country = %(country)s and l.code = any(%(codes)s) and w.unit_id = any(%(units)s)
 order by w.id for no key update of w
"""
_LABELS = """
select l.code, l.weapon_id, l.voided_at, coalesce(w.unit_id, l.unit_id) as unit_id
  from label l left join weapon w on (w.country, w.id) = (l.country, l.weapon_id)
 where l.country = %(country)s and l.code = any(%(codes)s)
   and case when l.weapon_id is null then l.unit_id else w.unit_id end = any(%(units)s)
 order by l.code for no key update of l
"""
_BLANKS_LEFT = """
select l.code from label l join label_batch b on (b.country, b.id) = (l.country, l.batch_id)
 where l.country = %(country)s and l.batch_id = %(batch)s and l.weapon_id is null and l.voided_at is null
   and l.code like 'W%%' and l.unit_id = any(%(units)s)
 order by l.position
"""
_UNLABELLED = """
update weapon set labelled = false where country = %(country)s and id = any(%(weapons)s) and labelled
"""
_REPRINT = f"""
with {APPEND_CTE}, printed as (
    insert into label_reprint (country, id, unit_id, stock, start_position, copies, printed_by, reason_id)
    values (%(country)s, %(reprint)s, %(unit)s, %(stock)s, %(start)s, %(copies)s, %(by)s, %(reason)s)
)
insert into label_reprint_line (country, reprint_id, code, position)
select %(country)s, %(reprint)s, l.code, l.place - 1
  from unnest(%(codes)s::text[]) with ordinality as l (code, place)
"""


def cancel_labels(
    db: Connection, *, actor: Actor, now: datetime, codes: Sequence[str], batch_id: UUID | None, reason: str
) -> list[str]:
    """Void labels, or what is left of a block of blanks, without making others; return their codes.

    Each is an event; the reason is committed to in it and kept with the unit. Raises `label.not_found`,
    `label.already_void`, `label_batch.not_found` where a block has no blank left or is not in scope, and what
    `rules.check_count` and `check_once` raise.
    """
    scope = {"country": actor.country, "units": list(actor.units)}
    if batch_id is not None:
        codes = [row["code"] for row in run(db, _BLANKS_LEFT, {**scope, "batch": batch_id})]
        if not codes:
            raise NotFound("label_batch.not_found", batch=str(batch_id))
    rows = _lock_labels(db, scope, codes)
    by_unit: dict[int, list[Row]] = {}
    for row in rows:
        by_unit.setdefault(row["unit_id"], []).append(row)
    for unit_id, of_unit in by_unit.items():
        kept = commit_to(reason)
        keep_values(db, country=actor.country, commitments=[kept], unit_id=unit_id)
        _cancel(db, actor, now, of_unit, kept)
    run(db, _UNLABELLED, {**scope, "weapons": [row["weapon_id"] for row in rows if row["weapon_id"] is not None]})
    return list(codes)


def _cancel(db: Connection, actor: Actor, now: datetime, rows: Sequence[Row], reason: Commitment) -> None:
    void_labels(db, actor, codes=[row["code"] for row in rows], reason=reason)
    events = [
        make_event(
            actor,
            "label.cancelled",
            now,
            weapon_id=row["weapon_id"],
            facts={"code": row["code"], "reason": reason.digest.hex()},
        )
        for row in rows
    ]
    append(db, country=actor.country, events=events)


def reprint_labels(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    reprint_id: UUID,
    codes: Sequence[str],
    stock: str,
    start: int,
    copies: int,
    reason: str,
) -> MadeLabels:
    """Print valid labels again under their codes, each as one event with the reason committed to.

    Raises `label.not_found`, `label.already_void`, `label_batch.no_unit`, and what `rules.check_count`, `check_once`
    and `check_stock` raise.
    """
    scope = {"country": actor.country, "units": list(actor.units)}
    rows = _lock_labels(db, scope, codes)
    kinds = {parse(code).kind for code in codes}
    if len(kinds) > 1:
        raise Unacceptable("label_sheet.wrong_stock")
    per_page = check_stock(stock, start, kinds.pop()).per_page
    unit_id = unit_above(db, scope, rows)
    kept = commit_to(reason)
    keep_values(db, country=actor.country, commitments=[kept], unit_id=unit_id)
    weapons = {row["code"]: row["weapon_id"] for row in rows}
    told = {"reprint": str(reprint_id), "reason": kept.digest.hex()}
    events = [
        make_event(actor, "label.reprinted", now, weapon_id=weapons[code], facts={"code": code, **told})
        for code in codes
    ]
    values = {
        **scope,
        **event_columns(events),
        "reprint": reprint_id,
        "unit": unit_id,
        "stock": stock,
        "start": start,
        "copies": copies,
        "by": actor.person_id,
        "reason": kept.id,
        "codes": list(codes),
    }
    run(db, _REPRINT, values)
    return MadeLabels(len(codes), 0, -(-(start + copies * len(codes)) // per_page))


def check_valid(db: Connection, actor: Actor, codes: Sequence[str]) -> None:
    """Refuse labels that could not be printed again, before anybody is told that they will be.

    Raises `label.not_found`, `label.already_void`, and what `rules.check_count` and `check_once` raise.
    """
    check_count(len(codes))
    check_once(codes)
    _valid(db, {"country": actor.country, "units": list(actor.units), "codes": list(codes)}, codes)


def _lock_labels(db: Connection, scope: Mapping[str, Any], codes: Sequence[str]) -> list[Row]:
    """Lock valid labels and return them with the unit that decides on each."""
    check_count(len(codes))
    check_once(codes)
    values = {**scope, "codes": list(codes)}
    run(db, _LOCK_WEAPONS, values)
    return _valid(db, values, codes)


def _valid(db: Connection, values: Mapping[str, Any], codes: Sequence[str]) -> list[Row]:
    rows = run(db, _LABELS, values)
    check_known(codes, [row["code"] for row in rows])
    check_none("label.already_void", [row["code"] for row in rows if row["voided_at"] is not None])
    return rows
