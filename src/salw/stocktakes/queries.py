"""Reading checks within the scope of the actor. What a check found is shown only once it is closed."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound
from salw.stocktakes.reconciliation import DIFFERENCES, Line, Outcome, Totals, total
from salw.stocktakes.rules import check_closed, check_ended

_HEADER = """
select s.id, s.kind, s.status, s.mission, s.log_size,
       s.store_id, t.name as store_name, t.place as store_place,
       s.unit_id, u.uuid as unit_uuid, u.name as unit_name, u.force_code,
       f.name_fr as force_name_fr, f.name_en as force_name_en,
       s.opened_at, s.opened_by, s.opened_role, coalesce(vo.value, vo.remains) as opened_by_value,
       coalesce(po.unit_id = any(%(units)s), false) as opened_by_named,
       coalesce(pc.unit_id = any(%(units)s), false) as closed_by_named,
       s.closed_at, s.closed_by, s.closed_role, s.independent, coalesce(vc.value, vc.remains) as closed_by_value,
       s.incident_id, s.overage_id,
       vr.value->>'reason' as reason
  from stocktake s
  join store t on (t.country, t.id) = (s.country, s.store_id)
  join unit u on (u.country, u.id) = (s.country, s.unit_id)
  left join force f on (f.country, f.code) = (u.country, u.force_code)
  left join person po on (po.country, po.id) = (s.country, s.opened_by)
  left join personal_value vo on (vo.country, vo.id) = (po.country, po.value_id)
  left join person pc on (pc.country, pc.id) = (s.country, s.closed_by)
  left join personal_value vc on (vc.country, vc.id) = (pc.country, pc.value_id)
  left join personal_value vr on (vr.country, vr.id) = (s.country, s.reason_id)
 where s.country = %(country)s and s.unit_id = any(%(units)s)
"""

# Of several counts of one weapon the line shows the best: a void label last, a scan before a typed text, then the
# first. It is
# looked up by key for each line (`lateral`, one row): a check is read as soon as it is closed, when no
# statistics tell the planner that a join of lines with counts is not one of a row with a row.
# An extra weapon on the book of a unit outside the reader's scope is told by what was seen of it and whom to ask:
# its numbers in the books are not his to read. That is judged by the book at the closing, and never changes again.
_LINES = r"""
select l.id, l.outcome, l.expected, l.counts, c.method, c.reading, c.condition, n.value->>'note' as note,
       case when o.others and c.method = 'scan' then null else c.text end as text_read,
       l.weapon_id, case when not o.others then w.registry_number end as registry_number, w.class_code, w.model_code,
       coalesce(m.name || ' (' || m.maker || ', ' || m.made_in || ')', w.model_text) as model_name,
       case when not o.others then w.serial end as serial_raw,
       case when not o.others then coalesce(case when c.reading like '%%\_label' then c.read_as end, w.label_code) end
       as label_code,
       v.kind as movement_kind, v.seq as movement_seq, v.recorded_at as movement_at,
       v.to_holder_id = %(store)s as moved_in, d.kind as movement_document_kind,
       d.number as movement_document_number, d.year as movement_document_year,
       b.kind as book_holder_kind, b.unit_name as book_unit_name, b.unit_uuid as book_unit_uuid, l.case_id, r.withheld,
       case when b.unit_id <> %(unit)s and not o.others then l.salt end as salt
  from stocktake_line l
  left join lateral (
      (select n.* from stocktake_count n
        where n.country = %(country)s and n.stocktake_id = %(id)s and n.weapon_id = l.weapon_id
        order by n.reading = 'void_label', n.method, n.recorded_at, n.id limit 1)
      union all
      (select n.* from stocktake_count n
        where n.country = %(country)s and n.stocktake_id = %(id)s and n.id = l.id and l.weapon_id is null)
  ) as c on true
  left join personal_value n on (n.country, n.id) = (%(country)s, c.note_id)
  left join describe_found(%(id)s) w on w.id = l.weapon_id
  left join model m on m.code = w.model_code
  left join movement v on (v.country, v.weapon_id, v.seq) = (%(country)s, l.weapon_id, l.movement_seq)
  left join document d on (d.country, d.id) = (%(country)s, v.document_id)
  left join name_places(array(select f.book_holder_id from stocktake_finding f
                               where f.country = %(country)s and f.stocktake_id = %(id)s)) b on b.id = l.book_holder_id
  left join holder h on (h.country, h.id) = (%(country)s, l.book_holder_id)
 cross join lateral (
      select not coalesce(h.unit_id = any(%(units)s) or h.awaited_by_unit_id = any(%(units)s), b.unit_id is null)
             as withheld
  ) as r
 cross join lateral (select r.withheld and not %(whole)s as others) as o
 where l.country = %(country)s and l.stocktake_id = %(id)s
 order by l.outcome, w.registry_number, l.id
"""


def get_stocktake(db: Connection, actor: Actor, stocktake_id: UUID) -> Row:
    """Return the header of a check in scope, whatever its status; nothing of what it expects or found.

    Keys: `id, kind, status, mission, log_size` (events in the country's log at opening); `store_id,
    store_name, store_place`; `unit_id` (internal), `unit_uuid, unit_name, force_code, force_name_fr,
    force_name_en`; `opened_at, opened_by` (person), `opened_role` (his function then), `opened_by_value`
    (rank, family_name, given_names, matricule; once erased rank, unit, erased_on), `opened_by_named` (he is in
    the reader's scope; else he is told by his function alone), the same with `closed_`, null while
    open; `incident_id`, the case opened on what is missing, and `overage_id`, the one on every other
    difference, if any; `reason`, why it has no result, where it was discontinued. Raises `stocktake.not_found`.
    """
    row = run_one(
        db,
        _HEADER + " and s.id = %(id)s",
        {"country": actor.country, "units": list(actor.units), "id": stocktake_id},
    )
    if row is None:
        raise NotFound("stocktake.not_found", stocktake=str(stocktake_id))
    return row


def list_counters(db: Connection, actor: Actor, stocktake_id: UUID) -> list[Row]:
    """Return who counted in a check that has ended, once for each function, in the order of their first counts.

    Keys: `counted_by` (person), `counted_role` (his function then; null where it was not kept), `counted_by_value`
    and `counted_by_named` as in `get_stocktake`, `counts` (how many he handed in), `first_at`, `last_at`.
    Raises `stocktake.not_found`, `stocktake.still_open`.
    """
    check_ended(get_stocktake(db, actor, stocktake_id)["status"])
    return run(
        db,
        """
        select c.*, coalesce(v.value, v.remains) as counted_by_value,
               coalesce(p.unit_id = any(%(units)s), false) as counted_by_named
          from (select counted_by, counted_role, count(*)::int as counts,
                       min(counted_at) as first_at, max(counted_at) as last_at
                  from stocktake_count
                 where country = %(country)s and stocktake_id = %(id)s
                 group by counted_by, counted_role) as c
          left join person p on p.country = %(country)s and p.id = c.counted_by
          left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         order by c.first_at, c.counted_by
        """,
        {"country": actor.country, "units": list(actor.units), "id": stocktake_id},
    )


def list_stocktakes(
    db: Connection, actor: Actor, *, store_id: UUID | None, status: str | None, after: UUID | None, limit: int
) -> list[Row]:
    """Return the headers of checks in scope by id, of one store or of one status where given."""
    return run(
        db,
        _HEADER
        + """
           and (%(store)s::uuid is null or s.store_id = %(store)s)
           and (%(status)s::text is null or s.status = %(status)s)
           and s.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by s.id limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "store": store_id,
            "status": status,
            "after": after,
            "limit": limit,
        },
    )


def list_newest_closed(db: Connection, actor: Actor, limit: int) -> list[Row]:
    """Return the headers of the closed checks in scope, the last to be closed first, at most `limit`."""
    return run(
        db,
        _HEADER + "and s.status = 'closed' order by s.closed_at desc, s.id limit %(limit)s",
        {"country": actor.country, "units": list(actor.units), "limit": limit},
    )


def list_checks(
    db: Connection, actor: Actor, *, unit: UUID | None, status: str | None, before: UUID | None, limit: int
) -> list[Row]:
    """Return the headers of checks in scope, the newest id first, of a unit and those below it or of one status."""
    return run(
        db,
        _HEADER
        + """
           and (%(unit)s::uuid is null or exists (
                select from unit a join unit_closure x on (x.country, x.ancestor_id) = (a.country, a.id)
                 where a.country = s.country and a.uuid = %(unit)s and x.descendant_id = s.unit_id))
           and (%(status)s::text is null or s.status = %(status)s)
           and (%(before)s::uuid is null or s.id < %(before)s)
         order by s.id desc limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "unit": unit,
            "status": status,
            "before": before,
            "limit": limit,
        },
    )


def total_checks(db: Connection, country: str, stocktake_ids: list[UUID]) -> dict[UUID, Totals]:
    """Return the lines of several closed checks by outcome, of checks already found in scope."""
    rows = run(
        db,
        """
        select stocktake_id, outcome, expected, counts > 0 as seen, count(*) as n from stocktake_line
         where country = %(country)s and stocktake_id = any(%(ids)s) group by 1, 2, 3, 4
        """,
        {"country": country, "ids": stocktake_ids},
    )
    lines: dict[UUID, dict[Line, int]] = {id_: {} for id_ in stocktake_ids}
    for row in rows:
        lines[row["stocktake_id"]][Line(Outcome(row["outcome"]), row["expected"], row["seen"])] = row["n"]
    return {id_: total(of_check) for id_, of_check in lines.items()}


def list_lines(db: Connection, actor: Actor, stocktake_id: UUID, *, whole: bool = False) -> list[Row]:
    """Return every line of a closed check, by outcome and registry number.

    Keys: `id`, `outcome` (`reconciliation.Outcome`), `expected`, `counts` (0 where not seen), `method` (how it is
    known: scan, typed, unreadable; null where not seen), `reading` (`rules.Reading`), `text_read` (as typed,
    or the label code scanned), `condition`, `note`; `weapon_id, registry_number, class_code, model_code,
    model_name, serial_raw, label_code`; the explanation as facts, not words: `movement_kind, movement_seq,
    movement_at, moved_in, movement_document_kind, movement_document_number, movement_document_year` (the
    movement that explains `moved_during_count`, or the last of a `missing` weapon that went and came back on
    paper), `book_holder_kind, book_unit_name, book_unit_uuid` (where
    the book says that an `extra_known` is, or a `void_label` not expected), `case_id` (the case that was open
    on it at the closing), `salt` (of a weapon on another unit's book: random, and never shown without the numbers
    that it covers). An `extra_known` or `void_label` on a book outside the actor's scope is `withheld`: it has no
    `registry_number`, `serial_raw`, `label_code`, `salt` or scanned `text_read`, unless the `whole` is asked for,
    which is for digests and never shown.
    Raises `stocktake.not_found` and what `rules.check_closed` raises.
    """
    header = get_stocktake(db, actor, stocktake_id)
    check_closed(header["status"])
    scope = {"country": actor.country, "units": list(actor.units)}
    place = {"id": stocktake_id, "store": header["store_id"], "unit": header["unit_id"]}
    return run(db, _LINES, {**scope, **place, "whole": whole})


def get_totals(db: Connection, actor: Actor, stocktake_id: UUID) -> Totals:
    """Return the lines of a closed check by outcome. Raises as `list_lines` does."""
    check_closed(get_stocktake(db, actor, stocktake_id)["status"])
    return total_lines(db, actor.country, stocktake_id)


def list_differences(db: Connection, country: str, stocktake_id: UUID) -> list[Row]:
    """Return the lines of a check in scope that are not as they should be: `id, outcome, weapon_id, counts`."""
    return run(
        db,
        """
        select id, outcome, weapon_id, counts from stocktake_finding
         where country = %(country)s and stocktake_id = %(id)s and outcome = any(%(differences)s)
         order by id
        """,
        {"country": country, "id": stocktake_id, "differences": [outcome.value for outcome in DIFFERENCES]},
    )


def total_lines(db: Connection, country: str, stocktake_id: UUID) -> Totals:
    """Return the lines written so far by outcome, of a check already found in scope."""
    rows = run(
        db,
        """
        select outcome, expected, counts > 0 as seen, count(*) as n from stocktake_line
         where country = %(country)s and stocktake_id = %(id)s group by 1, 2, 3
        """,
        {"country": country, "id": stocktake_id},
    )
    return total({Line(Outcome(r["outcome"]), r["expected"], r["seen"]): r["n"] for r in rows})
