"""Tables of acknowledgements, of what proves people at the counter, and of what a force holds valid."""

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, Uuid, func, text

from salw.core.db import country_column, country_key, metadata, type_instant

acknowledgement = Table(
    "acknowledgement",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("document_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("file_id", Uuid),
    Column("witness_id", Uuid),
    Column("corrects_id", Uuid),
    Column("recorded_by", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("country", "id", "document_id", "person_id"),
    country_key(["document_id"], "document", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["person_id"], "person", ["id"]),
    country_key(["file_id"], "file", ["id"]),
    country_key(["witness_id"], "person", ["id"]),
    country_key(["recorded_by"], "person", ["id"]),
    country_key(["corrects_id", "document_id", "person_id"], "acknowledgement", ["id", "document_id", "person_id"]),
    CheckConstraint("kind in ('drawn', 'pin', 'card', 'witness', 'paper')", name="kind_known"),
    CheckConstraint("(kind in ('drawn', 'paper')) = (file_id is not null)", name="shown_on_a_file"),
    CheckConstraint("(kind = 'witness') = (witness_id is not null)", name="witness_is_named"),
    CheckConstraint("witness_id <> person_id and witness_id <> recorded_by", name="witness_is_another"),
    Index("ix_acknowledgement_document_id", "country", "document_id", "person_id"),
    Index("ix_acknowledgement_file_id", "country", "file_id", postgresql_where=text("file_id is not null")),
    comment="Émargements of slips: how a person acknowledged; a wrong one is corrected by a further one.",
)

counter_proof = Table(
    "counter_proof",
    metadata,
    country_column(),
    Column("person_id", Uuid, primary_key=True),
    Column("secret_hash", Text, nullable=False),
    Column("set_by", Uuid, nullable=False),
    Column("set_at", type_instant, nullable=False),
    country_key(["person_id"], "person", ["id"]),
    country_key(["set_by"], "person", ["id"]),
    CheckConstraint("set_by <> person_id", name="before_another"),
    comment="What a person proves himself with at the counter: the hash of his PIN.",
)

acknowledgement_rule = Table(
    "acknowledgement_rule",
    metadata,
    country_column(),
    Column("force_code", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", Uuid, nullable=False),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("set_by", Uuid, nullable=False),
    Column("set_at", type_instant, nullable=False),
    UniqueConstraint("country", "id"),
    country_key(["force_code"], "force", ["code"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["set_by"], "person", ["id"]),
    CheckConstraint("kinds <@ array['drawn', 'pin', 'card', 'witness', 'paper'] and kinds <> '{}'", name="kinds_known"),
    comment="Which kinds of acknowledgement a force holds valid: its newest decision; none yet: all.",
)
