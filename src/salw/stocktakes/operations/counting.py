"""Counting: what was seen, resolved in the register, and told back without a word of what is expected."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_role_at
from salw.access.rules import Permission
from salw.core.actor import Actor
from salw.core.db import Row, instant_text, run, run_one
from salw.core.errors import NotFound
from salw.core.ids import new_id
from salw.ledger.events import Commitment, Event, columns, commit_to, make_event
from salw.ledger.operations import APPEND_CTE, append, keep_values
from salw.registry.condition.operations import keep_newest
from salw.registry.condition.rules import Condition, Seen, SeenIn
from salw.stocktakes.rules import (
    CountAnswer,
    Counted,
    NewCount,
    Read,
    Reading,
    answer_of,
    check_counted,
    check_open,
    read,
)

EVENT_COUNTS = 50  # counts in one event: of the longest texts as many as fit into an entry of the log (64 KiB)

# Counting shares the lock of the check, closing takes it alone: no count slips in behind a closure.
_LOCK = """
select store_id, unit_id, status from stocktake
 where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
   for share
"""

# A list sent again while its first sending is under way waits for it, and then finds what it recorded. The least id
# stands for the list: a list that has grown since begins with the same count, because ids are made in order.
_ONE_BY_ONE = "select pg_advisory_xact_lock(hashtextextended(%(list)s, 0))"

# Whether a count names a weapon within the counter's scope, by the register as it is now; what nobody can read
# names none and is his own. The reading is kept all the same, and classified at the closing.
_IN_SCOPE = """
case n.reading
    when 'unreadable' then true
    when 'weapon' then exists (
        select from weapon w where w.country = %(country)s and w.id = n.weapon_id and {scope})
    when 'void_label' then exists (
        select from label l join weapon w on w.country = l.country and w.id = l.weapon_id
         where l.country = %(country)s and l.code = n.read_as and {scope})
    when 'ambiguous_mark' then exists (
        select from mark m join weapon w on w.country = m.country and w.id = m.weapon_id
         where m.country = %(country)s and m.normalised = n.read_as
           and m.kind not in ('proof', 'part') and m.legibility in ('legible', 'partial') and {scope})
    else false
end as in_scope
""".format(scope="(w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s))")

# Of marks that look like a misread registry number, those that a weapon in the counter's scope does bear.
_BORNE = """
select distinct m.normalised as mark from mark m join weapon w on w.country = m.country and w.id = m.weapon_id
 where m.country = %(country)s and m.normalised = any(%(marks)s) and m.kind not in ('proof', 'part')
   and m.legibility in ('legible', 'partial') and (w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s))
"""

_KNOWN = f"""
select n.id, n.fingerprint, n.reading, {_IN_SCOPE} from stocktake_count n
 where n.country = %(country)s and n.stocktake_id = %(stocktake)s and n.id = any(%(ids)s)
"""

# Marks found on many weapons by their nature (proof, parts) do not name one, nor do marks nobody can read.
# Where several weapons bear the mark, the one that this check expects is meant; where that leaves more
# than one, or none of several, nothing is guessed. A typed text that is a label code or a registry number
# of ours is that first, and a mark only if it is neither.
_RECORD = f"""
with {APPEND_CTE}, given as (
    select * from unnest(%(ids)s::uuid[], %(methods)s::text[], %(texts)s::text[], %(labels)s::text[],
                         %(tails)s::text[], %(numbers)s::text[], %(marks)s::text[], %(instants)s::timestamptz[],
                         %(conditions)s::text[], %(notes)s::uuid[], %(fingerprints)s::bytea[], %(told_in)s::uuid[])
        as g (id, method, text, label, tail, number, mark, counted_at, condition, note_id, fingerprint, event_id)
), resolved as (
    select g.*,
           case when g.method = 'unreadable' then 'unreadable'
                when k.wrong then 'wrong_label'
                when k.void then 'void_label'
                when k.labelled_id is not null or k.numbered_id is not null or k.marked_id is not null then 'weapon'
                when k.code is not null then 'unattached_label'
                when k.mark is not null then 'ambiguous_mark'
                when g.label is not null then 'unknown_label'
                else 'unknown_mark'
           end as reading,
           case when k.void then k.labelled_id else coalesce(k.labelled_id, k.numbered_id, k.marked_id) end as found_id,
           coalesce(k.code, k.registry_number, k.mark, g.label, g.number, g.mark) as read_as
      from given g
      left join resolve_counts(%(stocktake)s, %(ids)s, %(labels)s, %(tails)s, %(numbers)s, %(marks)s) k on k.id = g.id
)
insert into stocktake_count as n (country, stocktake_id, id, method, text, reading, read_as, weapon_id, counted_at,
                             condition, note_id, fingerprint, counted_by, counted_role, event_id)
select %(country)s, %(stocktake)s, r.id, r.method, r.text, r.reading, r.read_as,
       case when r.reading in ('weapon', 'void_label') then r.found_id end, r.counted_at, r.condition, r.note_id,
       r.fingerprint, %(by)s, %(role)s, r.event_id
  from resolved r
returning n.id, n.reading, {_IN_SCOPE}
"""


# A weapon counted twice in one list is in the condition seen last. Locked as for a move, in the same order, so that
# a return that states one waits instead of crossing; what is out of scope is not locked and not told of, and what is
# awaited is on its sender's book, whose row the counter cannot write.
_STATED = """
with stated as materialized (
    select distinct on (weapon_id) weapon_id, condition, counted_at
      from stocktake_count
     where country = %(country)s and stocktake_id = %(stocktake)s and id = any(%(ids)s) and reading = 'weapon'
       and condition is not null
     order by weapon_id, counted_at desc
)
select s.* from lock_custody(array(select weapon_id from stated)) as l join stated s on s.weapon_id = l.weapon_id
 where l.unit_id = any(%(units)s)
 order by s.weapon_id
"""


def lock_stocktake(db: Connection, actor: Actor, stocktake_id: UUID) -> Row:
    """Lock a check for counting; return its store, unit, status. Raises `stocktake.not_found`, `stocktake.closed`."""
    row = run_one(db, _LOCK, {"country": actor.country, "id": stocktake_id, "units": list(actor.units)})
    if row is None:
        raise NotFound("stocktake.not_found", stocktake=str(stocktake_id))
    check_open(row["status"])
    return row


def record_counts(
    db: Connection, *, actor: Actor, now: datetime, stocktake_id: UUID, counts: Sequence[NewCount]
) -> list[Counted]:
    """Record what was seen and return one answer a count, in the same order.

    Counts are never changed: one already known gets the answer of what it was read as then, in the scope of who
    asks now, and is said to be a repeat, also where the first was still under way; another one under its id is
    `id_reused`, and a malformed one is not kept, so that the counter reads again. A list is ledger
    events of `EVENT_COUNTS` counts each: a count moves nothing, a list is what a counter hands in and answers for, and
    a thousand events would cost four times the Python of one list and a thousand rows of log, queue and leaf.
    Raises `stocktake.not_found`, `stocktake.closed`, `stocktake.counted_in_the_future`.
    """
    stocktake = lock_stocktake(db, actor, stocktake_id)
    check_counted(counts, now)
    role = get_role_at(db, actor, Permission.STOCKTAKE_COUNT, stocktake["unit_id"])
    values = {"country": actor.country, "stocktake": stocktake_id, "units": list(actor.units)}
    first = min((c.id for c in counts), default=stocktake_id)
    run(db, _ONE_BY_ONE, {"list": f"stocktake.counts {actor.country} {stocktake_id} {first}"})
    known = run(db, _KNOWN, {**values, "ids": [c.id for c in counts]})
    meanings = [read(count) for count in counts]
    doubtful = {m.mark for m in meanings if m is not None and m.doubtful}
    misread = doubtful - {
        row["mark"] for row in (run(db, _BORNE, {**values, "marks": list(doubtful)}) if doubtful else ())
    }
    fingerprints = {row["id"]: row["fingerprint"] for row in known}
    refused: dict[int, CountAnswer] = {}
    repeated: set[int] = set()
    new: list[tuple[NewCount, Read, bytes]] = []
    for place, (count, meaning) in enumerate(zip(counts, meanings, strict=True)):
        fingerprint = count.fingerprint
        if count.id in fingerprints:
            if fingerprints[count.id] != fingerprint:
                refused[place] = CountAnswer.ID_REUSED
            repeated.add(place)
            continue
        if meaning is None or (meaning.doubtful and meaning.mark in misread):
            refused[place] = CountAnswer.MALFORMED
            continue
        fingerprints[count.id] = fingerprint
        new.append((count, meaning, fingerprint))
    written = _write(db, actor, role, now, stocktake_id, stocktake["unit_id"], new) if new else []
    stated = [count.id for count, _, _ in new if count.condition is not None]
    if stated:
        _note_conditions(db, actor, now, stocktake_id, stated)
    answers = _answers([*known, *written])
    return [
        Counted(refused[place])
        if place in refused
        else Counted(answers[count.id], place in repeated, None if place in repeated else meanings[place])
        for place, count in enumerate(counts)
    ]


def _answers(rows: Sequence[Row]) -> dict[UUID, CountAnswer]:
    return {row["id"]: answer_of(Reading(row["reading"]), in_scope=row["in_scope"]) for row in rows}


def _write(
    db: Connection,
    actor: Actor,
    role: str,
    now: datetime,
    stocktake_id: UUID,
    unit_id: int,
    new: Sequence[tuple[NewCount, Read, bytes]],
) -> list[Row]:
    notes = {c.id: commit_to({"note": c.note}) for c, _, _ in new if c.note is not None}
    keep_values(db, country=actor.country, commitments=list(notes.values()), unit_id=unit_id)
    parts = [new[i : i + EVENT_COUNTS] for i in range(0, len(new), EVENT_COUNTS)]
    events = [_event(actor, role, now, stocktake_id, part, notes) for part in parts]
    return run(
        db,
        _RECORD,
        {
            "country": actor.country,
            "stocktake": stocktake_id,
            "units": list(actor.units),
            "by": actor.person_id,
            "role": role,
            **columns(events),
            "told_in": [event.id for event, part in zip(events, parts, strict=True) for _ in part],
            "ids": [c.id for c, _, _ in new],
            "methods": [c.method.value for c, _, _ in new],
            "texts": [r.text for _, r, _ in new],
            "labels": [r.label for _, r, _ in new],
            "tails": [r.tail for _, r, _ in new],
            "numbers": [r.number for _, r, _ in new],
            "marks": [r.mark for _, r, _ in new],
            "instants": [c.counted_at for c, _, _ in new],
            "conditions": [c.condition.value if c.condition else None for c, _, _ in new],
            "notes": [notes[c.id].id if c.id in notes else None for c, _, _ in new],
            "fingerprints": [fingerprint for _, _, fingerprint in new],
        },
    )


def _note_conditions(db: Connection, actor: Actor, now: datetime, stocktake_id: UUID, counts: Sequence[UUID]) -> None:
    """Tell in the history of each weapon in scope in what condition the counter saw it: an event a weapon.

    Only of weapons that the counts name and show: a void label does not say that its weapon was seen.
    """
    values = {"country": actor.country, "units": list(actor.units)}
    rows = run(db, _STATED, {**values, "stocktake": stocktake_id, "ids": list(counts)})
    seen = [Seen(row["weapon_id"], Condition(row["condition"]), row["counted_at"]) for row in rows]
    if not seen:
        return
    events = [
        make_event(
            actor,
            "weapon.condition_seen",
            now,
            weapon_id=one.weapon_id,
            facts={
                "condition": one.condition.value,
                "seen_in": SeenIn.COUNT.value,
                "seen_at": instant_text(one.at),
                "stocktake": str(stocktake_id),
            },
        )
        for one in seen
    ]
    append(db, country=actor.country, events=events)
    for part in keep_newest(actor.country, SeenIn.COUNT, seen):
        run(db, part.sql, part.values)


def _event(
    actor: Actor,
    role: str,
    now: datetime,
    stocktake_id: UUID,
    new: Sequence[tuple[NewCount, Read, bytes]],
    notes: dict[UUID, Commitment],
) -> Event:
    """Return the event of a part of a list of counts: rows instead of objects, because there are many of them."""
    listed: list[list[Any]] = [
        [
            str(c.id),
            c.method.value,
            r.text,
            instant_text(c.counted_at),
            c.condition.value if c.condition else None,
            notes[c.id].digest.hex() if c.id in notes else None,
        ]
        for c, r, _ in new
    ]
    facts = {
        "stocktake": str(stocktake_id),
        "role": role,
        "columns": ["id", "method", "read", "counted_at", "condition", "note_commitment"],
        "counts": listed,
    }
    return make_event(actor, "stocktake.counted", now, facts=facts, event_id=new_id())
