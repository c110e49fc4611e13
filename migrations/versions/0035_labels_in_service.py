"""Blank labels, codes of stores, racks and persons, reprints, and alarms about labels."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE rack (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    store_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_rack PRIMARY KEY (country, id),
    CONSTRAINT uq_rack_country_store_id_name UNIQUE (country, store_id, name),
    CONSTRAINT fk_rack_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id)
);
CREATE INDEX ix_rack_unit_id ON rack (country, unit_id);
COMMENT ON TABLE rack IS 'A place in a store that a label may name; it answers for nothing.';
alter table label
    add unit_id INTEGER,
    add store_id UUID,
    add rack_id UUID,
    add person_id UUID,
    add voided_by UUID,
    add void_reason_id UUID,
    add CONSTRAINT fk_label_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    add CONSTRAINT fk_label_country_store_id FOREIGN KEY(country, store_id) REFERENCES store (country, id),
    add CONSTRAINT fk_label_country_rack_id FOREIGN KEY(country, rack_id) REFERENCES rack (country, id),
    add CONSTRAINT fk_label_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    add CONSTRAINT fk_label_country_voided_by FOREIGN KEY(country, voided_by) REFERENCES person (country, id),
    add CONSTRAINT fk_label_country_void_reason_id FOREIGN KEY(country, void_reason_id) REFERENCES personal_value (country, id),
    add CONSTRAINT ck_label_names_by_prefix CHECK (
        case left(code, 1)
        when 'W' then num_nonnulls(rack_id, person_id) = 0 and num_nonnulls(weapon_id, store_id) > 0
        when 'S' then num_nonnulls(weapon_id, rack_id, person_id) = 0 and store_id is not null
        when 'R' then num_nonnulls(weapon_id, store_id, person_id) = 0 and rack_id is not null
        when 'P' then num_nonnulls(weapon_id, store_id, rack_id) = 0 and person_id is not null
        else false end),
    add CONSTRAINT ck_label_unit_or_weapon CHECK (weapon_id is not null or unit_id is not null);
CREATE INDEX ix_label_store_id ON label (country, store_id) WHERE weapon_id is null;
CREATE UNIQUE INDEX uq_label_store ON label (country, store_id) WHERE voided_at is null and code like 'S%';
CREATE UNIQUE INDEX uq_label_rack ON label (country, rack_id) WHERE voided_at is null;
CREATE UNIQUE INDEX uq_label_person ON label (country, person_id) WHERE voided_at is null;
COMMENT ON TABLE label IS 'What a QR label says: a record, not the legal mark (R20). One valid label a weapon, store, rack, person.';
CREATE TABLE label_reprint (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    stock TEXT NOT NULL,
    start_position INTEGER NOT NULL,
    copies INTEGER NOT NULL,
    printed_by UUID NOT NULL,
    reason_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_label_reprint PRIMARY KEY (country, id),
    CONSTRAINT fk_label_reprint_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_label_reprint_country_printed_by FOREIGN KEY(country, printed_by) REFERENCES person (country, id),
    CONSTRAINT fk_label_reprint_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_label_reprint_copies_plausible CHECK (copies between 1 and 4)
);
CREATE INDEX ix_label_reprint_unit_id ON label_reprint (country, unit_id);
COMMENT ON TABLE label_reprint IS 'Labels printed again under the same codes; their batch printed them the first time.';
CREATE TABLE label_reprint_line (
    country TEXT NOT NULL,
    reprint_id UUID NOT NULL,
    code TEXT NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT pk_label_reprint_line PRIMARY KEY (country, reprint_id, code),
    CONSTRAINT fk_label_reprint_line_country_reprint_id FOREIGN KEY(country, reprint_id) REFERENCES label_reprint (country, id),
    CONSTRAINT fk_label_reprint_line_country_code FOREIGN KEY(country, code) REFERENCES label (country, code)
);
CREATE INDEX ix_label_reprint_line_code ON label_reprint_line (country, code);
COMMENT ON TABLE label_reprint_line IS 'The labels of a reprint, in their order.';
CREATE TABLE label_sighting (
    country TEXT NOT NULL,
    code TEXT NOT NULL,
    store_id UUID NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_label_sighting PRIMARY KEY (country, code, store_id),
    CONSTRAINT fk_label_sighting_country_code FOREIGN KEY(country, code) REFERENCES label (country, code),
    CONSTRAINT fk_label_sighting_country_store_id FOREIGN KEY(country, store_id) REFERENCES store (country, id)
);
COMMENT ON TABLE label_sighting IS 'When a label was last scanned in a store: what tells a label from its copy elsewhere.';
CREATE TABLE label_alarm (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    weapon_id UUID,
    store_id UUID,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_by UUID NOT NULL,
    other_store_id UUID,
    other_seen_at TIMESTAMP WITH TIME ZONE,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_by UUID,
    close_reason_id UUID,
    CONSTRAINT pk_label_alarm PRIMARY KEY (country, id),
    CONSTRAINT fk_label_alarm_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_label_alarm_country_code FOREIGN KEY(country, code) REFERENCES label (country, code),
    CONSTRAINT fk_label_alarm_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_label_alarm_country_store_id FOREIGN KEY(country, store_id) REFERENCES store (country, id),
    CONSTRAINT fk_label_alarm_country_other_store_id FOREIGN KEY(country, other_store_id) REFERENCES store (country, id),
    CONSTRAINT fk_label_alarm_country_seen_by FOREIGN KEY(country, seen_by) REFERENCES person (country, id),
    CONSTRAINT fk_label_alarm_country_closed_by FOREIGN KEY(country, closed_by) REFERENCES person (country, id),
    CONSTRAINT fk_label_alarm_country_close_reason_id FOREIGN KEY(country, close_reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_label_alarm_kind_known CHECK (kind in ('void', 'copied', 'two_places')),
    CONSTRAINT ck_label_alarm_closed_whole CHECK (num_nonnulls(closed_at, closed_by, close_reason_id) in (0, 3)),
    CONSTRAINT ck_label_alarm_two_places CHECK ((kind = 'two_places') = (num_nonnulls(store_id, other_store_id, other_seen_at) = 3))
);
CREATE INDEX ix_label_alarm_unit_id ON label_alarm (country, unit_id);
CREATE UNIQUE INDEX uq_label_alarm_open ON label_alarm (country, code, kind, store_id) NULLS NOT DISTINCT WHERE closed_at is null;
COMMENT ON TABLE label_alarm IS 'A label that was seen where or as it cannot be: void, copied, or in two places too soon.';
"""

# A label is put on one weapon, once, and what is void stays void.
ATTACHED_ONCE = """
create function keep_label_on_its_weapon() returns trigger language plpgsql as $$
begin
    if old.weapon_id is not null and new.weapon_id is distinct from old.weapon_id
       or old.voided_at is not null and new is distinct from old then
        raise exception 'a label stays on its weapon, and void once it is' using errcode = 'SW002';
    end if;
    return new;
end $$;
create trigger attached_once before update on label for each row execute function keep_label_on_its_weapon();
"""

_SEEN = (
    "exists (select from weapon w where w.country = label.country and w.id = label.weapon_id offset 0) "
    "or weapon_id is null and scoped(unit_id)"
)
_LABEL = "exists (select from label l where l.country = {0}.country and l.code = {0}.code offset 0)"

RIGHTS = f"""
drop policy seen_in_scope on label;
drop policy added_in_scope on label;
drop policy changed_in_scope on label;
grant update (weapon_id, voided_by, void_reason_id) on label to salw_app;
grant select (unit_id, store_id, rack_id, person_id, voided_by) on label to salw_auditor;
select scope_rows('label', '{_SEEN}');
select protect('rack', 'select');
grant insert (country, id, store_id, unit_id, name) on rack to salw_app;
select scope_rows('rack', 'scoped(unit_id)');
select protect('label_reprint', 'select');
grant insert (country, id, unit_id, stock, start_position, copies, printed_by, reason_id) on label_reprint to salw_app;
select make_append_only('label_reprint');
select scope_rows('label_reprint', 'scoped(unit_id)');
select protect('label_reprint_line', 'select, insert');
select make_append_only('label_reprint_line');
select scope_rows('label_reprint_line', '{_LABEL.format("label_reprint_line")}');
select protect('label_sighting', 'select, insert');
grant update (seen_at) on label_sighting to salw_app;
select scope_rows('label_sighting', '{_LABEL.format("label_sighting")}');
select protect('label_alarm', 'select');
grant insert (country, id, unit_id, kind, code, weapon_id, store_id, seen_at, seen_by, other_store_id, other_seen_at)
    on label_alarm to salw_app;
grant update (closed_at, closed_by, close_reason_id) on label_alarm to salw_app;
select scope_rows('label_alarm', 'scoped(unit_id)');
"""


def upgrade() -> None:
    """Create the tables, let labels name other things than weapons, and let blanks be attached."""
    op.execute(TABLES)
    op.execute(ATTACHED_ONCE)
    op.execute(RIGHTS)
