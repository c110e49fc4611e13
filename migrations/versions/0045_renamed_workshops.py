"""Let a workshop be renamed and closed as posts are."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

SQL = """
alter table holder drop constraint ck_holder_collective_is_closed,
  add constraint ck_holder_collective_is_closed
      CHECK (closed_at is null or kind in ('post', 'crew', 'vehicle', 'detachment', 'workshop'));
create or replace function holder_changes() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if to_jsonb(new) - '{name,name_key,closed_at}'::text[] = to_jsonb(old) - '{name,name_key,closed_at}'::text[]
           and to_jsonb(new) <> to_jsonb(old)
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
    """Add workshops to what is renamed and closed."""
    op.execute(SQL)
