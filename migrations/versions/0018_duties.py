"""Duties that must not meet, the derogations under which they may, and the count that a change of storekeeper forces."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE derogation (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    duty TEXT NOT NULL,
    reference TEXT NOT NULL,
    dated_on DATE NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    authority_unit_id INTEGER NOT NULL,
    granted_by UUID NOT NULL,
    granted_role TEXT NOT NULL,
    granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_by UUID,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_derogation PRIMARY KEY (country, id),
    CONSTRAINT uq_derogation_country_id_unit_id UNIQUE (country, id, unit_id),
    CONSTRAINT uq_derogation_country_id_unit_id_duty_granted_by UNIQUE (country, id, unit_id, duty, granted_by),
    CONSTRAINT fk_derogation_country_authority_unit_id_unit_id FOREIGN KEY(country, authority_unit_id, unit_id) REFERENCES unit_closure (country, ancestor_id, descendant_id),
    CONSTRAINT ck_derogation_from_above CHECK (authority_unit_id <> unit_id),
    CONSTRAINT fk_derogation_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_derogation_country_granted_by FOREIGN KEY(country, granted_by) REFERENCES person (country, id),
    CONSTRAINT fk_derogation_country_revoked_by FOREIGN KEY(country, revoked_by) REFERENCES person (country, id),
    CONSTRAINT ck_derogation_duty_known CHECK (duty in ('orderer_keeper', 'requester_approver', 'sender_receiver', 'counter_approver', 'keeper_checker', 'giver_receiver')),
    CONSTRAINT ck_derogation_not_before_its_paper CHECK (dated_on <= first_day),
    CONSTRAINT ck_derogation_a_year_at_most CHECK (last_day >= first_day and last_day - first_day < 366),
    CONSTRAINT ck_derogation_revocation_pair CHECK ((revoked_by is null) = (revoked_at is null))
);
CREATE INDEX ix_derogation_unit_id ON derogation (country, unit_id, duty);
COMMENT ON TABLE derogation IS 'A written, dated, bounded permission from above that two duties meet at a post too small to part them.';
CREATE TABLE derogation_act (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    derogation_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    duty TEXT NOT NULL,
    granted_by UUID NOT NULL,
    person_id UUID NOT NULL,
    act TEXT NOT NULL,
    subject_id UUID NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT pk_derogation_act PRIMARY KEY (country, id),
    CONSTRAINT fk_derogation_act_country_derogation_id_unit_id_duty_granted_by FOREIGN KEY(country, derogation_id, unit_id, duty, granted_by) REFERENCES derogation (country, id, unit_id, duty, granted_by),
    CONSTRAINT fk_derogation_act_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT ck_derogation_act_not_by_who_granted CHECK (person_id <> granted_by)
);
CREATE INDEX ix_derogation_act_derogation_id ON derogation_act (country, derogation_id, id);
COMMENT ON TABLE derogation_act IS 'Each act done under a derogation: its kind is that of its event, its subject what that event names.';
CREATE TABLE handover_count (
    country TEXT NOT NULL,
    stocktake_id UUID NOT NULL,
    store_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    counted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_handover_count PRIMARY KEY (country, stocktake_id),
    CONSTRAINT uq_handover_count_country_stocktake_id_store_id UNIQUE (country, stocktake_id, store_id),
    CONSTRAINT fk_handover_count_country_stocktake_id FOREIGN KEY(country, stocktake_id) REFERENCES stocktake (country, id),
    CONSTRAINT fk_handover_count_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id)
);
CREATE INDEX ix_handover_count_store_id ON handover_count (country, store_id, counted_at);
COMMENT ON TABLE handover_count IS 'The closed checks of the kind remise et reprise: what a change of storekeeper rests on (R8).';
CREATE TABLE handover (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    store_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    outgoing_id UUID,
    incoming_id UUID NOT NULL,
    absence TEXT,
    relieved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_on DATE,
    stocktake_id UUID,
    CONSTRAINT pk_handover PRIMARY KEY (country, id),
    CONSTRAINT fk_handover_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_handover_country_outgoing_id FOREIGN KEY(country, outgoing_id) REFERENCES person (country, id),
    CONSTRAINT fk_handover_country_incoming_id FOREIGN KEY(country, incoming_id) REFERENCES person (country, id),
    CONSTRAINT fk_handover_country_stocktake_id_store_id FOREIGN KEY(country, stocktake_id, store_id) REFERENCES handover_count (country, stocktake_id, store_id),
    CONSTRAINT ck_handover_absence_known CHECK (absence in ('died', 'missing', 'deserted', 'taken_by_enemy', 'unfit', 'suspended', 'away')),
    CONSTRAINT ck_handover_somebody_is_absent CHECK (absence is null or outgoing_id is not null),
    CONSTRAINT ck_handover_counted_or_due CHECK (stocktake_id is not null or due_on is not null),
    CONSTRAINT ck_handover_due_where_nobody_hands_over CHECK (due_on is null or outgoing_id is null or absence is not null)
);
CREATE INDEX ix_handover_store_id ON handover (country, store_id);
CREATE INDEX ix_handover_unit_id ON handover (country, unit_id, id);
COMMENT ON TABLE handover IS 'A change of storekeeper: counted before it, or, with nobody left to hand over, owed by a day.';
"""

# Where one row holds both persons, they are two, or the row names the derogation under which they are one. A register
# in which an orderer sent his own transfer stops here: nothing of the kind was released, and nobody rewrites a row.
TRANSFERS = """
alter table transfer add approval_derogation_id UUID;
alter table transfer add dispatch_derogation_id UUID;
alter table transfer add constraint uq_transfer_country_id_to_unit_id_ordered_by_dispatched_by UNIQUE (country, id, to_unit_id, ordered_by, dispatched_by);
alter table transfer add constraint fk_transfer_country_approval_derogation_id_from_unit_id FOREIGN KEY(country, approval_derogation_id, from_unit_id) REFERENCES derogation (country, id, unit_id);
alter table transfer add constraint fk_transfer_country_dispatch_derogation_id_from_unit_id FOREIGN KEY(country, dispatch_derogation_id, from_unit_id) REFERENCES derogation (country, id, unit_id);
alter table transfer drop constraint ck_transfer_approver_is_another;
alter table transfer add constraint ck_transfer_approver_is_another CHECK (approved_by <> ordered_by or approval_derogation_id is not null);
alter table transfer add constraint ck_transfer_sender_did_not_order CHECK (dispatched_by <> ordered_by or dispatch_derogation_id is not null);
CREATE TABLE transfer_receipt (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    transfer_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    ordered_by UUID NOT NULL,
    dispatched_by UUID NOT NULL,
    received_by UUID NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    orderer_derogation_id UUID,
    sender_derogation_id UUID,
    CONSTRAINT pk_transfer_receipt PRIMARY KEY (country, id),
    CONSTRAINT fk_transfer_receipt_country_transfer_id_unit_id_ordered_025e FOREIGN KEY(country, transfer_id, unit_id, ordered_by, dispatched_by) REFERENCES transfer (country, id, to_unit_id, ordered_by, dispatched_by),
    CONSTRAINT fk_transfer_receipt_country_received_by FOREIGN KEY(country, received_by) REFERENCES person (country, id),
    CONSTRAINT fk_transfer_receipt_country_orderer_derogation_id_unit_id FOREIGN KEY(country, orderer_derogation_id, unit_id) REFERENCES derogation (country, id, unit_id),
    CONSTRAINT fk_transfer_receipt_country_sender_derogation_id_unit_id FOREIGN KEY(country, sender_derogation_id, unit_id) REFERENCES derogation (country, id, unit_id),
    CONSTRAINT ck_transfer_receipt_receiver_did_not_send CHECK (received_by <> dispatched_by or sender_derogation_id is not null),
    CONSTRAINT ck_transfer_receipt_receiver_did_not_order CHECK (received_by <> ordered_by or orderer_derogation_id is not null)
);
CREATE INDEX ix_transfer_receipt_transfer_id ON transfer_receipt (country, transfer_id);
COMMENT ON TABLE transfer_receipt IS 'Each receipt on a transfer: who received, held against who ordered and who sent.';
"""

ISSUES = """
alter table issue add issued_by UUID;
alter table issue add received_by UUID;
alter table issue add derogation_id UUID;
alter table issue add constraint fk_issue_country_derogation_id_unit_id FOREIGN KEY(country, derogation_id, unit_id) REFERENCES derogation (country, id, unit_id);
alter table issue add constraint ck_issue_receiver_is_another CHECK (received_by <> issued_by or derogation_id is not null);
"""

# A write-off takes two officers, under whatever derogation; any other outcome may be under one.
OUTCOMES = """
alter table incident_outcome add derogation_id UUID;
alter table incident_outcome add constraint fk_incident_outcome_country_derogation_id FOREIGN KEY(country, derogation_id) REFERENCES derogation (country, id);
alter table incident_outcome drop constraint ck_incident_outcome_two_officers;
alter table incident_outcome add constraint ck_incident_outcome_two_officers CHECK (decided_by <> opened_by or (derogation_id is not null and kind <> 'written_off'));
comment on table incident_outcome is 'An authorised outcome, by another person than the opener (a write-off always); several may settle a case.';
"""

CHECKS = """
alter table stocktake add independent BOOLEAN;
alter table stocktake add constraint ck_stocktake_independent_kinds CHECK (independent is null or status = 'closed' and (not independent or kind in ('count', 'list_check')));
grant update (independent) on stocktake to salw_app;
"""


def upgrade() -> None:
    """Create derogations and handovers, and let rows that hold two persons name a derogation."""
    op.execute(TABLES)
    op.execute("select protect('derogation', 'select, insert')")
    op.execute("grant update (revoked_by, revoked_at) on derogation to salw_app")
    op.execute("select protect('derogation_act', 'select')")
    # When something was done under a derogation, the database says.
    op.execute(
        "grant insert (country, id, derogation_id, unit_id, duty, granted_by, person_id, act, subject_id) "
        "on derogation_act to salw_app"
    )
    op.execute("select make_append_only('derogation_act')")
    op.execute("select protect('handover_count', 'select, insert')")
    op.execute("select make_append_only('handover_count')")
    op.execute("select protect('handover', 'select, insert')")
    op.execute("grant update (stocktake_id) on handover to salw_app")
    op.execute(TRANSFERS)
    op.execute("grant update (approval_derogation_id, dispatch_derogation_id) on transfer to salw_app")
    op.execute("select protect('transfer_receipt', 'select, insert')")
    op.execute("select make_append_only('transfer_receipt')")
    op.execute(ISSUES)
    op.execute("grant insert (issued_by, received_by, derogation_id) on issue to salw_app")
    op.execute(OUTCOMES)
    op.execute(CHECKS)
