"""The table of entitlements: rows are added and never changed; the newest in force counts."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, Uuid, func

from salw.core.db import country_column, country_key, metadata, type_instant

entitlement = Table(
    "entitlement",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("decision_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("class_code", Text, nullable=False),
    Column("model_code", Text),
    Column("quantity", Integer, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date),
    Column("reference_id", Uuid, nullable=False),
    Column("dated_on", Date, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["reference_id"], "personal_value", ["id"]),
    country_key(["event_id"], "event", ["id"]),
    CheckConstraint("quantity >= 0", name="quantity_not_negative"),
    CheckConstraint("to_day >= from_day", name="ends_not_before_start"),
    Index("ix_entitlement_unit_id", "country", "unit_id", "from_day"),
    comment="Dotation théorique: what a unit ought to hold of a model, or of a class; a newer row ends the older one.",
)
