"""Tables of numbered supporting documents (pièces justificatives)."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, Uuid, func, text

from salw.core.db import country_column, country_key, metadata, type_instant

document_counter = Table(
    "document_counter",
    metadata,
    country_column(),
    Column("office_unit_id", Integer, primary_key=True, autoincrement=False),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last_number", Integer, nullable=False),
    country_key(["office_unit_id"], "unit", ["id"]),
    comment="The last number given by an accounting office in a year; locked after the weapons.",
)

document = Table(
    "document",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("office_unit_id", Integer, nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("dated_on", Date, nullable=False),
    Column("reference", Text),
    Column("signatory_id", Uuid),
    Column("paper_order_id", Uuid),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("country", "office_unit_id", "year", "number"),
    country_key(["office_unit_id"], "unit", ["id"]),
    country_key(["signatory_id"], "person", ["id"]),
    country_key(["paper_order_id"], "paper_order", ["id"]),
    Index(
        "ix_document_paper_order_id",
        "country",
        "paper_order_id",
        postgresql_where=text("paper_order_id is not null"),
    ),
    CheckConstraint("number > 0", name="number_positive"),
    comment="What a movement rests on. `reference` is the number on a paper order, if there is one.",
)
