"""Table of the orders on paper."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, Uuid, func

from salw.core.db import country_column, country_key, metadata, type_instant

paper_order = Table(
    "paper_order",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("number_id", Uuid, nullable=False),
    Column("dated_on", Date, nullable=False),
    Column("signatory_id", Uuid, nullable=False),
    Column("file_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    Column("decided_by", Uuid),
    Column("decided_at", type_instant),
    Column("reason_id", Uuid),
    UniqueConstraint("country", "id", "unit_id", "signatory_id"),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["number_id"], "personal_value", ["id"]),
    country_key(["signatory_id"], "person", ["id"]),
    country_key(["file_id"], "file", ["id"]),
    country_key(["recorded_by"], "person", ["id"]),
    country_key(["decided_by"], "person", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    CheckConstraint("status in ('recorded', 'confirmed', 'contested')", name="status_known"),
    CheckConstraint("signatory_id <> recorded_by", name="signed_by_another"),
    CheckConstraint("decided_by <> recorded_by", name="decided_by_another"),
    CheckConstraint(
        "(status = 'recorded') = (decided_by is null) and (decided_by is null) = (decided_at is null)",
        name="decision_whole",
    ),
    CheckConstraint("(status = 'contested') = (reason_id is not null)", name="contested_for_a_reason"),
    Index("ix_paper_order_unit_id", "country", "unit_id", "id"),
    comment="Orders on paper, with number, date, signatory and photo: à confirmer until the commander does.",
)
