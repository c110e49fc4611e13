"""A post is closed only once it has nothing and nobody answers for it, and nobody answers for a closed one again."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

CLOSED = """
create or replace function holder_changes() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if to_jsonb(new) - '{name,closed_at}'::text[] = to_jsonb(old) - '{name,closed_at}'::text[]
           and to_jsonb(new) <> to_jsonb(old)
           and (old.closed_at is null or new.closed_at = old.closed_at)
           and (new.name is not distinct from old.name or old.kind in ('post', 'crew', 'vehicle', 'detachment')
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
-- The closing holds the row of the holder, so that of the two the second sees what the first left.
create function answers_for_open() returns trigger language plpgsql as $$
declare
    v_closed_at timestamptz;
begin
    select h.closed_at into v_closed_at from holder h where (h.country, h.id) = (new.country, new.holder_id) for share;
    if v_closed_at is not null then
        raise exception 'holder % is closed', new.holder_id using errcode = 'SW007';
    end if;
    return new;
end $$;
revoke execute on function answers_for_open() from public;
create trigger answers_for_open before insert on answerable for each row execute function answers_for_open();
"""


def upgrade() -> None:
    """Hold the closing of a post in the database."""
    op.execute(CLOSED)
