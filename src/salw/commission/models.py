"""The table of what each force shows its own commission."""

from sqlalchemy import CheckConstraint, Column, Integer, Table, Text, UniqueConstraint, Uuid

from salw.core.db import country_column, country_key, metadata, type_instant

disclosure = Table(
    "disclosure",
    metadata,
    country_column(),
    Column("force_code", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("level", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("set_by", Uuid, nullable=False),
    Column("set_as", Text, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("set_at", type_instant, nullable=False),
    Column("event_id", Uuid, nullable=False),
    UniqueConstraint("country", "id"),
    country_key(["force_code"], "force", ["code"]),
    country_key(["set_by"], "person", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["event_id"], "event", ["id"]),
    CheckConstraint("number > 0", name="number_positive"),
    CheckConstraint("level in ('nothing', 'counts', 'counts_and_marking', 'serials')", name="level_known"),
    comment="What each force shows its own commission: one row a decision, the newest counts; without a row nothing.",
)
