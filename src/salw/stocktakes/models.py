"""Tables of checks. Counts and lines are only ever added; see `reconciliation` for what the lines mean.

`stocktake_line` is a view on findings and matched weapons together: one line each.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from salw.core.db import country_column, country_key, metadata, type_instant

stocktake = Table(
    "stocktake",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("store_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mission", Text),
    Column("status", Text, nullable=False),
    Column("log_size", BigInteger, nullable=False),
    Column("expected_count", Integer, nullable=False),
    Column("opened_at", type_instant, nullable=False),
    Column("opened_by", Uuid, nullable=False),
    Column("opened_role", Text, nullable=False),
    Column("closed_at", type_instant),
    Column("closed_by", Uuid),
    Column("closed_role", Text),
    Column("incident_id", Uuid),
    Column("overage_id", Uuid),
    Column("reason_id", Uuid),
    Column("independent", Boolean),
    country_key(["store_id", "unit_id"], "store", ["id", "unit_id"]),
    country_key(["opened_by"], "person", ["id"]),
    country_key(["closed_by"], "person", ["id"]),
    country_key(["incident_id"], "incident", ["id"]),
    country_key(["overage_id"], "incident", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    CheckConstraint("kind in ('count', 'list_check', 'own_check', 'handover')", name="kind_known"),
    CheckConstraint("status in ('open', 'closed', 'discontinued')", name="status_known"),
    CheckConstraint("(status = 'discontinued') = (reason_id is not null)", name="reason_where_discontinued"),
    CheckConstraint(
        "independent is null or status = 'closed' and (not independent or kind in ('count', 'list_check'))",
        name="independent_kinds",
    ),
    CheckConstraint("status = 'closed' or (incident_id is null and overage_id is null)", name="result_where_closed"),
    CheckConstraint(
        "(status <> 'open') = (closed_at is not null) and (closed_at is null) = (closed_by is null)"
        " and (closed_by is null) = (closed_role is null)",
        name="closing_pair",
    ),
    Index("ix_stocktake_store_id", "country", "store_id", "id"),
    Index("uq_stocktake_open", "country", "store_id", unique=True, postgresql_where=text("status = 'open'")),
    comment="A check of one store: recensement, récolement, vérification, or at a handover.",
)

stocktake_expected = Table(
    "stocktake_expected",
    metadata,
    country_column(),
    Column("stocktake_id", Uuid, primary_key=True),
    Column("weapon_id", Uuid, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("holder_id", Uuid, nullable=False),
    Column("case_id", Uuid),
    country_key(["stocktake_id"], "stocktake", ["id"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    comment="What the store's book held when the check was opened, frozen; case_id: an open case on it then.",
)

stocktake_count = Table(
    "stocktake_count",
    metadata,
    country_column(),
    Column("stocktake_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("method", Text, nullable=False),
    Column("text", Text),
    Column("reading", Text, nullable=False),
    Column("read_as", Text),
    Column("weapon_id", Uuid),
    Column("counted_at", type_instant, nullable=False),
    Column("condition", Text),
    Column("note_id", Uuid),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("counted_by", Uuid, nullable=False),
    Column("counted_role", Text),
    Column("event_id", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["stocktake_id"], "stocktake", ["id"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    country_key(["note_id"], "personal_value", ["id"]),
    country_key(["event_id"], "event", ["id"]),
    Index("ix_stocktake_count_weapon_id", "country", "stocktake_id", "weapon_id"),
    CheckConstraint("method in ('scan', 'typed', 'unreadable')", name="method_known"),
    CheckConstraint(
        "reading in ('weapon', 'void_label', 'unknown_label', 'wrong_label', 'unattached_label', 'unknown_mark', "
        "'ambiguous_mark', 'unreadable')",
        name="reading_known",
    ),
    # A void label names its weapon too, but for those counted before that was kept.
    CheckConstraint(
        "reading = 'void_label' or (reading = 'weapon') = (weapon_id is not null)", name="weapon_where_read"
    ),
    CheckConstraint("(method = 'unreadable') = (reading = 'unreadable')", name="unreadable_says_so"),
    CheckConstraint("(method = 'unreadable') = (text is null)", name="text_where_read"),
    CheckConstraint("method <> 'unreadable' or note_id is not null", name="unreadable_has_note"),
    CheckConstraint("condition in ('serviceable', 'to_clean', 'to_repair', 'unserviceable')", name="condition_known"),
    Index("ix_stocktake_count_things", "country", "stocktake_id", postgresql_where=text("weapon_id is null")),
    comment="Each thing seen, blind. read_as: the label code or normalised mark it was looked up by.",
)

stocktake_finding = Table(
    "stocktake_finding",
    metadata,
    country_column(),
    Column("stocktake_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("weapon_id", Uuid),
    Column("expected", Boolean, nullable=False),
    Column("counts", Integer, nullable=False),
    Column("movement_seq", Integer),
    Column("book_holder_id", Uuid),
    Column("case_id", Uuid),
    Column("salt", Uuid),
    country_key(["stocktake_id"], "stocktake", ["id"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    CheckConstraint(
        "outcome in ('missing', 'extra_known', 'extra_unregistered', 'void_label', 'unreadable', 'moved_during_count')",
        name="outcome_known",
    ),
    comment="Lines of a result but the matched ones. id: the weapon; without one, the first count of the thing.",
)

stocktake_matched = Table(
    "stocktake_matched",
    metadata,
    country_column(),
    Column("stocktake_id", Uuid, primary_key=True),
    Column("weapon_ids", ARRAY(Uuid), nullable=False),
    Column("case_ids", ARRAY(Uuid)),
    country_key(["stocktake_id"], "stocktake", ["id"]),
    comment="The matched lines of a result, all in one row: a depot has a hundred thousand;"
    " case_ids beside. See stocktake_line.",
)
