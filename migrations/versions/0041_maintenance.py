"""Maintenance: plans of units, work done, parts that do not match, proposals for reform."""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TABLES = """
alter table weapon add column parts_differ BOOLEAN NOT NULL DEFAULT false, add column reform TEXT;
alter table weapon add constraint ck_weapon_reform_known CHECK (reform in ('proposed', 'accepted')) not valid;
CREATE TABLE maintenance_plan (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    class_code TEXT,
    model_code TEXT,
    every_days INTEGER,
    every_issues INTEGER,
    event_id UUID NOT NULL,
    CONSTRAINT pk_maintenance_plan PRIMARY KEY (country, id),
    CONSTRAINT uq_maintenance_plan_country_unit_id_kind_class_code_model_code UNIQUE NULLS NOT DISTINCT (country, unit_id, kind, class_code, model_code),
    CONSTRAINT fk_maintenance_plan_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_maintenance_plan_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_maintenance_plan_kind_known CHECK (kind in ('cleaning', 'inspection', 'test_firing')),
    CONSTRAINT ck_maintenance_plan_model_has_class CHECK (model_code is null or class_code is not null),
    CONSTRAINT ck_maintenance_plan_days_positive CHECK (every_days > 0),
    CONSTRAINT ck_maintenance_plan_issues_positive CHECK (every_issues > 0)
);
COMMENT ON TABLE maintenance_plan IS 'How often work is due in a unit and below it, in the place of the defaults. The past is in the events.';
CREATE TABLE maintenance_done (
    country TEXT NOT NULL,
    weapon_id UUID NOT NULL,
    kind TEXT NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq INTEGER NOT NULL,
    result TEXT NOT NULL,
    done_by UUID NOT NULL,
    work_id UUID NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_maintenance_done PRIMARY KEY (country, weapon_id, kind),
    CONSTRAINT fk_maintenance_done_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_maintenance_done_country_done_by FOREIGN KEY(country, done_by) REFERENCES person (country, id),
    CONSTRAINT fk_maintenance_done_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_maintenance_done_kind_known CHECK (kind in ('cleaning', 'inspection', 'repair', 'test_firing')),
    CONSTRAINT ck_maintenance_done_result_known CHECK (result in ('serviceable', 'to_clean', 'to_repair', 'unserviceable'))
);
COMMENT ON TABLE maintenance_done IS 'The last work of each kind on a weapon, from which the next is due. The past is in the events.';
CREATE TABLE part_finding (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    finding_id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    part TEXT NOT NULL,
    outcome TEXT NOT NULL,
    mark_read TEXT,
    found_at TIMESTAMP WITH TIME ZONE NOT NULL,
    found_by UUID NOT NULL,
    event_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_part_finding PRIMARY KEY (country, id),
    CONSTRAINT uq_part_finding_country_finding_id_weapon_id_part UNIQUE (country, finding_id, weapon_id, part),
    CONSTRAINT fk_part_finding_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_part_finding_country_found_by FOREIGN KEY(country, found_by) REFERENCES person (country, id),
    CONSTRAINT fk_part_finding_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_part_finding_part_known CHECK (part in ('bolt', 'slide', 'barrel', 'cylinder')),
    CONSTRAINT ck_part_finding_outcome_known CHECK (outcome in ('differs', 'matches')),
    CONSTRAINT ck_part_finding_difference_was_read CHECK (outcome = 'matches' or mark_read is not null)
);
CREATE INDEX ix_part_finding_weapon_id ON part_finding (country, weapon_id, part, found_at);
COMMENT ON TABLE part_finding IS 'The number read on a part against the weapon''s; settled by a further finding, never edited.';
CREATE TABLE reform (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    status TEXT DEFAULT 'proposed' NOT NULL,
    reason_id UUID NOT NULL,
    proposed_by UUID NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    decision_reason_id UUID,
    CONSTRAINT pk_reform PRIMARY KEY (country, id),
    CONSTRAINT fk_reform_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_reform_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_reform_country_proposed_by FOREIGN KEY(country, proposed_by) REFERENCES person (country, id),
    CONSTRAINT fk_reform_country_decided_by FOREIGN KEY(country, decided_by) REFERENCES person (country, id),
    CONSTRAINT fk_reform_country_decision_reason_id FOREIGN KEY(country, decision_reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_reform_kind_known CHECK (kind in ('technical', 'command')),
    CONSTRAINT ck_reform_status_known CHECK (status in ('proposed', 'decided')),
    CONSTRAINT ck_reform_decision_whole CHECK ((status = 'decided') = (decided_by is not null) and (decided_by is null) = (decided_at is null)),
    CONSTRAINT ck_reform_two_officers CHECK (decided_by <> proposed_by)
);
CREATE INDEX ix_reform_unit_id ON reform (country, unit_id, id);
COMMENT ON TABLE reform IS 'A proposal to strike weapons off as unfit, decided by another officer; what follows is a disposal.';
CREATE TABLE reform_line (
    country TEXT NOT NULL,
    reform_id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    status TEXT DEFAULT 'proposed' NOT NULL,
    CONSTRAINT pk_reform_line PRIMARY KEY (country, reform_id, weapon_id),
    CONSTRAINT fk_reform_line_country_reform_id FOREIGN KEY(country, reform_id) REFERENCES reform (country, id),
    CONSTRAINT fk_reform_line_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT ck_reform_line_status_known CHECK (status in ('proposed', 'accepted', 'refused'))
);
CREATE UNIQUE INDEX uq_reform_line_standing ON reform_line (country, weapon_id) WHERE status in ('proposed', 'accepted');
COMMENT ON TABLE reform_line IS 'The weapons of a proposal, each with what was decided; a trigger shows it on the weapon''s row.';
"""

# What a unit plans holds for those below it, so it is read by the whole country, as the chart is.
PLANS = """
select protect('maintenance_plan', 'select, insert');
grant update (every_days, every_issues, event_id) on maintenance_plan to salw_app;
alter policy in_country on maintenance_plan to salw_publisher, salw_auditor, salw_eraser;
create policy seen_in_country on maintenance_plan for select to salw_app
    using (country = (select nullif(current_setting('app.country', true), '')));
create policy added_in_scope on maintenance_plan for insert to salw_app
    with check (country = (select nullif(current_setting('app.country', true), ''))
                and coalesce(unit_id <@ (select units_in_scope()), false));
create policy changed_in_scope on maintenance_plan for update to salw_app
    using (country = (select nullif(current_setting('app.country', true), ''))
           and coalesce(unit_id <@ (select units_in_scope()), false))
    with check (country = (select nullif(current_setting('app.country', true), ''))
                and coalesce(unit_id <@ (select units_in_scope()), false));
"""

# What cards and lists show stands on the weapon's row, where it costs them nothing, and only these two write it there:
# also of a weapon that has left the unit between the proposal and the decision.
SHOWN = """
create function show_parts() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update weapon w
       set parts_differ = exists (
               select from (select distinct on (f.part) f.outcome from part_finding f
                             where f.country = w.country and f.weapon_id = w.id
                             order by f.part, f.found_at desc, f.recorded_at desc, f.id desc) as newest
                where newest.outcome = 'differs')
      from (select distinct country, weapon_id from added) as a
     where (w.country, w.id) = (a.country, a.weapon_id);
    return null;
end $$;
revoke execute on function show_parts() from public;
create trigger show_parts after insert on part_finding
    referencing new table as added for each statement execute function show_parts();
create function show_reform() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update weapon w set reform = nullif(new.status, 'refused') where (w.country, w.id) = (new.country, new.weapon_id);
    return null;
end $$;
revoke execute on function show_reform() from public;
create trigger show_reform after insert or update of status on reform_line for each row execute function show_reform();
"""

# By its key, and never by a hash of every weapon in scope (`adr/0007`).
_WEAPON = "exists (select from weapon w where w.country = {0}.country and w.id = {0}.weapon_id offset 0)"
_REFORM = "exists (select from reform r where r.country = reform_line.country and r.id = reform_line.reform_id)"


def upgrade() -> None:
    """Create the tables, and show on a weapon's row what its card says."""
    op.execute(TABLES)
    op.execute("alter table weapon validate constraint ck_weapon_reform_known")
    op.execute(PLANS)
    op.execute("select protect('maintenance_done', 'select, insert')")
    op.execute("grant update (done_at, seq, result, done_by, work_id, event_id) on maintenance_done to salw_app")
    op.execute(f"select scope_rows('maintenance_done', '{_WEAPON.format('maintenance_done')}')")
    op.execute("select protect('part_finding', 'select'), make_append_only('part_finding')")
    op.execute(
        "grant insert (country, id, finding_id, weapon_id, part, outcome, mark_read, found_at, found_by, event_id) "
        "on part_finding to salw_app"
    )
    op.execute(f"select scope_rows('part_finding', '{_WEAPON.format('part_finding')}')")
    op.execute("select protect('reform', 'select')")
    op.execute("grant insert (country, id, unit_id, kind, reason_id, proposed_by, proposed_at) on reform to salw_app")
    op.execute("grant update (status, decided_by, decided_at, decision_reason_id) on reform to salw_app")
    op.execute("select scope_rows('reform', 'scoped(unit_id)')")
    op.execute("select protect('reform_line', 'select')")
    op.execute("grant insert (country, reform_id, weapon_id) on reform_line to salw_app")
    op.execute("grant update (status) on reform_line to salw_app")
    op.execute(f"select scope_rows('reform_line', '{_REFORM}')")
    op.execute(SHOWN)
