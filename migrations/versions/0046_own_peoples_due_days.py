"""Let who sees a holder read when his weapons are due back; hold auxiliaries to five years whoever writes at once."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

# The day by which a weapon is due back belongs to the fiche of whoever has it, also where another unit's store issued it.
ISSUES = """
drop policy seen_in_scope on issue;
drop policy added_in_scope on issue;
drop policy if exists changed_in_scope on issue;
select scope_rows('issue', 'scoped(unit_id) or exists (select from holder h where h.country = issue.country '
                           'and h.id = issue.to_holder_id offset 0)', 'scoped(unit_id)', 'scoped(unit_id)');
"""

# A sum over rows is no constraint of one row. Who writes another contract of the same person waits here, and then counts
# with it; days that two contracts have in common count once, and none from the day on that one was ended.
CONTRACTS = """
create function hold_years_together() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('contract ' || new.country || ' ' || new.person_id, 0));
    if (select sum(upper(days) - lower(days))
          from unnest((select range_agg(daterange(c.first_day, greatest(c.first_day,
                                                                        least(c.last_day + 1, c.ended_on))))
                         from contract c
                        where c.country = new.country and c.person_id = new.person_id
                          and c.kind = 'auxiliary')) as days) > 5 * 366 then
        raise exception 'an auxiliary serves five years at most, all contracts together' using errcode = 'SW010';
    end if;
    return null;
end $$;
revoke execute on function hold_years_together() from public;
create trigger five_years_together after insert on contract
    for each row when (new.kind = 'auxiliary') execute function hold_years_together();
"""


def upgrade() -> None:
    """Widen one policy and add one trigger."""
    op.execute(ISSUES)
    op.execute(CONTRACTS)
