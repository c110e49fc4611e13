"""Acknowledgements of issue and return, what proves people at the counter, and which kinds a force holds valid."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE acknowledgement (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    document_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    person_id UUID NOT NULL,
    kind TEXT NOT NULL,
    file_id UUID,
    witness_id UUID,
    corrects_id UUID,
    recorded_by UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_acknowledgement PRIMARY KEY (country, id),
    CONSTRAINT uq_acknowledgement_country_id_document_id_person_id UNIQUE (country, id, document_id, person_id),
    CONSTRAINT fk_acknowledgement_country_document_id FOREIGN KEY(country, document_id) REFERENCES document (country, id),
    CONSTRAINT fk_acknowledgement_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_acknowledgement_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_acknowledgement_country_file_id FOREIGN KEY(country, file_id) REFERENCES file (country, id),
    CONSTRAINT fk_acknowledgement_country_witness_id FOREIGN KEY(country, witness_id) REFERENCES person (country, id),
    CONSTRAINT fk_acknowledgement_country_recorded_by FOREIGN KEY(country, recorded_by) REFERENCES person (country, id),
    CONSTRAINT fk_acknowledgement_country_corrects_id_document_id_person_id FOREIGN KEY(country, corrects_id, document_id, person_id) REFERENCES acknowledgement (country, id, document_id, person_id),
    CONSTRAINT ck_acknowledgement_kind_known CHECK (kind in ('drawn', 'pin', 'card', 'witness', 'paper')),
    CONSTRAINT ck_acknowledgement_shown_on_a_file CHECK ((kind in ('drawn', 'paper')) = (file_id is not null)),
    CONSTRAINT ck_acknowledgement_witness_is_named CHECK ((kind = 'witness') = (witness_id is not null)),
    CONSTRAINT ck_acknowledgement_witness_is_another CHECK (witness_id <> person_id and witness_id <> recorded_by)
);
CREATE INDEX ix_acknowledgement_document_id ON acknowledgement (country, document_id, person_id);
CREATE INDEX ix_acknowledgement_file_id ON acknowledgement (country, file_id) WHERE file_id is not null;
COMMENT ON TABLE acknowledgement IS 'Émargements of slips: how a person acknowledged; a wrong one is corrected by a further one.';
CREATE TABLE counter_proof (
    country TEXT NOT NULL,
    person_id UUID NOT NULL,
    kind TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    set_by UUID NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_counter_proof PRIMARY KEY (country, person_id, kind),
    CONSTRAINT fk_counter_proof_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_counter_proof_country_set_by FOREIGN KEY(country, set_by) REFERENCES person (country, id),
    CONSTRAINT ck_counter_proof_kind_known CHECK (kind in ('pin', 'card')),
    CONSTRAINT ck_counter_proof_before_another CHECK (set_by <> person_id)
);
CREATE UNIQUE INDEX uq_counter_proof_card ON counter_proof (country, secret_hash) WHERE kind = 'card';
COMMENT ON TABLE counter_proof IS 'What a person proves himself with at the counter: hash of his PIN, hash of the code of his card.';
CREATE TABLE acknowledgement_rule (
    country TEXT NOT NULL,
    force_code TEXT NOT NULL,
    number INTEGER NOT NULL,
    id UUID NOT NULL,
    kinds TEXT[] NOT NULL,
    unit_id INTEGER NOT NULL,
    set_by UUID NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_acknowledgement_rule PRIMARY KEY (country, force_code, number),
    CONSTRAINT uq_acknowledgement_rule_country_id UNIQUE (country, id),
    CONSTRAINT fk_acknowledgement_rule_country_force_code FOREIGN KEY(country, force_code) REFERENCES force (country, code),
    CONSTRAINT fk_acknowledgement_rule_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_acknowledgement_rule_country_set_by FOREIGN KEY(country, set_by) REFERENCES person (country, id),
    CONSTRAINT ck_acknowledgement_rule_kinds_known CHECK (kinds <@ array['drawn', 'pin', 'card', 'witness', 'paper'] and kinds <> '{}')
);
COMMENT ON TABLE acknowledgement_rule IS 'Which kinds of acknowledgement a force holds valid: its newest decision; none yet: all.';
alter table issue add acknowledged_at TIMESTAMP WITH TIME ZONE;
create index ix_issue_unacknowledged on issue (country, unit_id, recorded_at, id) where acknowledged_at is null;
alter table attempt_count drop constraint ck_attempt_count_kind_known;
alter table attempt_count add constraint ck_attempt_count_kind_known CHECK (kind in ('account', 'source', 'factor', 'pin'));
"""

GRANTS = """
select protect('acknowledgement', 'select');
grant insert (country, id, document_id, unit_id, person_id, kind, file_id, witness_id, corrects_id, recorded_by)
    on acknowledgement to salw_app;
select make_append_only('acknowledgement');
select scope_rows('acknowledgement', 'scoped(unit_id)');
select protect('acknowledgement_rule', 'select, insert');
select make_append_only('acknowledgement_rule');
select protect('counter_proof', 'select');
revoke select on counter_proof from salw_app, salw_auditor;
grant select (country, person_id, kind, set_by, set_at) on counter_proof to salw_app, salw_auditor;
grant insert on counter_proof to salw_app;
grant update (secret_hash, set_by, set_at) on counter_proof to salw_app;
select scope_rows('counter_proof',
    'exists (select from person p where p.country = counter_proof.country and p.id = counter_proof.person_id)');
"""

# An issue is acknowledged by what was recorded on its slip, and by nothing else.
ACKNOWLEDGED = """
create function mark_acknowledged() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update issue set acknowledged_at = new.recorded_at
     where country = new.country and document_id = new.document_id and received_by = new.person_id
       and acknowledged_at is null;
    return null;
end $$;
revoke execute on function mark_acknowledged() from public;
create trigger marks_its_issue after insert on acknowledgement for each row execute function mark_acknowledged();
"""

FUNCTIONS = """
create function pin_of_person(p_person uuid) returns text
language sql stable security definer set search_path = pg_catalog, public as $$
    select secret_hash from counter_proof
     where country = (select nullif(current_setting('app.country', true), '')) and person_id = p_person and kind = 'pin'
$$;
create function person_of_card(p_hash text) returns uuid
language sql stable security definer set search_path = pg_catalog, public as $$
    select person_id from counter_proof
     where country = (select nullif(current_setting('app.country', true), '')) and secret_hash = p_hash and kind = 'card'
$$;
revoke execute on function pin_of_person(uuid), person_of_card(text) from public;
grant execute on function pin_of_person(uuid), person_of_card(text) to salw_app;
"""

# What an erasure takes besides: his PIN and his card, his signatures, and the papers that bear his name. The digest of
# a picture goes with its salt, so that nobody who has a copy can show that it was this one.
ERASURE = """
create function erase_with_person() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    delete from counter_proof where country = new.country and person_id = new.id;
    with his as (
        select f.country, f.id, f.value_id from file f
         where f.country = new.country and f.erased_at is null
           and f.id in (select a.file_id from acknowledgement a where a.country = new.country and a.person_id = new.id)
    ), gone as (
        update file f set bytes = null, sha256 = null, erased_at = new.erased_at
          from his where (f.country, f.id) = (his.country, his.id)
    )
    update personal_value v set value = null, salt = null, erased_at = new.erased_at
      from his where (v.country, v.id) = (his.country, his.value_id);
    return null;
end $$;
revoke execute on function erase_with_person() from public;
create trigger takes_his_pictures after update of erased_at on person for each row
    when (old.erased_at is null and new.erased_at is not null) execute function erase_with_person();
"""


def upgrade() -> None:
    """Create acknowledgements and what they rest on."""
    op.execute(TABLES)
    op.execute(GRANTS)
    op.execute(ACKNOWLEDGED)
    op.execute(FUNCTIONS)
    op.execute(ERASURE)
