"""Refuse an update of a holder that changes nothing, as before it had a folded name.

A column that the database computes is still empty in NEW when a trigger before the write looks: since 0044 every named
holder looked changed.
"""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

SQL = """
create or replace function holder_changes() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if to_jsonb(new) - '{name,name_key,closed_at}'::text[] = to_jsonb(old) - '{name,name_key,closed_at}'::text[]
           and (new.name, new.closed_at) is distinct from (old.name, old.closed_at)
           and (old.closed_at is null or new.closed_at = old.closed_at)
           and (new.name is not distinct from old.name or old.kind in ('post', 'crew', 'vehicle', 'detachment', 'workshop')
                or coalesce(current_setting('app.erasing', true), '') <> '') then
            if new.closed_at is not null and old.closed_at is null
               and (exists (select from answerable a
                             where (a.country, a.holder_id) = (new.country, new.id) and a.ended_at is null)
                    or exists (select from custody c where (c.country, c.holder_id) = (new.country, new.id))
                    or exists (select from assignment s where (s.country, s.holder_id) = (new.country, new.id))) then
                raise exception 'holder % has weapons, or somebody answers for it', new.id using errcode = 'SW006';
            end if;
            return new;
        end if;
    end if;
    raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'SW002';
end $$;
"""


def upgrade() -> None:
    """Make the function anew."""
    op.execute(SQL)
