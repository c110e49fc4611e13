"""The books against themselves: movements form chains, custody and weapons follow them, passages tell of them.

Set-based: each statement returns what is wrong and nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from salw.core.db import Row, run
from salw.custody.rules import LOSSES, USER_HOLDERS, HolderKind, MovementKind
from salw.proofs.verification.breaks import KEPT_MAX, Findings
from salw.proofs.verification.entries import instant, shown
from salw.proofs.verification.month_ends import check_month_ends

_IDX = "(select l.idx from leaf l where l.country = %(country)s and l.event_id = {0} limit 1)"

# Each movement goes on where the one before ended: number, holder, unit, and not before it.
_CHAIN = f"""
select c.weapon, c.seq, c.event_id, c.from_holder_id, c.from_unit_id, c.last_seq, c.last_holder_id, c.last_unit_id,
       date_part('epoch', c.recorded_at) as recorded_at, date_part('epoch', c.last_recorded_at) as last_recorded_at,
       {_IDX.format("c.event_id")} as idx
  from (select m.weapon_id::text as weapon, m.seq, m.event_id, m.recorded_at, m.from_holder_id, m.from_unit_id,
               lag(m.seq) over w as last_seq, lag(m.to_holder_id) over w as last_holder_id,
               lag(m.to_unit_id) over w as last_unit_id, lag(m.recorded_at) over w as last_recorded_at
          from movement m where m.country = %(country)s
        window w as (partition by m.weapon_id order by m.seq)) as c
 where c.seq is distinct from coalesce(c.last_seq, 0) + 1 or c.from_holder_id is distinct from c.last_holder_id
    or c.from_unit_id is distinct from c.last_unit_id or c.recorded_at < c.last_recorded_at
 limit %(limit)s
"""

_CUSTODY = f"""
with last as (
    select distinct on (m.weapon_id) m.weapon_id, m.seq, m.to_holder_id, m.to_unit_id, m.recorded_at, m.event_id,
           m.document_id, m.occurred_at
      from movement m where m.country = %(country)s order by m.weapon_id, m.seq desc
), wrong as (
    select coalesce(l.weapon_id, c.weapon_id) as weapon_id, l.event_id, l.seq as due_seq, c.seq as seq,
           l.to_holder_id as due_holder_id, c.holder_id, l.to_unit_id as due_unit_id, c.unit_id,
           h.awaited_by_unit_id as due_awaited_by_unit_id, c.awaited_by_unit_id,
           l.document_id as due_document_id, c.document_id,
           date_part('epoch', l.recorded_at) as due_recorded_at, date_part('epoch', c.recorded_at) as recorded_at,
           date_part('epoch', l.occurred_at) as due_occurred_at, date_part('epoch', c.occurred_at) as occurred_at
      from last l
      left join holder h on h.country = %(country)s and h.id = l.to_holder_id
      full join (select * from custody where country = %(country)s) as c on c.weapon_id = l.weapon_id
     where l.seq is distinct from c.seq or l.to_holder_id is distinct from c.holder_id
        or l.to_unit_id is distinct from c.unit_id or h.awaited_by_unit_id is distinct from c.awaited_by_unit_id
        or l.recorded_at is distinct from c.recorded_at or l.document_id is distinct from c.document_id
        or l.occurred_at is distinct from c.occurred_at
     limit %(limit)s
)
select wrong.*, weapon_id::text as weapon, {_IDX.format("wrong.event_id")} as idx from wrong
"""

_WEAPONS = """
select w.id::text as weapon, w.unit_id, w.awaited_by_unit_id, c.unit_id as due_unit_id,
       c.awaited_by_unit_id as due_awaited_by_unit_id, c.weapon_id is null as unheld
  from weapon w left join custody c on c.country = %(country)s and c.weapon_id = w.id
 where w.country = %(country)s
   and (c.weapon_id is null or w.unit_id <> c.unit_id or w.awaited_by_unit_id is distinct from c.awaited_by_unit_id)
 limit %(limit)s
"""

# A holder is of one unit for ever. The first movement that says otherwise says where to look.
_HOLDERS = f"""
select u.holder_id::text as holder, u.unit_id as due_unit_id, h.unit_id, h.kind, k.kinds as due_kind,
       (select min({_IDX.format("m.event_id")}) from movement m
         where m.country = %(country)s and (m.to_holder_id, m.to_unit_id, m.kind) = (u.holder_id, u.unit_id, u.kind)
       ) as idx
  from (select distinct to_holder_id as holder_id, to_unit_id as unit_id, kind
          from movement where country = %(country)s) as u
  left join holder h on h.country = %(country)s and h.id = u.holder_id
  left join unnest(%(moves)s::text[], %(kinds)s::text[]) as k (move, kinds) on k.move = u.kind
 where h.unit_id is distinct from u.unit_id or not h.kind = any(string_to_array(k.kinds, ', '))
 limit %(limit)s
"""

_PASSAGES = """
select coalesce(x.idx, p.idx) as idx, coalesce(x.weapon_id, p.weapon_id)::text as weapon, coalesce(x.seq, p.seq) as seq,
       coalesce(x.unit_id, p.unit_id) as unit, coalesce(x.gone, p.gone) as gone,
       x.idx is not null as due, p.idx is not null as stands
  from (select l.idx, m.weapon_id, m.seq, s.unit_id, s.gone, s.from_holder_id
          from leaf l
          join movement m on m.country = %(country)s and m.event_id = l.event_id
         cross join lateral (
               select m.to_unit_id, false, case when m.from_unit_id = m.to_unit_id then m.from_holder_id end
                union all
               select m.from_unit_id, true, m.from_holder_id where m.from_unit_id <> m.to_unit_id
         ) as s (unit_id, gone, from_holder_id)
         where l.country = %(country)s) as x
  full join (select * from passage where country = %(country)s) as p
    on (p.idx, p.unit_id, p.weapon_id, p.seq, p.gone) = (x.idx, x.unit_id, x.weapon_id, x.seq, x.gone)
 where x.idx is null or p.idx is null or x.from_holder_id is distinct from p.from_holder_id
 limit %(limit)s
"""

_UNSEQUENCED = """
select e.id::text as event, e.kind, e.weapon_id::text as weapon
  from event e
 where e.country = %(country)s
   and not exists (select from leaf l where l.country = %(country)s and l.event_id = e.id)
   and not exists (select from event_queue q where q.country = %(country)s and q.event_id = e.id)
 limit %(limit)s
"""

_UNTOLD = """
select m.weapon_id::text as weapon, m.seq, m.event_id::text as event
  from movement m
 where m.country = %(country)s
   and not exists (select from leaf l where l.country = %(country)s and l.event_id = m.event_id)
   and not exists (select from event_queue q where q.country = %(country)s and q.event_id = m.event_id)
 limit %(limit)s
"""

# What got an index left the queue in the same transaction.
_QUEUED_AGAIN = """
select l.idx, q.event_id::text as event
  from (select event_id, count(*) as times from event_queue where country = %(country)s group by event_id) as q
  left join leaf l on l.country = %(country)s and l.event_id = q.event_id
 where l.idx is not null or q.times > 1
 order by l.idx limit %(limit)s
"""

_TWICE = """
select min(l.idx) as first, max(l.idx) as idx, l.event_id::text as event
  from leaf l where l.country = %(country)s group by l.event_id having count(*) > 1
 limit %(limit)s
"""

_COUNTS = """
select (select count(*) from event where country = %(country)s) as events,
       (select count(*) from movement where country = %(country)s) as movements,
       (select count(*) from custody where country = %(country)s) as weapons,
       (select count(*) from passage where country = %(country)s) as passages,
       (select count(*) = 4
          from (values ('leaf', 'PRIMARY KEY (country, idx)'), ('leaf', 'UNIQUE (country, event_id)'),
                       ('event', 'PRIMARY KEY (country, id)'),
                       ('movement', 'UNIQUE (country, event_id)')) as due (name, says)
         where exists (select from pg_constraint c join pg_index i on i.indexrelid = c.conindid
                        where c.conrelid = ('public.' || due.name)::regclass and pg_get_constraintdef(c.oid) = due.says
                          and c.convalidated and i.indisunique and i.indisvalid and i.indisready)) as keyed
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows of the books were held against each other, and whether the keys stand that forbid doubles."""

    movements: int
    weapons: int
    passages: int
    events: int = 0
    keyed: bool = True


def check_books(db: Connection, country: str, found: Findings, done: Callable[[], None]) -> Counted:
    """Run every check of the books, and call `done` after each. `db` is in the snapshot of the whole verification."""
    for statement in _BESIDE.split(";"):
        run(db, statement)
    for sql, name in CHECKS:
        for row in run(db, sql, {"country": country, "limit": KEPT_MAX + 1, **_KINDS}):
            name(row, found)
        done()
    check_month_ends(db, country, found)
    done()
    return Counted(**run(db, _COUNTS, {"country": country})[0])


def check_left_over(db: Connection, country: str, found: Findings) -> None:
    """Find events that nobody gave an index and that wait for none, and movements that rest on no event."""
    for sql, name in _LEFT_OVER:
        for row in run(db, sql, {"country": country, "limit": KEPT_MAX + 1}):
            name(row, found)


def _chain(row: Row, found: Findings) -> None:
    pairs: list[tuple[str, Any, Any]] = [
        ("seq", row["seq"], (row["last_seq"] or 0) + 1),
        ("from_holder_id", row["from_holder_id"], row["last_holder_id"]),
        ("from_unit_id", row["from_unit_id"], row["last_unit_id"]),
    ]
    if row["last_recorded_at"] is not None and row["recorded_at"] < row["last_recorded_at"]:
        pairs.append(("recorded_at", instant(row["recorded_at"]), instant(row["last_recorded_at"])))
    _differ("verify.chain_broken", row, pairs, found)


def _custody(row: Row, found: Findings) -> None:
    if row["seq"] is None:
        found.add("verify.custody_missing", idx=row["idx"], weapon=row["weapon"], seq=row["due_seq"])
    elif row["due_seq"] is None:
        found.add("verify.custody_without_movement", weapon=row["weapon"], seq=row["seq"])
    else:
        times = [(name, instant(row[name]), instant(row[f"due_{name}"])) for name in ("recorded_at", "occurred_at")]
        _differ("verify.custody_changed", row, [*_columns(row, *_CUSTODY_COLUMNS), *times], found)


def _weapon(row: Row, found: Findings) -> None:
    if row["unheld"]:
        found.add("verify.weapon_without_custody", weapon=row["weapon"])
    else:
        _differ("verify.weapon_unit_changed", row, _columns(row, "unit_id", "awaited_by_unit_id"), found)


def _holder(row: Row, found: Findings) -> None:
    pairs = _columns(row, "unit_id")
    if row["due_kind"] is not None and row["kind"] not in row["due_kind"].split(", "):
        pairs.append(("kind", row["kind"], row["due_kind"]))
    for column, stands, due in pairs:
        if stands != due:
            _holder_differs(row, column, stands, due, found)


def _holder_differs(row: Row, column: str, stands: Any, due: Any, found: Findings) -> None:
    found.add(
        "verify.holder_changed",
        idx=row["idx"],
        holder=row["holder"],
        column=column,
        stands=shown(stands),
        due=shown(due),
    )


def _passage(row: Row, found: Findings) -> None:
    code = "changed" if row["due"] and row["stands"] else "missing" if row["due"] else "invented"
    found.add(f"verify.passage_{code}", idx=row["idx"], weapon=row["weapon"], seq=row["seq"], unit=row["unit"])


def _unsequenced(row: Row, found: Findings) -> None:
    found.add("verify.event_not_sequenced", weapon=row["weapon"], event=row["event"], kind=row["kind"])


def _untold(row: Row, found: Findings) -> None:
    found.add("verify.movement_without_event", weapon=row["weapon"], seq=row["seq"], event=row["event"], where="none")


def _queued_again(row: Row, found: Findings) -> None:
    found.add("verify.event_queued_again", idx=row["idx"], event=row["event"])


def _twice(row: Row, found: Findings) -> None:
    found.add("verify.event_twice", idx=row["idx"], event=row["event"], first=row["first"])


# To what kinds of holder movements of a kind go; the first movement of a weapon may go anywhere.
_GOES_TO: dict[MovementKind, Iterable[HolderKind]] = {
    MovementKind.ISSUE: USER_HOLDERS,
    MovementKind.RETURN: (HolderKind.STORE,),
    MovementKind.TRANSFER_OUT: (HolderKind.TRANSIT,),
    MovementKind.TRANSFER_IN: (HolderKind.STORE,),
    MovementKind.LOSS: LOSSES,
    MovementKind.RECOVERY: (HolderKind.STORE,),
    MovementKind.DESTRUCTION: (HolderKind.DESTROYED,),
    MovementKind.REPAIR_OUT: (HolderKind.WORKSHOP,),
    MovementKind.REPAIR_IN: (HolderKind.STORE,),
}
_KINDS = {"moves": list(_GOES_TO), "kinds": [", ".join(sorted(kinds)) for kinds in _GOES_TO.values()]}
_CUSTODY_COLUMNS = ("seq", "holder_id", "unit_id", "awaited_by_unit_id", "document_id")

# One core is enough beside the reading of the log, which takes longer; and no two rows of it cross alike.
_BESIDE = """
set local work_mem = '128MB'; set local max_parallel_workers_per_gather = 0; set local enable_memoize = off
"""

Check = tuple[str, Callable[[Row, Findings], None]]
CHECKS: Sequence[Check] = (
    (_CHAIN, _chain),
    (_CUSTODY, _custody),
    (_WEAPONS, _weapon),
    (_HOLDERS, _holder),
    (_QUEUED_AGAIN, _queued_again),
    (_PASSAGES, _passage),
)
_LEFT_OVER: Sequence[Check] = ((_UNSEQUENCED, _unsequenced), (_UNTOLD, _untold), (_TWICE, _twice))


def _columns(row: Row, *names: str) -> list[tuple[str, Any, Any]]:
    return [(name, row[name], row[f"due_{name}"]) for name in names]


def _differ(code: str, row: Row, pairs: Sequence[tuple[str, Any, Any]], found: Findings) -> None:
    for column, stands, due in pairs:
        if stands != due:
            found.add(
                code,
                idx=row.get("idx"),
                weapon=row["weapon"],
                seq=row.get("seq"),
                column=column,
                stands=shown(stands),
                due=shown(due),
            )
