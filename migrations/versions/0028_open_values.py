"""The salts of names in scope, for whoever takes a bundle with names away.

The service reads no salt. To show that a name is the one an event commits to, its reader needs the salt: with a bundle
he asked for, and of the values that he reads anyway.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OPEN_VALUES = """
create function open_values(p_commitments bytea[])
returns table (commitment bytea, salt bytea, value jsonb)
language sql stable security definer set search_path = pg_catalog, public as $$
    select distinct on (v.commitment) v.commitment, v.salt, v.value
      from personal_value v
     where v.country = (select nullif(current_setting('app.country', true), ''))
       and v.commitment = any(p_commitments) and v.erased_at is null
       and coalesce(v.unit_id <@ (select units_in_scope()), false)
     order by v.commitment, v.id
$$;
revoke execute on function open_values(bytea[]) from public;
grant execute on function open_values(bytea[]) to salw_app;
"""


def upgrade() -> None:
    """Create the function."""
    op.execute(OPEN_VALUES)
