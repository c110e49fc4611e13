"""Tables of what is published. Written by `publish_release` alone, read across countries by `salw_exchange`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)

from salw.core.db import country_column, country_key, metadata, type_instant

publication_setting = Table(
    "publication_setting",
    metadata,
    country_column(),
    Column("force_code", Text, primary_key=True),
    Column("detail", Text, nullable=False),
    Column("event_id", Uuid, nullable=False),
    country_key(["force_code"], "force", ["code"]),
    country_key(["event_id"], "event", ["id"]),
    CheckConstraint("detail in ('off', 'rounded', 'exact')", name="detail_known"),
    comment="What the commission lets out of each force; a force without a row is off.",
)

published_release = Table(
    "published_release",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("quarter", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("log_size", BigInteger),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("country", "quarter", "number"),
    ForeignKeyConstraint(["country"], ["country.code"]),
    CheckConstraint("quarter ~ '^[0-9]{4}Q[1-4]$'", name="quarter_form"),
    CheckConstraint("number > 0", name="number_positive"),
    CheckConstraint("provisional = (log_size is null)", name="provisional_has_no_log_size"),
    comment="One publication of a quarter; the newest counts, all are kept.",
)

published_force = Table(
    "published_force",
    metadata,
    country_column(),
    Column("release_id", Uuid, primary_key=True),
    Column("force_code", Text, primary_key=True),
    Column("detail", Text, nullable=False),
    Column("marking", Boolean, nullable=False),
    country_key(["release_id"], "published_release", ["id"]),
    CheckConstraint("detail in ('rounded', 'exact')", name="detail_known"),
    comment="The forces in a release, and how exactly each was published.",
)

published_omission = Table(
    "published_omission",
    metadata,
    country_column(),
    Column("release_id", Uuid, primary_key=True),
    Column("force_code", Text, primary_key=True),
    country_key(["release_id"], "published_release", ["id"]),
    comment="The forces switched on and left out of a release, because they showed their commission nothing.",
)

published_cell = Table(
    "published_cell",
    metadata,
    country_column(),
    Column("release_id", Uuid, primary_key=True),
    Column("force_code", Text, primary_key=True),
    Column("class_code", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("weapons", Integer),
    Column("marked", Integer),
    Column("labelled", Integer),
    Column("losses", Integer),
    Column("recoveries", Integer),
    country_key(["release_id", "force_code"], "published_force", ["release_id", "force_code"]),
    comment="Counts by force, class and state; null where too small to publish. "
    "Losses and recoveries are the quarter's.",
)
