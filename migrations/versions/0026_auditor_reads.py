"""Whoever verifies the books may have each kept value recomputed, without reading salts, names or texts."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# As Python makes the bytes that a commitment is over (RFC 8785; ADR 0006): names in order, no space, texts as JSON
# writes them. PostgreSQL escapes the same characters of a text, in the same way.
CANONICAL_TEXT = """
create function canonical_text(p_value jsonb) returns text
language sql immutable strict parallel safe set search_path = pg_catalog, public as $$
    select case jsonb_typeof(p_value)
        when 'object' then (
            select '{' || coalesce(string_agg(to_json(m.key)::text || ':' || public.canonical_text(m.value), ','
                                              order by m.key collate "C"), '') || '}'
              from jsonb_each(p_value) as m)
        when 'array' then (
            select '[' || coalesce(string_agg(public.canonical_text(i.value), ',' order by i.ordinality), '') || ']'
              from jsonb_array_elements(p_value) with ordinality as i)
        else p_value::text
    end
$$;
revoke execute on function canonical_text(jsonb) from public;
"""

VALUES_NOT_COMMITTED_TO = """
create function values_not_committed_to() returns setof uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select v.id from public.personal_value v
     where v.country = (select nullif(current_setting('app.country', true), '')) and v.erased_at is null
       and v.commitment is distinct from sha256(v.salt || convert_to(public.canonical_text(v.value), 'UTF8'))
     order by v.id
$$;
revoke execute on function values_not_committed_to() from public;
grant execute on function values_not_committed_to() to salw_auditor;
"""


def upgrade() -> None:
    """Create the check of kept values, for the auditor alone."""
    op.execute(CANONICAL_TEXT)
    op.execute(VALUES_NOT_COMMITTED_TO)
