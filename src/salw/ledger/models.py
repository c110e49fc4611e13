"""Tables of the audit trail. Rows are only ever added; see `docs/architecture.md`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from salw.core.db import country_column, country_key, metadata, type_instant

event = Table(
    "event",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("weapon_id", Uuid),
    Column("canonical", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("octet_length(leaf_hash) = 32", name="leaf_hash_is_sha256"),
    Index("ix_event_weapon_id", "country", "weapon_id", "recorded_at"),
    Index(
        "ix_event_cases",
        "country",
        "weapon_id",
        postgresql_where=text("kind in ('weapon.case_opened', 'weapon.case_closed')"),
    ),
    comment="One fact each. The bytes that were hashed are the bytes stored; they are the only copy.",
)

event_queue = Table(
    "event_queue",
    metadata,
    country_column(),
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False),
    UniqueConstraint("country", "event_id"),
    country_key(["event_id"], "event", ["id"]),
    comment="Events committed and not yet given an index; emptied by the sequencer alone.",
)

leaf = Table(
    "leaf",
    metadata,
    country_column(),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Uuid, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("sequenced_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["event_id"], "event", ["id"]),
    UniqueConstraint("country", "event_id"),
    Index("ix_leaf_sequenced_at", "country", "sequenced_at"),
    comment="The order of the log of a country: contiguous indexes from 0, given once.",
)

passage = Table(
    "passage",
    metadata,
    country_column(),
    Column("unit_id", Integer, primary_key=True, autoincrement=False),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("weapon_id", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("gone", Boolean, primary_key=True),
    Column("from_holder_id", Uuid),
    comment="Each indexed movement as a unit saw it; rolls current stock back to a past log size.",
)

personal_value = Table(
    "personal_value",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("salt", LargeBinary),
    Column("commitment", LargeBinary, nullable=False),
    Column("value", JSONB),
    Column("erased_at", type_instant),
    Column("unit_id", Integer, comment="Whose name or text it is, and so who reads it; null: nobody does."),
    Column("remains", JSONB, comment="What an erased name may still be shown as: rank, unit, erased_on. No name."),
    CheckConstraint("(erased_at is null) = (salt is not null)", name="salt_until_erased"),
    CheckConstraint("erased_at is null or value is null", name="no_value_once_erased"),
    CheckConstraint("erased_at is not null or remains is null", name="remains_once_erased"),
    comment="What events only commit to: persons and free text. Erasable; the commitment stays.",
)
