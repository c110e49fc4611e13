"""Tables of what scanning notices: where labels were seen, and alarms about them."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, Uuid, func, text

from salw.core.db import country_column, country_key, metadata, type_instant

label_sighting = Table(
    "label_sighting",
    metadata,
    country_column(),
    Column("code", Text, primary_key=True),
    Column("store_id", Uuid, primary_key=True),
    Column("seen_at", type_instant, nullable=False),
    country_key(["code"], "label", ["code"]),
    country_key(["store_id"], "store", ["id"]),
    comment="When a label was last scanned in a store: what tells a label from its copy elsewhere.",
)

label_alarm = Table(
    "label_alarm",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("weapon_id", Uuid),
    Column("store_id", Uuid),
    Column("seen_at", type_instant, nullable=False),
    Column("seen_by", Uuid, nullable=False),
    Column("other_store_id", Uuid),
    Column("other_seen_at", type_instant),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    Column("closed_at", type_instant),
    Column("closed_by", Uuid),
    Column("close_reason_id", Uuid),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["code"], "label", ["code"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    country_key(["store_id"], "store", ["id"]),
    country_key(["other_store_id"], "store", ["id"]),
    country_key(["seen_by"], "person", ["id"]),
    country_key(["closed_by"], "person", ["id"]),
    country_key(["close_reason_id"], "personal_value", ["id"]),
    Index("ix_label_alarm_unit_id", "country", "unit_id"),
    Index(
        "uq_label_alarm_open",
        "country",
        "code",
        "kind",
        "store_id",
        unique=True,
        postgresql_where=text("closed_at is null"),
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint("kind in ('void', 'copied', 'two_places')", name="kind_known"),
    CheckConstraint("num_nonnulls(closed_at, closed_by, close_reason_id) in (0, 3)", name="closed_whole"),
    CheckConstraint(
        "(kind = 'two_places') = (num_nonnulls(store_id, other_store_id, other_seen_at) = 3)", name="two_places"
    ),
    comment="A label that was seen where or as it cannot be: void, copied, or in two places too soon.",
)
