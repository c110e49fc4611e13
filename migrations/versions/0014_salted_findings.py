"""A finding bears a salt, so that the digest of a report does not betray what is masked on a copy of it."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Random and shown with nothing but the numbers that it covers: who may not read those cannot try them all. The
# default gives one to every finding of before; a closure gives one to those that need it.
SALTS = """
alter table stocktake_finding add salt UUID DEFAULT gen_random_uuid();
alter table stocktake_finding alter salt drop default;
create or replace view stocktake_line with (security_invoker = true) as
select country, stocktake_id, id, outcome, weapon_id, expected, counts, movement_seq, book_holder_id, case_id, salt
  from stocktake_finding
union all
select m.country, m.stocktake_id, w.id, 'matched', w.id, true, n.counts, null, null,
       case when m.case_ids is null then e.case_id else w.case_id end, null
  from stocktake_matched m
 cross join unnest(m.weapon_ids, m.case_ids) as w (id, case_id)
  join stocktake_expected e on (e.country, e.stocktake_id, e.weapon_id) = (m.country, m.stocktake_id, w.id)
 cross join lateral (
     select count(*)::int as counts from stocktake_count c
      where (c.country, c.stocktake_id, c.weapon_id) = (m.country, m.stocktake_id, w.id)
 ) as n;
"""


def upgrade() -> None:
    """Give every finding a salt."""
    op.execute(SALTS)
