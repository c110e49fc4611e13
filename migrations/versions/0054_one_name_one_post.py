"""Two posts, crews, vehicles or detachments of a unit that are open at once do not bear one name."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

# A trigger and no unique index: an erasure takes a man's name out of what was named after him, and must not fail
# because two of them are then called alike. Of two that take one name at once, the second waits and sees the first.
SQL = """
create function holder_name_is_free() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('app.erasing', true), '') <> '' then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended(concat_ws(' ', new.country, new.unit_id, new.name_key), 0));
    if exists (select from holder h
                where h.country = new.country and h.unit_id = new.unit_id and h.name_key = new.name_key
                  and h.kind in ('post', 'crew', 'vehicle', 'detachment') and h.closed_at is null
                  and h.id <> new.id) then
        raise exception 'holder % is called as another one of its unit', new.id using errcode = 'SW009';
    end if;
    return null;
end $$;
revoke execute on function holder_name_is_free() from public;
create trigger name_is_free after insert or update of name on holder for each row
    when (new.kind in ('post', 'crew', 'vehicle', 'detachment') and new.name is not null)
    execute function holder_name_is_free();
"""


def upgrade() -> None:
    """Hold it from now on; of those that are called alike already, one is renamed or closed by hand."""
    op.execute(SQL)
