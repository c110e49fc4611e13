"""Devices: invitations by a one-time code, the devices of a store, and what they recorded offline."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE device_invitation (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    store_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    days INTEGER NOT NULL,
    code_hash BYTEA NOT NULL,
    account_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    device_id UUID,
    CONSTRAINT pk_device_invitation PRIMARY KEY (country, id),
    CONSTRAINT uq_device_invitation_country_code_hash UNIQUE (country, code_hash),
    CONSTRAINT fk_device_invitation_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_device_invitation_country_account_id FOREIGN KEY(country, account_id) REFERENCES account (country, id),
    CONSTRAINT ck_device_invitation_code_hash_is_sha256 CHECK (octet_length(code_hash) = 32),
    CONSTRAINT ck_device_invitation_days_at_most_30 CHECK (days between 1 and 30),
    CONSTRAINT ck_device_invitation_expires_in_ten_minutes CHECK (expires_at > created_at and expires_at <= created_at + interval '10 minutes'),
    CONSTRAINT ck_device_invitation_used_by_a_device CHECK ((used_at is null) = (device_id is null))
);
COMMENT ON TABLE device_invitation IS 'One-time codes by which a supervisor lets a device in; only the hash of the code is kept.';
CREATE TABLE device (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    store_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    key_hash BYTEA NOT NULL,
    state TEXT NOT NULL,
    enrolled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    enrolled_by UUID NOT NULL,
    vouched_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    decided_by UUID,
    valid_from TIMESTAMP WITH TIME ZONE NOT NULL,
    valid_until TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE,
    highest_counter BIGINT DEFAULT 0 NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoked_by UUID,
    reason_id UUID,
    counter_when_revoked BIGINT,
    CONSTRAINT pk_device PRIMARY KEY (country, id),
    CONSTRAINT uq_device_country_key_hash UNIQUE (country, key_hash),
    CONSTRAINT uq_device_country_id_unit_id UNIQUE (country, id, unit_id),
    CONSTRAINT uq_device_country_id_store_id UNIQUE (country, id, store_id),
    CONSTRAINT fk_device_country_store_id_unit_id FOREIGN KEY(country, store_id, unit_id) REFERENCES store (country, id, unit_id),
    CONSTRAINT fk_device_country_enrolled_by FOREIGN KEY(country, enrolled_by) REFERENCES person (country, id),
    CONSTRAINT fk_device_country_vouched_by_store_id FOREIGN KEY(country, vouched_by, store_id) REFERENCES device (country, id, store_id),
    CONSTRAINT fk_device_country_decided_by FOREIGN KEY(country, decided_by) REFERENCES person (country, id),
    CONSTRAINT fk_device_country_revoked_by FOREIGN KEY(country, revoked_by) REFERENCES person (country, id),
    CONSTRAINT fk_device_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_device_key_hash_is_sha256 CHECK (octet_length(key_hash) = 32),
    CONSTRAINT ck_device_state_known CHECK (state in ('vouched', 'in_force', 'refused', 'revoked')),
    CONSTRAINT ck_device_revoked_once CHECK ((state = 'revoked') = (revoked_at is not null)),
    CONSTRAINT ck_device_revoked_by_somebody CHECK ((revoked_at is null) = (revoked_by is null) and (revoked_at is null) = (counter_when_revoked is null)),
    CONSTRAINT ck_device_vouched_by_a_device CHECK (vouched_by is not null or state <> 'vouched'),
    CONSTRAINT ck_device_decided_by_somebody CHECK ((decided_at is null) = (decided_by is null)),
    CONSTRAINT ck_device_vouched_until_decided CHECK (vouched_by is null or state not in ('in_force', 'refused') or decided_by is not null),
    CONSTRAINT ck_device_two_persons CHECK (decided_by <> enrolled_by),
    CONSTRAINT ck_device_valid_for_30_days CHECK (valid_until > valid_from and valid_until <= valid_from + interval '720 hours'),
    CONSTRAINT ck_device_counter_from_zero CHECK (highest_counter >= 0)
);
CREATE INDEX ix_device_unit_id ON device (country, unit_id, id);
COMMENT ON TABLE device IS 'What may record offline for a store, by the public half of a key that never leaves it.';
CREATE TABLE device_event (
    country TEXT NOT NULL,
    id UUID NOT NULL,
    device_id UUID NOT NULL,
    unit_id INTEGER NOT NULL,
    counter BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    signature BYTEA NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    reported_by UUID NOT NULL,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    decision_id UUID,
    CONSTRAINT pk_device_event PRIMARY KEY (country, id),
    CONSTRAINT fk_device_event_country_device_id_unit_id FOREIGN KEY(country, device_id, unit_id) REFERENCES device (country, id, unit_id),
    CONSTRAINT fk_device_event_country_reported_by FOREIGN KEY(country, reported_by) REFERENCES person (country, id),
    CONSTRAINT fk_device_event_country_decided_by FOREIGN KEY(country, decided_by) REFERENCES person (country, id),
    CONSTRAINT fk_device_event_country_decision_id FOREIGN KEY(country, decision_id) REFERENCES personal_value (country, id),
    CONSTRAINT ck_device_event_digest_is_sha256 CHECK (octet_length(digest) = 32),
    CONSTRAINT ck_device_event_size_bounded CHECK (octet_length(bytes) <= 8190 and octet_length(signature) <= 126),
    CONSTRAINT ck_device_event_counter_from_one CHECK (counter >= 1),
    CONSTRAINT ck_device_event_state_known CHECK (state in ('received', 'quarantined', 'refused', 'rejected')),
    CONSTRAINT ck_device_event_reason_known CHECK (reason in ('revoked', 'expired', 'vouched', 'refused', 'bad_signature', 'malformed', 'counter_reused')),
    CONSTRAINT ck_device_event_reason_given CHECK (state = 'received' or reason is not null),
    CONSTRAINT ck_device_event_decided_by_somebody CHECK ((decided_by is null) = (decided_at is null)),
    CONSTRAINT ck_device_event_refused_by_somebody CHECK (state <> 'refused' or decided_by is not null),
    CONSTRAINT ck_device_event_two_persons CHECK (decided_by <> reported_by)
);
CREATE INDEX ix_device_event_quarantine ON device_event (country, unit_id, id) WHERE state = 'quarantined';
CREATE INDEX ix_device_event_rejected ON device_event (country, device_id, counter) WHERE state = 'rejected';
CREATE INDEX ix_device_event_waiting ON device_event (country, device_id) WHERE state = 'quarantined';
CREATE UNIQUE INDEX uq_device_event_counter ON device_event (country, device_id, counter) WHERE state <> 'rejected';
COMMENT ON TABLE device_event IS 'What devices recorded offline, byte for byte as they made and signed it, and what was answered.';
"""

# A device that has a code has no session, so no country is set and every table is empty to it. This acts as the
# owner and returns only what belongs to the hash of a random code; what follows is done in the scope of that one unit.
FIND_INVITATION = """
create function find_device_invitation(p_country text, p_code_hash bytea)
returns table (id uuid, store_id uuid, unit_id int, name text, days int, expires_at timestamptz, used_at timestamptz,
               device_id uuid, account_id uuid, person_id uuid, commitment bytea, time_zone text)
language sql stable security definer set search_path = pg_catalog, public as $$
    select i.id, i.store_id, i.unit_id, i.name, i.days, i.expires_at, i.used_at, i.device_id,
           a.id, a.person_id, v.commitment, c.time_zone
      from device_invitation i
      join account a on (a.country, a.id) = (i.country, i.account_id) and a.disabled_at is null
      join person p on (p.country, p.id) = (a.country, a.person_id)
      join personal_value v on (v.country, v.id) = (p.country, p.value_id)
      join country c on c.code = i.country
     where i.country = p_country and i.code_hash = p_code_hash
$$;
revoke execute on function find_device_invitation(text, bytea) from public;
grant execute on function find_device_invitation(text, bytea) to salw_app;
"""

SHOWN = "country, id, store_id, unit_id, name, days, account_id, created_at, expires_at, used_at, device_id"


def upgrade() -> None:
    """Create invitations, devices and their events."""
    op.execute(TABLES)
    # Whoever reads invitations reads no hash of a code: `find_device_invitation` alone compares them.
    op.execute("select protect('device_invitation', 'insert')")
    op.execute("revoke select on device_invitation from salw_auditor")
    op.execute(f"grant select ({SHOWN}) on device_invitation to salw_app, salw_auditor")
    op.execute("grant update (used_at, device_id) on device_invitation to salw_app")
    op.execute("select protect('device', 'select, insert')")
    op.execute(
        "grant update (state, decided_at, decided_by, valid_from, valid_until, last_seen_at, highest_counter, "
        "revoked_at, revoked_by, reason_id, counter_when_revoked) on device to salw_app"
    )
    # The bytes of a device are never changed: what is decided about them stands beside them.
    op.execute("select protect('device_event', 'select, insert')")
    op.execute("grant update (state, decided_by, decided_at, decision_id) on device_event to salw_app")
    op.execute(FIND_INVITATION)
