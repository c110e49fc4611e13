"""A check opens a case on what it found too much, not only on what is missing, and says which cases were open."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Nothing but a check says that there is too much, so such a case always names one.
OVERAGES = """
alter table incident drop constraint ck_incident_kind_known;
alter table incident add constraint ck_incident_kind_known CHECK (kind in ('missing', 'lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed_in_action', 'found', 'retrieved', 'seized', 'surrendered', 'overage'));
alter table incident add constraint ck_incident_overage_of_check CHECK (kind <> 'overage' or stocktake_id is not null);
alter table stocktake add overage_id UUID;
alter table stocktake add constraint fk_stocktake_country_overage_id FOREIGN KEY(country, overage_id) REFERENCES incident (country, id);
grant update (overage_id) on stocktake to salw_app;
comment on table incident is 'Losses and overages (open cases until their outcome) and recoveries. Free text: personal_value.';
"""

# The case on a matched weapon is the one open at the closing, beside it in the same row. Checks closed before keep
# the one that was frozen at their opening: nothing rewrites a result.
CASES = """
alter table stocktake_matched add case_ids UUID[];
comment on table stocktake_matched is 'The matched lines of a result, all in one row: a depot has a hundred thousand; case_ids beside. See stocktake_line.';
create or replace view stocktake_line with (security_invoker = true) as
select country, stocktake_id, id, outcome, weapon_id, expected, counts, movement_seq, book_holder_id, case_id
  from stocktake_finding
union all
select m.country, m.stocktake_id, w.id, 'matched', w.id, true, n.counts, null, null,
       case when m.case_ids is null then e.case_id else w.case_id end
  from stocktake_matched m
 cross join unnest(m.weapon_ids, m.case_ids) as w (id, case_id)
  join stocktake_expected e on (e.country, e.stocktake_id, e.weapon_id) = (m.country, m.stocktake_id, w.id)
 cross join lateral (
     select count(*)::int as counts from stocktake_count c
      where (c.country, c.stocktake_id, c.weapon_id) = (m.country, m.stocktake_id, w.id)
 ) as n;
"""

# A void label names its weapon: a weapon seen by it alone has one line, not one as missing and one as a label. What
# was counted before keeps its label alone.
VOID_LABELS = """
alter table stocktake_count drop constraint ck_stocktake_count_weapon_where_read;
alter table stocktake_count add constraint ck_stocktake_count_weapon_where_read CHECK (reading = 'void_label' or (reading = 'weapon') = (weapon_id is not null));
"""

# In what function somebody counted; null for what was counted before that was kept.
COUNTERS = """
alter table stocktake_count add counted_role TEXT;
grant insert (counted_role) on stocktake_count to salw_app;
"""


def upgrade() -> None:
    """Let checks open cases on overages, and keep cases at the closing, weapons of void labels and functions."""
    op.execute(OVERAGES)
    op.execute(CASES)
    op.execute(VOID_LABELS)
    op.execute(COUNTERS)
