"""Table of the photos of weapons."""

from sqlalchemy import CheckConstraint, Column, Index, Table, Text, UniqueConstraint, Uuid

from salw.core.db import country_column, country_key, metadata, type_instant

weapon_photo = Table(
    "weapon_photo",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("weapon_id", Uuid, nullable=False),
    Column("file_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("added_by", Uuid, nullable=False),
    Column("added_at", type_instant, nullable=False),
    Column("hidden_by", Uuid),
    Column("hidden_at", type_instant),
    Column("reason_id", Uuid),
    UniqueConstraint("country", "weapon_id", "file_id"),
    country_key(["weapon_id"], "weapon", ["id"]),
    country_key(["file_id"], "file", ["id"]),
    country_key(["added_by"], "person", ["id"]),
    country_key(["hidden_by"], "person", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    CheckConstraint("kind in ('whole', 'mark', 'damage')", name="kind_known"),
    CheckConstraint(
        "(hidden_at is null) = (hidden_by is null) and (hidden_at is null) = (reason_id is null)",
        name="hidden_for_a_reason",
    ),
    Index("ix_weapon_photo_file_id", "country", "file_id"),
    comment="Photos of a weapon: never deleted, hidden for a written reason.",
)
