"""Who answers for each weapon."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE case_mark (
    country TEXT NOT NULL,
    weapon_id UUID NOT NULL,
    case_id UUID NOT NULL,
    mark TEXT NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_case_mark PRIMARY KEY (country, weapon_id),
    CONSTRAINT fk_case_mark_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_case_mark_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_case_mark_mark_known CHECK (mark in ('missing'))
);
CREATE INDEX ix_case_mark_case_id ON case_mark (country, case_id);
COMMENT ON TABLE case_mark IS 'An open case on a weapon that stays on the book of who answers for it.';
CREATE TABLE custody (
    country TEXT NOT NULL,
    weapon_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    holder_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    awaited_by_unit_id INTEGER,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_custody PRIMARY KEY (country, weapon_id),
    CONSTRAINT fk_custody_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id)
);
CREATE INDEX ix_custody_awaited_by_unit_id ON custody (country, awaited_by_unit_id) WHERE awaited_by_unit_id is not null;
CREATE INDEX ix_custody_holder_id ON custody (country, holder_id, weapon_id);
CREATE INDEX ix_custody_unit_id ON custody (country, unit_id, weapon_id);
COMMENT ON TABLE custody IS 'Who answers now: the last movement of each weapon.';
CREATE TABLE disposal (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    store_id UUID NOT NULL,
    status TEXT NOT NULL,
    method TEXT NOT NULL,
    place TEXT NOT NULL,
    authority TEXT NOT NULL,
    proposed_by UUID NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_by UUID,
    approved_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_disposal PRIMARY KEY (country, id),
    CONSTRAINT fk_disposal_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT ck_disposal_status_known CHECK (status in ('proposed', 'destroyed')),
    CONSTRAINT ck_disposal_approval_pair CHECK ((approved_by is null) = (approved_at is null)),
    CONSTRAINT ck_disposal_two_officers CHECK (approved_by <> proposed_by),
    CONSTRAINT ck_disposal_method_known CHECK (method in ('cutting', 'crushing', 'melting', 'burning', 'other'))
);
COMMENT ON TABLE disposal IS 'A destruction: proposed by one officer, carried out on the approval of another.';
CREATE TABLE holder (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    awaited_by_unit_id INTEGER,
    person_id UUID,
    name TEXT,
    CONSTRAINT pk_holder PRIMARY KEY (country, id),
    CONSTRAINT uq_holder_country_id_unit_id UNIQUE (country, id, unit_id),
    CONSTRAINT fk_holder_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_holder_country_awaited_by_unit_id FOREIGN KEY(country, awaited_by_unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_holder_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT ck_holder_transit_is_awaited CHECK ((kind = 'transit') = (awaited_by_unit_id is not null)),
    CONSTRAINT ck_holder_person_is_named CHECK ((kind = 'person') = (person_id is not null)),
    CONSTRAINT ck_holder_kind_known CHECK (kind in ('store', 'person', 'post', 'crew', 'vehicle', 'detachment', 'transit', 'workshop', 'court', 'lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed', 'handed_over', 'entered_by_mistake', 'merged'))
);
CREATE INDEX ix_holder_unit_id ON holder (country, unit_id, kind);
CREATE UNIQUE INDEX uq_holder_person_at_unit ON holder (country, person_id, unit_id) WHERE kind = 'person';
CREATE UNIQUE INDEX uq_holder_sink_of_unit ON holder (country, unit_id, kind) WHERE kind in ('lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed', 'handed_over', 'entered_by_mistake', 'merged');
COMMENT ON TABLE holder IS 'Everything that can answer for a weapon. Country, unit and kind never change.';
CREATE TABLE answerable (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    holder_id UUID NOT NULL,
    person_id UUID NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_answerable PRIMARY KEY (country, id),
    CONSTRAINT fk_answerable_country_holder_id FOREIGN KEY(country, holder_id) REFERENCES holder (country, id),
    CONSTRAINT fk_answerable_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id)
);
CREATE UNIQUE INDEX uq_answerable_now ON answerable (country, holder_id) WHERE ended_at is null;
COMMENT ON TABLE answerable IS 'The one person who answers for a store, post, crew, vehicle or detachment, and since when.';
CREATE TABLE assignment (
    country TEXT NOT NULL,
    weapon_id UUID NOT NULL,
    holder_id UUID NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_assignment PRIMARY KEY (country, weapon_id),
    CONSTRAINT fk_assignment_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_assignment_country_holder_id FOREIGN KEY(country, holder_id) REFERENCES holder (country, id),
    CONSTRAINT fk_assignment_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id)
);
CREATE INDEX ix_assignment_holder_id ON assignment (country, holder_id);
COMMENT ON TABLE assignment IS 'Whose weapon it is (affectée), in the rack or out: not custody. The past is in the events.';
CREATE TABLE disposal_line (
    country TEXT NOT NULL,
    disposal_id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    CONSTRAINT pk_disposal_line PRIMARY KEY (country, disposal_id, weapon_id),
    CONSTRAINT fk_disposal_line_country_disposal_id FOREIGN KEY(country, disposal_id) REFERENCES disposal (country, id),
    CONSTRAINT fk_disposal_line_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id)
);
COMMENT ON TABLE disposal_line IS 'The weapons of a destruction.';
CREATE TABLE issue (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    from_holder_id UUID NOT NULL,
    to_holder_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    due_back_at TIMESTAMP WITH TIME ZONE,
    document_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_issue PRIMARY KEY (country, id),
    CONSTRAINT fk_issue_country_from_holder_id FOREIGN KEY(country, from_holder_id) REFERENCES holder (country, id),
    CONSTRAINT fk_issue_country_to_holder_id FOREIGN KEY(country, to_holder_id) REFERENCES holder (country, id),
    CONSTRAINT fk_issue_country_document_id FOREIGN KEY(country, document_id) REFERENCES document (country, id),
    CONSTRAINT ck_issue_purpose_known CHECK (purpose in ('task', 'permanent')),
    CONSTRAINT ck_issue_task_is_due CHECK ((purpose = 'task') = (due_back_at is not null))
);
COMMENT ON TABLE issue IS 'A perception: for a task (due back) or permanent (never overdue, presented at musters).';
CREATE TABLE movement (
    country TEXT NOT NULL,
    weapon_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    prev_seq INTEGER GENERATED ALWAYS AS (nullif(seq - 1, 0)) STORED,
    from_holder_id UUID,
    from_unit_id INTEGER,
    to_holder_id UUID NOT NULL,
    to_unit_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    document_id UUID NOT NULL,
    event_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_movement PRIMARY KEY (country, weapon_id, seq),
    CONSTRAINT uq_movement_country_weapon_id_seq_to_holder_id UNIQUE (country, weapon_id, seq, to_holder_id),
    CONSTRAINT fk_movement_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT fk_movement_country_weapon_id_prev_seq_from_holder_id FOREIGN KEY(country, weapon_id, prev_seq, from_holder_id) REFERENCES movement (country, weapon_id, seq, to_holder_id),
    CONSTRAINT fk_movement_country_from_holder_id_from_unit_id FOREIGN KEY(country, from_holder_id, from_unit_id) REFERENCES holder (country, id, unit_id),
    CONSTRAINT fk_movement_country_to_holder_id_to_unit_id FOREIGN KEY(country, to_holder_id, to_unit_id) REFERENCES holder (country, id, unit_id),
    CONSTRAINT fk_movement_country_document_id FOREIGN KEY(country, document_id) REFERENCES document (country, id),
    CONSTRAINT fk_movement_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_movement_seq_positive CHECK (seq > 0),
    CONSTRAINT ck_movement_first_has_no_from CHECK ((seq = 1) = (from_holder_id is null) and (from_holder_id is null) = (from_unit_id is null)),
    CONSTRAINT ck_movement_first_says_origin CHECK ((seq = 1) = (kind in ('opening_balance', 'purchase', 'gift', 'seizure', 'found', 'surrendered'))),
    CONSTRAINT ck_movement_goes_somewhere CHECK (from_holder_id is distinct from to_holder_id)
);
CREATE INDEX ix_movement_document_id ON movement (country, document_id);
CREATE INDEX ix_movement_event_id ON movement (country, event_id);
CREATE INDEX ix_movement_from_holder_id ON movement (country, from_holder_id, recorded_at);
CREATE INDEX ix_movement_to_holder_id ON movement (country, to_holder_id, recorded_at);
COMMENT ON TABLE movement IS 'The only way a weapon moves: insert-only, double-entry, chained on itself.';
CREATE TABLE transfer (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    from_store_id UUID NOT NULL,
    from_unit_id INTEGER NOT NULL,
    to_store_id UUID NOT NULL,
    to_unit_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    due_on DATE NOT NULL,
    transit_holder_id UUID,
    ordered_by UUID NOT NULL,
    ordered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_by UUID,
    approved_at TIMESTAMP WITH TIME ZONE,
    dispatched_by UUID,
    dispatched_at TIMESTAMP WITH TIME ZONE,
    closed_by UUID,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_transfer PRIMARY KEY (country, id),
    CONSTRAINT fk_transfer_country_from_store_id_from_unit_id FOREIGN KEY(country, from_store_id, from_unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_transfer_country_to_store_id_to_unit_id FOREIGN KEY(country, to_store_id, to_unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_transfer_country_transit_holder_id FOREIGN KEY(country, transit_holder_id) REFERENCES holder (country, id),
    CONSTRAINT ck_transfer_status_known CHECK (status in ('ordered', 'approved', 'dispatched', 'closed', 'short', 'cancelled')),
    CONSTRAINT ck_transfer_approval_pair CHECK ((approved_by is null) = (approved_at is null)),
    CONSTRAINT ck_transfer_dispatch_pair CHECK ((dispatched_by is null) = (dispatched_at is null)),
    CONSTRAINT ck_transfer_closing_pair CHECK ((closed_by is null) = (closed_at is null)),
    CONSTRAINT ck_transfer_two_stores CHECK (from_store_id <> to_store_id),
    CONSTRAINT ck_transfer_approver_is_another CHECK (approved_by <> ordered_by)
);
CREATE INDEX ix_transfer_from_unit_id ON transfer (country, from_unit_id, status);
CREATE INDEX ix_transfer_to_unit_id ON transfer (country, to_unit_id, status);
COMMENT ON TABLE transfer IS 'A mutation: two sides, many weapons; what did not arrive stays in transit as a shortfall.';
CREATE TABLE transfer_line (
    country TEXT NOT NULL,
    transfer_id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    status TEXT NOT NULL,
    CONSTRAINT pk_transfer_line PRIMARY KEY (country, transfer_id, weapon_id),
    CONSTRAINT fk_transfer_line_country_transfer_id FOREIGN KEY(country, transfer_id) REFERENCES transfer (country, id),
    CONSTRAINT fk_transfer_line_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id),
    CONSTRAINT ck_transfer_line_status_known CHECK (status in ('ordered', 'dispatched', 'received', 'cancelled'))
);
COMMENT ON TABLE transfer_line IS 'The weapons of a transfer, line by line.';
"""

# The app never locks custody by itself: this function does, in weapon order so that two lists cannot
# wait for each other, and it filters country and units itself because it runs as owner. It reads only
# once it holds the locks: a statement that waited still sees the holders and open cases of before.
LOCK_CUSTODY = """
create function lock_custody(p_weapons uuid[])
returns table (weapon_id uuid, seq int, holder_id uuid, unit_id int, awaited_by_unit_id int, recorded_at timestamptz,
               kind text, mark text)
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_country text := nullif(current_setting('app.country', true), '');
    v_units int[] := nullif(current_setting('app.units', true), '')::int[];
begin
    perform 1 from custody c
      where c.country = v_country and c.weapon_id = any(p_weapons)
        and (c.unit_id = any(v_units) or c.awaited_by_unit_id = any(v_units))
      order by c.weapon_id
        for no key update;
    return query
    select c.weapon_id, c.seq, c.holder_id, c.unit_id, c.awaited_by_unit_id, c.recorded_at, h.kind, k.mark
      from custody c
      join holder h on h.country = c.country and h.id = c.holder_id
      left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id
     where c.country = v_country and c.weapon_id = any(p_weapons)
       and (c.unit_id = any(v_units) or c.awaited_by_unit_id = any(v_units));
end $$;
revoke execute on function lock_custody(uuid[]) from public;
grant execute on function lock_custody(uuid[]) to salw_app;
"""

# Custody follows movements and nothing else writes it. Statement-level: one update for a thousand
# weapons. The rows written are counted, because under forced row-level security a missing policy would
# otherwise write nothing in silence.
WRITE_CUSTODY = """
create function write_custody() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_weapons bigint;
    v_written bigint;
begin
    -- Time may not be made up: a movement is recorded now, and never before the one it follows.
    if exists (
        select 1 from moved m
          left join custody c on (c.country, c.weapon_id) = (m.country, m.weapon_id)
         where m.recorded_at < c.recorded_at
            or (m.recorded_at > clock_timestamp() and m.recorded_at is distinct from c.recorded_at)
            or (m.recorded_at < transaction_timestamp() - interval '5 seconds'
                and m.recorded_at is distinct from c.recorded_at)
    ) then
        raise exception 'a movement is recorded when it is recorded' using errcode = 'SW004';
    end if;
    select count(distinct (country, weapon_id)) into v_weapons from moved;
    with last as (
        select distinct on (m.country, m.weapon_id)
               m.country, m.weapon_id, m.seq, m.to_holder_id, m.to_unit_id, h.awaited_by_unit_id, m.recorded_at
          from moved m join holder h on (h.country, h.id) = (m.country, m.to_holder_id)
         order by m.country, m.weapon_id, m.seq desc
    ), written as (
        insert into custody as c (country, weapon_id, seq, holder_id, unit_id, awaited_by_unit_id, recorded_at)
        select country, weapon_id, seq, to_holder_id, to_unit_id, awaited_by_unit_id, recorded_at from last
        on conflict on constraint pk_custody do update
           set (seq, holder_id, unit_id, awaited_by_unit_id, recorded_at) =
               (excluded.seq, excluded.holder_id, excluded.unit_id, excluded.awaited_by_unit_id, excluded.recorded_at)
         where c.seq < excluded.seq
        returning 1
    ), scoped as (
        update weapon w set unit_id = l.to_unit_id, awaited_by_unit_id = l.awaited_by_unit_id
          from last l
         where (w.country, w.id) = (l.country, l.weapon_id)
           and (w.unit_id, w.awaited_by_unit_id) is distinct from (l.to_unit_id, l.awaited_by_unit_id)
    )
    select count(*) into v_written from written;
    if v_written <> v_weapons then
        raise exception '% weapons moved, % custody rows written', v_weapons, v_written using errcode = 'SW001';
    end if;
    return null;
end $$;
create trigger write_custody after insert on movement
    referencing new table as moved for each statement execute function write_custody();
"""

# Nothing is pushed into another unit's store except through a transit that it awaits.
MOVEMENT_POLICY = """
drop policy in_country on movement;
create policy in_country on movement for select to salw_app, salw_publisher, salw_auditor, salw_eraser
    using (country = (select nullif(current_setting('app.country', true), '')));
create policy in_scope on movement for insert to salw_app with check (
    country = (select nullif(current_setting('app.country', true), ''))
    and to_unit_id = any((select nullif(current_setting('app.units', true), '')::int[])::int[])
    and (seq = 1
         or from_unit_id = any((select nullif(current_setting('app.units', true), '')::int[])::int[])
         or exists (select 1 from holder h
                     where h.country = movement.country and h.id = movement.from_holder_id
                       and h.awaited_by_unit_id = any((select nullif(current_setting('app.units', true), '')::int[])::int[]))));
"""


def upgrade() -> None:
    """Create holders, movements, custody and the operations upon them."""
    op.execute(TABLES)
    op.execute("select protect('holder', 'select, insert')")
    op.execute("select make_append_only('holder'), make_append_only('movement')")
    op.execute("select protect('answerable', 'select, insert')")
    op.execute("grant update (ended_at) on answerable to salw_app")
    op.execute("select protect('movement', 'select, insert')")
    op.execute("select protect('custody', 'select')")
    op.execute("select protect('assignment', 'select, insert, update, delete')")
    op.execute("select protect('case_mark', 'select, insert, delete')")
    op.execute("select protect('issue', 'select, insert')")
    op.execute("select protect('transfer', 'select, insert')")
    op.execute(
        "grant update (status, transit_holder_id, approved_by, approved_at, dispatched_by, dispatched_at, closed_by, closed_at) on transfer to salw_app"
    )
    op.execute("select protect('transfer_line', 'select, insert')")
    op.execute("grant update (status) on transfer_line to salw_app")
    op.execute("select protect('disposal', 'select, insert')")
    op.execute("grant update (status, approved_by, approved_at) on disposal to salw_app")
    op.execute("select protect('disposal_line', 'select, insert')")
    op.execute("grant select on movement to salw_sequencer")
    op.execute(LOCK_CUSTODY)
    op.execute(WRITE_CUSTODY)
    op.execute(MOVEMENT_POLICY)
