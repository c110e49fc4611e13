"""Nominal lists prepared the evening before, several receivers under one slip, posts renamed and closed."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE nominal_list (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    store_id UUID NOT NULL,
    title_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    due_back_at TIMESTAMP WITH TIME ZONE,
    version INTEGER NOT NULL,
    prepared_by UUID NOT NULL,
    prepared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_nominal_list PRIMARY KEY (country, id),
    CONSTRAINT fk_nominal_list_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_nominal_list_country_title_id FOREIGN KEY(country, title_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_nominal_list_country_prepared_by FOREIGN KEY(country, prepared_by) REFERENCES person (country, id),
    CONSTRAINT ck_nominal_list_purpose_known CHECK (purpose in ('task', 'permanent')),
    CONSTRAINT ck_nominal_list_task_is_due CHECK ((purpose = 'task') = (due_back_at is not null))
);
CREATE INDEX ix_nominal_list_unit_id ON nominal_list (country, unit_id, id);
COMMENT ON TABLE nominal_list IS 'Who is to draw which weapon tomorrow: prepared for a store, issued in one scan a weapon.';
CREATE TABLE nominal_line (
    country TEXT NOT NULL,
    list_id UUID NOT NULL,
    line INTEGER NOT NULL,
    holder_id UUID NOT NULL,
    weapon_id UUID,
    removed_in INTEGER,
    absent BOOLEAN NOT NULL,
    issue_id UUID,
    drawn_weapon_id UUID,
    drawn_seq INTEGER,
    CONSTRAINT pk_nominal_line PRIMARY KEY (country, list_id, line),
    CONSTRAINT fk_nominal_line_country_list_id FOREIGN KEY(country, list_id) REFERENCES nominal_list (country, id),
    CONSTRAINT fk_nominal_line_country_holder_id FOREIGN KEY(country, holder_id) REFERENCES holder (country, id),
    CONSTRAINT fk_nominal_line_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_nominal_line_country_issue_id FOREIGN KEY(country, issue_id) REFERENCES issue (country, id),
    CONSTRAINT fk_nominal_line_country_drawn_weapon_id_drawn_seq FOREIGN KEY(country, drawn_weapon_id, drawn_seq) REFERENCES movement (country, weapon_id, seq),
    CONSTRAINT ck_nominal_line_drawn_whole CHECK ((issue_id is null) = (drawn_weapon_id is null) and (issue_id is null) = (drawn_seq is null)),
    CONSTRAINT ck_nominal_line_drawn_stays CHECK (issue_id is null or removed_in is null and not absent)
);
CREATE UNIQUE INDEX uq_nominal_line_planned ON nominal_line (country, list_id, weapon_id) WHERE removed_in is null;
COMMENT ON TABLE nominal_line IS 'One man or post and one weapon of a nominal list; struck out, never deleted; drawn once.';
"""

# A nominal slip is one document with an issue for each receiver: every check of an issue holds for each of them.
RECEIVERS = """
alter table issue add constraint uq_issue_country_document_id_to_holder_id UNIQUE (country, document_id, to_holder_id);
"""

# A post is renamed and closed; what it is, whose it is and that it was closed never change.
HOLDERS = """
alter table holder add closed_at TIMESTAMP WITH TIME ZONE;
alter table holder add constraint ck_holder_collective_is_closed CHECK (closed_at is null or kind in ('post', 'crew', 'vehicle', 'detachment'));
create function holder_changes() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if to_jsonb(new) - '{name,closed_at}'::text[] = to_jsonb(old) - '{name,closed_at}'::text[]
           and to_jsonb(new) <> to_jsonb(old)
           and (old.closed_at is null or new.closed_at = old.closed_at)
           and (new.name is not distinct from old.name or old.kind in ('post', 'crew', 'vehicle', 'detachment')
                or coalesce(current_setting('app.erasing', true), '') <> '') then
            return new;
        end if;
    end if;
    raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'SW002';
end $$;
drop trigger append_only on holder;
create trigger append_only before update or delete on holder for each row execute function holder_changes();
grant update (name, closed_at) on holder to salw_app;
create policy changed_in_scope on holder for update to salw_app
    using (country = (select nullif(current_setting('app.country', true), ''))
           and (coalesce(unit_id <@ (select units_in_scope()), false)))
    with check (country = (select nullif(current_setting('app.country', true), ''))
                and (coalesce(unit_id <@ (select units_in_scope()), false)));
"""

_LIST = "exists (select from nominal_list n where n.country = nominal_line.country and n.id = nominal_line.list_id)"
_WEAPON = (
    "exists (select from weapon w where w.country = nominal_line.country and w.id = nominal_line.weapon_id offset 0)"
)


def upgrade() -> None:
    """Create the lists and let a post be renamed and closed."""
    op.execute(TABLES)
    op.execute(RECEIVERS)
    op.execute(HOLDERS)
    op.execute("select protect('nominal_list', 'select, insert')")
    op.execute("grant update (title_id, purpose, due_back_at, version) on nominal_list to salw_app")
    op.execute("select scope_rows('nominal_list', 'scoped(unit_id)')")
    op.execute("select protect('nominal_line', 'select, insert')")
    op.execute("grant update (removed_in, absent, issue_id, drawn_weapon_id, drawn_seq) on nominal_line to salw_app")
    # What is changed on a line was in scope when it was added: a weapon that left since is still struck out.
    op.execute(
        f"select scope_rows('nominal_line', '{_LIST}', '{_LIST} and (weapon_id is null or {_WEAPON})', '{_LIST}')"
    )
