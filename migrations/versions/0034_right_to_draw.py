"""The right to draw: contracts, authorisations, what units ask for, withdrawals, and issues in spite of what is missing."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE contract (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE,
    reference_id UUID,
    given_by UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    ended_on DATE,
    ended_by UUID,
    CONSTRAINT pk_contract PRIMARY KEY (country, id),
    CONSTRAINT fk_contract_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_contract_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_contract_country_reference_id FOREIGN KEY(country, reference_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_contract_country_given_by FOREIGN KEY(country, given_by) REFERENCES person (country, id),
    CONSTRAINT fk_contract_country_ended_by FOREIGN KEY(country, ended_by) REFERENCES person (country, id),
    CONSTRAINT ck_contract_kind_known CHECK (kind in ('regular', 'fixed_term', 'auxiliary')),
    CONSTRAINT ck_contract_forwards CHECK (last_day >= first_day),
    CONSTRAINT ck_contract_ends CHECK (kind = 'regular' or last_day is not null),
    CONSTRAINT ck_contract_term CHECK (kind <> 'auxiliary' or last_day - first_day < 366),
    CONSTRAINT ck_contract_end_pair CHECK ((ended_on is null) = (ended_by is null))
);
CREATE INDEX ix_contract_person_id ON contract (country, person_id);
CREATE INDEX ix_contract_unit_id ON contract (country, unit_id, id);
COMMENT ON TABLE contract IS 'How and until when somebody serves. Renewed by a further row; ended before its last day, never edited.';
CREATE TABLE authorisation (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    covers TEXT,
    first_day DATE NOT NULL,
    last_day DATE,
    reference_id UUID,
    given_by UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    ended_on DATE,
    ended_by UUID,
    CONSTRAINT pk_authorisation PRIMARY KEY (country, id),
    CONSTRAINT fk_authorisation_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_authorisation_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_authorisation_country_reference_id FOREIGN KEY(country, reference_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_authorisation_country_given_by FOREIGN KEY(country, given_by) REFERENCES person (country, id),
    CONSTRAINT fk_authorisation_country_ended_by FOREIGN KEY(country, ended_by) REFERENCES person (country, id),
    CONSTRAINT ck_authorisation_forwards CHECK (last_day >= first_day),
    CONSTRAINT ck_authorisation_end_pair CHECK ((ended_on is null) = (ended_by is null))
);
CREATE INDEX ix_authorisation_person_id ON authorisation (country, person_id);
CREATE INDEX ix_authorisation_unit_id ON authorisation (country, unit_id, id);
COMMENT ON TABLE authorisation IS 'That somebody may draw weapons of a class, or any, while he serves in a unit; renewed by a further row.';
CREATE TABLE draw_rule (
    country TEXT NOT NULL,
    unit_id INTEGER NOT NULL,
    required BOOLEAN NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_draw_rule PRIMARY KEY (country, unit_id),
    CONSTRAINT fk_draw_rule_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_draw_rule_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id)
);
COMMENT ON TABLE draw_rule IS 'Whether a unit, with all below it, asks everybody for an authorisation. The past is in the events.';
CREATE TABLE suspension (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    reason_id UUID NOT NULL,
    placed_by UUID NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    end_reason_id UUID,
    ended_by UUID,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_suspension PRIMARY KEY (country, id),
    CONSTRAINT fk_suspension_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_suspension_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_suspension_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_suspension_country_end_reason_id FOREIGN KEY(country, end_reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_suspension_country_placed_by FOREIGN KEY(country, placed_by) REFERENCES person (country, id),
    CONSTRAINT fk_suspension_country_ended_by FOREIGN KEY(country, ended_by) REFERENCES person (country, id),
    CONSTRAINT ck_suspension_of_another CHECK (placed_by <> person_id and ended_by <> person_id),
    CONSTRAINT ck_suspension_end_whole CHECK ((ended_at is null) = (ended_by is null) and (ended_at is null) = (end_reason_id is null))
);
CREATE INDEX ix_suspension_open ON suspension (country, person_id) WHERE ended_at is null;
CREATE INDEX ix_suspension_unit_id ON suspension (country, unit_id, id);
COMMENT ON TABLE suspension IS 'Retrait conservatoire: while one is open, nothing is issued. The reason is read through a function alone.';
CREATE TABLE draw_override (
    country TEXT NOT NULL,
    issue_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    person_id UUID NOT NULL,
    missing TEXT NOT NULL,
    reason_id UUID NOT NULL,
    overridden_by UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    seen_by UUID,
    seen_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_draw_override PRIMARY KEY (country, issue_id),
    CONSTRAINT fk_draw_override_country_issue_id FOREIGN KEY(country, issue_id) REFERENCES issue (country, id),
    CONSTRAINT fk_draw_override_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_draw_override_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_draw_override_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_draw_override_country_overridden_by FOREIGN KEY(country, overridden_by) REFERENCES person (country, id),
    CONSTRAINT fk_draw_override_country_seen_by FOREIGN KEY(country, seen_by) REFERENCES person (country, id),
    CONSTRAINT ck_draw_override_missing_known CHECK (missing in ('no_contract', 'contract_ended', 'no_authorisation', 'authorisation_ended', 'not_covered')),
    CONSTRAINT ck_draw_override_seen_by_another CHECK (seen_by <> overridden_by),
    CONSTRAINT ck_draw_override_seen_pair CHECK ((seen_by is null) = (seen_at is null))
);
CREATE INDEX ix_draw_override_unit_id ON draw_override (country, unit_id, issue_id);
CREATE INDEX ix_draw_override_unseen ON draw_override (country, unit_id, issue_id) WHERE seen_at is null;
COMMENT ON TABLE draw_override IS 'An issue to who may not draw, for a written reason; open until a commander has taken note.';
"""

# What a unit asks for is known to the whole country, as the chart is: a counter goes by a rule set far above it.
RULES = """
select protect('draw_rule', 'select, insert');
grant update (required, event_id) on draw_rule to salw_app;
alter policy in_country on draw_rule to salw_publisher, salw_auditor, salw_eraser;
create policy seen_in_country on draw_rule for select to salw_app
    using (country = (select nullif(current_setting('app.country', true), '')));
create policy added_in_scope on draw_rule for insert to salw_app
    with check (country = (select nullif(current_setting('app.country', true), ''))
                and coalesce(unit_id <@ (select units_in_scope()), false));
create policy changed_in_scope on draw_rule for update to salw_app
    using (country = (select nullif(current_setting('app.country', true), ''))
           and coalesce(unit_id <@ (select units_in_scope()), false))
    with check (country = (select nullif(current_setting('app.country', true), ''))
                and coalesce(unit_id <@ (select units_in_scope()), false));
"""

# One answer for the counter and the lists. Who answers for a post may serve in another unit, so it looks beyond the
# scope and gives yes, no, days and classes: no reason, no paper. Volatile, so that an issue that has waited for
# somebody who withdraws the right sees it: each of its statements looks anew.
STANDINGS = """
create function standings_to_draw(p_people uuid[], p_day date)
returns table (of_person uuid, suspended boolean, contract_known boolean, contract_held boolean,
               contract_renewed boolean, contract_until date, authorisation_known boolean, authorised_until date,
               covers text[], required boolean)
language sql volatile security definer set search_path = pg_catalog, public as $$
    select p.id,
           exists (select from suspension s
                    where s.country = p.country and s.person_id = p.id and s.ended_at is null),
           c.known, c.held, c.renewed, nullif(c.until, 'infinity'), a.known, nullif(a.until, 'infinity'), a.covers,
           exists (select from unit_closure x join draw_rule r on (r.country, r.unit_id) = (x.country, x.ancestor_id)
                    where x.country = p.country and x.descendant_id = p.unit_id and r.required)
      from person p
      cross join lateral (
          select count(*) > 0 as known,
                 coalesce(bool_or(t.first_day <= p_day and t.until >= p_day), false) as held,
                 coalesce(bool_or(t.first_day > p_day and t.until >= t.first_day), false) as renewed,
                 max(t.until) filter (where t.first_day <= p_day and t.until >= t.first_day) as until
            from (select first_day, coalesce(least(last_day, ended_on - 1), 'infinity') as until
                    from contract where country = p.country and person_id = p.id) as t
      ) as c
      cross join lateral (
          select count(*) > 0 as known, max(t.until) as until,
                 coalesce(array_agg(t.covers) filter (where t.until >= p_day), '{}') as covers
            from (select covers, coalesce(least(last_day, ended_on - 1), 'infinity') as until
                    from authorisation
                   where country = p.country and person_id = p.id and unit_id = p.unit_id and first_day <= p_day
                     and (ended_on is null or ended_on > first_day)) as t
      ) as a
     where p.country = (select nullif(current_setting('app.country', true), '')) and p.id = any(p_people)
$$;
revoke execute on function standings_to_draw(uuid[], date) from public;
grant execute on function standings_to_draw(uuid[], date) to salw_app;
"""

# An issue holds its receiver's row until the commit (`hold_person`). Whoever withdraws the right to draw takes the
# same row: an issue is committed before, and its weapon asked back, or it sees the withdrawal. No moment between.
WITHDRAWALS = """
create function await_issues() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    perform 1 from person where country = new.country and id = new.person_id for no key update;
    return new;
end $$;
revoke execute on function await_issues() from public;
create trigger await_issues before insert on suspension for each row execute function await_issues();
create function reasons_of_suspension(p_suspension uuid) returns table (said jsonb, ended jsonb)
language sql stable security definer set search_path = pg_catalog, public as $$
    select v.value, e.value
      from suspension s
      join personal_value v on (v.country, v.id) = (s.country, s.reason_id)
      left join personal_value e on (e.country, e.id) = (s.country, s.end_reason_id)
     where s.country = (select nullif(current_setting('app.country', true), '')) and s.id = p_suspension
       and coalesce(s.unit_id <@ (select units_in_scope()), false)
$$;
revoke execute on function reasons_of_suspension(uuid) from public;
grant execute on function reasons_of_suspension(uuid) to salw_app;
"""

# Such a reason is about its person whether or not it names him: it goes when he is erased.
ERASED = """
create function erase_reasons() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update personal_value v set value = null, salt = null, erased_at = new.erased_at
      from suspension s
     where s.country = new.country and s.person_id = new.id and v.country = s.country
       and v.id in (s.reason_id, s.end_reason_id) and v.erased_at is null;
    update answer a set body_hash = ''::bytea
      from suspension s
     where s.country = new.country and s.person_id = new.id and a.country = s.country and a.operation = 'suspension'
       and a.id = s.id;
    return null;
end $$;
revoke execute on function erase_reasons() from public;
create trigger erase_reasons after update of erased_at on person
    for each row when (old.erased_at is null and new.erased_at is not null) execute function erase_reasons();
"""


def upgrade() -> None:
    """Create the tables, what the counter asks, and who reads a reason."""
    op.execute(TABLES)
    for table in ("contract", "authorisation", "suspension", "draw_override"):
        op.execute(f"select protect('{table}', 'select')")
    # When it was recorded, the database says.
    terms = "country, id, person_id, unit_id, first_day, last_day, reference_id, given_by"
    op.execute(f"grant insert ({terms}, kind) on contract to salw_app")
    op.execute(f"grant insert ({terms}, covers) on authorisation to salw_app")
    op.execute("grant update (ended_on, ended_by) on contract, authorisation to salw_app")
    op.execute(
        "grant insert (country, id, person_id, unit_id, reason_id, placed_by, placed_at) on suspension to salw_app"
    )
    op.execute("grant update (end_reason_id, ended_by, ended_at) on suspension to salw_app")
    op.execute(
        "grant insert (country, issue_id, unit_id, person_id, missing, reason_id, overridden_by) on draw_override "
        "to salw_app"
    )
    op.execute("grant update (seen_by, seen_at) on draw_override to salw_app")
    for table in ("contract", "authorisation", "suspension", "draw_override"):
        op.execute(f"select scope_rows('{table}', 'scoped(unit_id)')")
    op.execute(RULES)
    op.execute(STANDINGS)
    op.execute(WITHDRAWALS)
    op.execute(ERASED)
