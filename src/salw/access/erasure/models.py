"""The orders to erase somebody, and how far each has come."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, Table, Uuid, text

from salw.core.db import country_column, country_key, metadata, type_instant

erasure = Table(
    "erasure",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("reference_id", Uuid, nullable=False),
    Column("dated_on", Date, nullable=False),
    Column("reason_id", Uuid, nullable=False),
    Column("name_alone", Boolean, nullable=False),
    Column("ordered_by", Uuid, nullable=False),
    Column("ordered_at", type_instant, nullable=False),
    Column("approved_by", Uuid),
    Column("approved_at", type_instant),
    Column("erased_at", type_instant),
    Column("withdrawn_by", Uuid),
    Column("withdrawn_at", type_instant),
    country_key(["person_id"], "person", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["reference_id"], "personal_value", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    country_key(["ordered_by"], "person", ["id"]),
    country_key(["approved_by"], "person", ["id"]),
    country_key(["withdrawn_by"], "person", ["id"]),
    CheckConstraint("approved_by <> ordered_by", name="two_officers"),
    CheckConstraint("ordered_by <> person_id and approved_by <> person_id", name="of_another"),
    CheckConstraint("(approved_by is null) = (approved_at is null)", name="approved_by_somebody"),
    CheckConstraint("erased_at is null or approved_at is not null", name="approved_before_erased"),
    CheckConstraint("(withdrawn_by is null) = (withdrawn_at is null)", name="withdrawn_by_somebody"),
    CheckConstraint("withdrawn_at is null or erased_at is null", name="withdrawn_or_erased"),
    Index("ix_erasure_unit_id", "country", "unit_id"),
    Index(
        "uq_erasure_open",
        "country",
        "person_id",
        unique=True,
        postgresql_where=text("erased_at is null and withdrawn_at is null"),
    ),
    comment="Orders to erase a person: one officer orders, another approves, the eraser carries out.",
)
