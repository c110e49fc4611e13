"""Tell who locks custody when the last movement of each weapon happened: no act is dated before the one it follows."""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

# As before, with `occurred_at` beside `recorded_at`: read by the key of the movement that custody follows, once locked.
SQL = """
drop function lock_custody(uuid[]);
create function lock_custody(p_weapons uuid[])
returns table (weapon_id uuid, seq int, holder_id uuid, unit_id int, awaited_by_unit_id int, recorded_at timestamptz,
               occurred_at timestamptz, kind text, mark text)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_country text := nullif(current_setting('app.country', true), '');
    v_units int[] := nullif(current_setting('app.units', true), '')::int[];
begin
    perform 1 from custody c
      where c.country = v_country and c.weapon_id = any(p_weapons)
        and (c.unit_id = any(v_units) or c.awaited_by_unit_id = any(v_units))
      order by c.weapon_id
        for no key update;
    return query
    select c.weapon_id, c.seq, c.holder_id, c.unit_id, c.awaited_by_unit_id, c.recorded_at, m.occurred_at, h.kind, k.mark
      from custody c
      join holder h on h.country = c.country and h.id = c.holder_id
      join movement m on (m.country, m.weapon_id, m.seq) = (c.country, c.weapon_id, c.seq)
      left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id
     where c.country = v_country and c.weapon_id = any(p_weapons)
       and (c.unit_id = any(v_units) or c.awaited_by_unit_id = any(v_units));
end $$;
revoke execute on function lock_custody(uuid[]) from public;
grant execute on function lock_custody(uuid[]) to salw_app;
"""


def upgrade() -> None:
    """Make the function anew."""
    op.execute(SQL)
