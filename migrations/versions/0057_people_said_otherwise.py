"""Say, for the auditor alone, whose number or sex is another one than what he is called says; no value is shown."""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

# Erased, a value says nothing, and what was kept before it held a sex says nothing of that.
SQL = """
create function people_said_otherwise() returns table (person_id uuid, said text)
language sql stable security definer set search_path = pg_catalog, public as $$
    select p.id, c.said
      from public.person p
      join public.personal_value v on (v.country, v.id) = (p.country, p.value_id)
     cross join lateral (values ('matricule', p.matricule), ('sex', p.sex)) as c (said, stands)
     where p.country = (select nullif(current_setting('app.country', true), '')) and v.erased_at is null
       and v.value ? c.said and c.stands is distinct from v.value->>c.said
     order by p.id, c.said
$$;
revoke execute on function people_said_otherwise() from public;
grant execute on function people_said_otherwise() to salw_auditor;
"""


def upgrade() -> None:
    """Create the function."""
    op.execute(SQL)
