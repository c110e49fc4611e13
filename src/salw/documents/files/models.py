"""Table of the files that other features attach by id."""

from sqlalchemy import CheckConstraint, Column, Integer, LargeBinary, Table, Text, UniqueConstraint, Uuid, func

from salw.core.db import country_column, country_key, metadata, type_instant

file = Table(
    "file",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", LargeBinary),
    Column("bytes", LargeBinary),
    Column("value_id", Uuid, nullable=False),
    Column("kept_by", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    Column("erased_at", type_instant),
    UniqueConstraint("country", "unit_id", "sha256"),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["value_id"], "personal_value", ["id"]),
    country_key(["kept_by"], "person", ["id"]),
    CheckConstraint(
        "media_type in ('image/jpeg', 'image/png', 'image/webp', 'application/pdf')", name="media_type_known"
    ),
    CheckConstraint("size between 1 and 4194304", name="size_at_most"),
    CheckConstraint("bytes is null or octet_length(bytes) = size and sha256(bytes) = sha256", name="whole"),
    CheckConstraint(
        "(bytes is null) = (erased_at is not null) and (sha256 is null) = (erased_at is not null)",
        name="gone_once_erased",
    ),
    comment="Pictures without metadata and signed papers, by content: the same bytes of a unit are one file.",
)
