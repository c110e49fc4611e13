"""Tables of the audit trail. Rows are only ever added; see `docs/architecture.md`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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
    CheckConstraint(r"leaf_hash = sha256('\x00'::bytea || canonical)", name="leaf_hash_is_of_canonical"),
    CheckConstraint("octet_length(canonical) between 1 and 65535", name="fits_an_entry"),
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

log = Table(
    "log",
    metadata,
    country_column(),
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("origin", Text),
    Column("first_idx", BigInteger, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("country", "origin"),
    UniqueConstraint("country", "first_idx"),
    CheckConstraint("id >= 1 and first_idx >= 0", name="counts_from_one"),
    comment="The logs of a country, one after the other; the newest takes the events. "
    "Its origin is the name of its first key, known once it is first sealed.",
)

leaf = Table(
    "leaf",
    metadata,
    country_column(),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Uuid, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("sequenced_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    Column("log_id", SmallInteger, nullable=False),
    country_key(["event_id"], "event", ["id"]),
    country_key(["log_id"], "log", ["id"]),
    UniqueConstraint("country", "event_id"),
    Index("ix_leaf_sequenced_at", "country", "sequenced_at"),
    comment="The order of the log of a country: contiguous indexes from 0, given once.",
)

log_key = Table(
    "log_key",
    metadata,
    country_column(),
    Column("log_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("added_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["log_id"], "log", ["id"]),
    comment="The verifier keys that a log was signed with, as text. Whoever trusts nobody has them on paper.",
)

tile = Table(
    "tile",
    metadata,
    country_column(),
    Column("log_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    country_key(["log_id"], "log", ["id"]),
    CheckConstraint(
        "octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0", name="is_whole_hashes"
    ),
    comment="The Merkle tree in tiles of up to 256 hashes (C2SP tlog-tiles); "
    "the last of each level is written again while it fills.",
)

checkpoint = Table(
    "checkpoint",
    metadata,
    country_column(),
    Column("log_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["log_id"], "log", ["id"]),
    CheckConstraint("octet_length(root) = 32", name="root_is_sha256"),
    comment="What the log signed: its size, the root over that many events, and the note (C2SP tlog-checkpoint).",
)

cosignature = Table(
    "cosignature",
    metadata,
    country_column(),
    Column("log_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("cosigned_at", type_instant, nullable=False),
    Column("received_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["log_id", "size"], "checkpoint", ["log_id", "size"]),
    # How far each witness has signed is asked for every page and every round; one may have been silent for months.
    Index("ix_cosignature_witness", "country", "log_id", "witness", "size"),
    comment="Signatures of witnesses on a checkpoint, as they came (C2SP tlog-cosignature). "
    "`cosigned_at` is the time that the witness signed.",
)

witnessed = Table(
    "witnessed",
    metadata,
    country_column(),
    Column("log_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("reached_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["log_id", "size"], "checkpoint", ["log_id", "size"]),
    comment="Checkpoints that as many witnesses signed as the policy of the day asked for.",
)

sealing_halt = Table(
    "sealing_halt",
    metadata,
    country_column(),
    Column("log_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("since", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["log_id"], "log", ["id"]),
    comment="Why the sequencer refuses to go on with a log: it is behind what was published, or another one.",
)

witness_state = Table(
    "witness_state",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("signed_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("octet_length(root) = 32 and size >= 0", name="root_is_sha256"),
    comment="Per foreign log the largest checkpoint that this node cosigned as a witness; "
    "nothing older is ever signed again.",
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

snapshot = Table(
    "snapshot",
    metadata,
    country_column(),
    Column("unit_id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("holders", ARRAY(Uuid), nullable=False),
    Column("weapons", ARRAY(Uuid), nullable=False),
    CheckConstraint("size > 0", name="size_positive"),
    CheckConstraint("cardinality(holders) = cardinality(weapons)", name="a_holder_for_each_weapon"),
    comment="Where each weapon of a unit was at a log size, that of a month end; past stock is rolled back from it.",
)

month_end = Table(
    "month_end",
    metadata,
    country_column(),
    Column("month", Date, primary_key=True),
    Column("size", BigInteger, nullable=False),
    CheckConstraint("extract(day from month) = 1", name="month_begins"),
    CheckConstraint("size > 0", name="size_positive"),
    comment="A month whose snapshots are taken, also where nothing moved in it, and how long the log was at its end.",
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
    Column(
        "name_key",
        Text(collation="C"),
        Computed("folded_name((value->>'family_name') || ' ' || coalesce(value->>'given_names', ''))", persisted=True),
        comment="Of a person: family name and given names, folded.",
    ),
    Index("ix_personal_value_commitment", "country", "commitment"),
    Index(
        "ix_personal_value_name_key",
        "country",
        "unit_id",
        "name_key",
        postgresql_where=text("name_key is not null"),
    ),
    comment="What events only commit to: persons and free text. Erasable; the commitment stays.",
)
