"""The commander's order on paper: recorded by who acts on it, to be confirmed by the commander."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE paper_order (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    number_id UUID NOT NULL,
    dated_on DATE NOT NULL,
    signatory_id UUID NOT NULL,
    file_id UUID NOT NULL,
    status TEXT NOT NULL,
    recorded_by UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason_id UUID,
    CONSTRAINT pk_paper_order PRIMARY KEY (country, id),
    CONSTRAINT uq_paper_order_country_id_unit_id_signatory_id UNIQUE (country, id, unit_id, signatory_id),
    CONSTRAINT fk_paper_order_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_paper_order_country_number_id FOREIGN KEY(country, number_id) REFERENCES personal_value (country, id),
    CONSTRAINT fk_paper_order_country_signatory_id FOREIGN KEY(country, signatory_id) REFERENCES person (country, id),
    CONSTRAINT fk_paper_order_country_file_id FOREIGN KEY(country, file_id) REFERENCES file (country, id),
    CONSTRAINT fk_paper_order_country_recorded_by FOREIGN KEY(country, recorded_by) REFERENCES person (country, id),
    CONSTRAINT fk_paper_order_country_decided_by FOREIGN KEY(country, decided_by) REFERENCES person (country, id),
    CONSTRAINT fk_paper_order_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_paper_order_status_known CHECK (status in ('recorded', 'confirmed', 'contested')),
    CONSTRAINT ck_paper_order_signed_by_another CHECK (signatory_id <> recorded_by),
    CONSTRAINT ck_paper_order_decided_by_another CHECK (decided_by <> recorded_by),
    CONSTRAINT ck_paper_order_decision_whole CHECK ((status = 'recorded') = (decided_by is null) and (decided_by is null) = (decided_at is null)),
    CONSTRAINT ck_paper_order_contested_for_a_reason CHECK ((status = 'contested') = (reason_id is not null))
);
CREATE INDEX ix_paper_order_unit_id ON paper_order (country, unit_id, id);
COMMENT ON TABLE paper_order IS 'Orders on paper, with number, date, signatory and photo: à confirmer until the commander does.';
alter table document add paper_order_id UUID;
alter table document add constraint fk_document_country_paper_order_id FOREIGN KEY (country, paper_order_id) REFERENCES paper_order (country, id);
create index ix_document_paper_order_id on document (country, paper_order_id) where paper_order_id is not null;
alter table transfer add approval_order_id UUID;
alter table transfer add constraint fk_transfer_country_approval_order_id_from_unit_id_approved_by FOREIGN KEY (country, approval_order_id, from_unit_id, approved_by) REFERENCES paper_order (country, id, unit_id, signatory_id);
alter table transfer add constraint ck_transfer_approved_by_its_order CHECK (approval_order_id is null or approved_by is not null);
create index ix_transfer_approval_order_id on transfer (country, approval_order_id) where approval_order_id is not null;
"""

GRANTS = """
select protect('paper_order', 'select');
grant insert (country, id, unit_id, number_id, dated_on, signatory_id, file_id, status, recorded_by) on paper_order to salw_app;
grant update (status, decided_by, decided_at, reason_id) on paper_order to salw_app;
select scope_rows('paper_order', 'scoped(unit_id)');
grant update (approval_order_id) on transfer to salw_app;
grant insert (paper_order_id), select (paper_order_id) on document to salw_app;
"""

# A decision is taken once, and what it is about stays as it was recorded.
DECIDED_ONCE = """
create function keep_decided_order() returns trigger language plpgsql as $$
begin
    if old.status <> 'recorded' then
        raise exception 'an order on paper is decided once' using errcode = 'SW002';
    end if;
    return new;
end $$;
create trigger decided_once before update on paper_order for each row execute function keep_decided_order();
"""

# As in 0036, with the photos of the orders that he signed.
ERASURE = """
create or replace function erase_with_person() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    delete from counter_proof where country = new.country and person_id = new.id;
    with his as (
        select f.country, f.id, f.value_id from file f
         where f.country = new.country and f.erased_at is null
           and (f.id in (select a.file_id from acknowledgement a where a.country = new.country and a.person_id = new.id)
                or f.id in (select o.file_id from paper_order o
                             where o.country = new.country and o.signatory_id = new.id))
    ), gone as (
        update file f set bytes = null, sha256 = null, erased_at = new.erased_at
          from his where (f.country, f.id) = (his.country, his.id)
    )
    update personal_value v set value = null, salt = null, erased_at = new.erased_at
      from his where (v.country, v.id) = (his.country, his.value_id);
    return null;
end $$;
"""


def upgrade() -> None:
    """Create orders on paper, and let documents and approvals rest on one."""
    op.execute(TABLES)
    op.execute(GRANTS)
    op.execute(DECIDED_ONCE)
    op.execute(ERASURE)
