"""Month ends and their snapshots against the leaves and passages that they follow from."""

from sqlalchemy import Connection

from salw.core.db import run
from salw.ledger.snapshots import list_wrong_snapshots
from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.entries import shown

_ANY_SNAPSHOT = "select 1 as one from snapshot where country = %(country)s limit 1"
# How long the log was at an instant, as `ledger.snapshots` counts it when it takes a month.
_LONG = """
(select coalesce((select l.idx + 1 from leaf l
                   where l.country = t.country and l.sequenced_at < {0} at time zone c.time_zone
                   order by l.sequenced_at desc, l.idx desc limit 1), 0))
"""
_ENDS = f"""
select month::text, size as stands, due
  from (select t.month, t.size, {_LONG.format("(t.month + interval '1 month')")} as due
          from month_end t join country c on c.code = t.country where t.country = %(country)s) as e
 where size <> due order by month limit 100
"""
_MISSING = f"""
select u.id as unit, e.size
  from (select t.country, t.size, {_LONG.format("t.month::timestamp")} as before
          from month_end t join country c on c.code = t.country where t.country = %(country)s) as e
  join unit u on u.country = e.country
 where exists (select from passage p
                where p.country = e.country and p.unit_id = u.id and p.idx >= e.before and p.idx < e.size)
   and not exists (select from snapshot s where (s.country, s.unit_id, s.size) = (e.country, u.id, e.size))
 order by e.size, u.id limit 100
"""


def check_month_ends(db: Connection, country: str, found: Findings) -> None:
    """Hold the months that are taken against the log, and what was taken of them against the movements."""
    # What is wrong is the state at a size: the place of the last event that it counts.
    for row in run(db, _ENDS, {"country": country}):
        found.add(
            "verify.month_end_changed",
            idx=row["stands"] - 1,
            month=row["month"][:7],
            stands=row["stands"],
            due=shown(row["due"]),
        )
    for row in run(db, _MISSING, {"country": country}):
        found.add("verify.snapshot_missing", idx=row["size"] - 1, unit=row["unit"], size=row["size"])
    for row in list_wrong_snapshots(db, country) if run(db, _ANY_SNAPSHOT, {"country": country}) else ():
        found.add("verify.snapshot_changed", idx=row["size"] - 1, unit=row["unit_id"], size=row["size"])
