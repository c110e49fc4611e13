"""The table of declared lines."""

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text, UniqueConstraint, Uuid

from salw.core.db import country_column, country_key, metadata

declared_line = Table(
    "declared_line",
    metadata,
    country_column(),
    Column("document_id", Uuid, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("unit_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("calibre", Text),
    Column("quantity", Integer, nullable=False),
    Column("reason_id", Uuid),
    UniqueConstraint("country", "document_id", "kind", "calibre", postgresql_nulls_not_distinct=True),
    country_key(["document_id"], "document", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    CheckConstraint(
        "kind in ('rounds', 'magazine', 'bayonet', 'optic', 'bipod', 'sling', 'spare_barrel', 'cleaning_kit')",
        name="kind_known",
    ),
    CheckConstraint("(kind = 'rounds') = (calibre is not null)", name="rounds_have_a_calibre"),
    CheckConstraint("quantity between 0 and 1000000", name="quantity_plausible"),
    comment="What a slip declares beside weapons: printed and compared at return, in no stock.",
)
