"""Tables of who exists and who may act."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from salw.core.db import country_column, country_key, metadata, type_instant

country = Table(
    "country",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_fr", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    CheckConstraint("code ~ '^[A-Z]{2}$'", name="code_is_alpha_2"),
    comment="Reference data, the same for every node.",
)

force = Table(
    "force",
    metadata,
    country_column(),
    Column("code", Text, primary_key=True),
    Column("name_fr", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("ministry", Text, nullable=False),
    ForeignKeyConstraint(["country"], ["country.code"]),
    CheckConstraint("ministry in ('defence', 'security', 'other')", name="ministry_known"),
    comment="Armed forces and services; the code is the one of the marks.",
)

unit = Table(
    "unit",
    metadata,
    country_column(),
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("uuid", Uuid, nullable=False),
    Column("parent_id", Integer),
    Column("force_code", Text),
    Column("name", Text, nullable=False),
    Column("short_name", Text, nullable=False),
    Column("region", Text),
    Column("keeps_books", Boolean, nullable=False, server_default=false()),
    Column("started_on", Date, nullable=False),
    Column("ended_on", Date),
    UniqueConstraint("country", "uuid"),
    country_key(["parent_id"], "unit", ["id"]),
    country_key(["force_code"], "force", ["code"]),
    ForeignKeyConstraint(["country"], ["country.code"]),
    CheckConstraint("ended_on > started_on", name="ends_after_start"),
    comment="The tree of units. A UUID outside, an integer inside.",
)

unit_closure = Table(
    "unit_closure",
    metadata,
    country_column(),
    Column("ancestor_id", Integer, primary_key=True),
    Column("descendant_id", Integer, primary_key=True),
    Column("depth", Integer, nullable=False),
    country_key(["ancestor_id"], "unit", ["id"]),
    country_key(["descendant_id"], "unit", ["id"]),
    Index("ix_unit_closure_descendant_id", "country", "descendant_id", "depth"),
    comment="Every unit with each unit above it and itself (depth 0).",
)

store = Table(
    "store",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("place", Text),
    Column("started_on", Date, nullable=False),
    Column("ended_on", Date),
    UniqueConstraint("country", "id", "unit_id"),
    country_key(["unit_id"], "unit", ["id"]),
    Index("ix_store_unit_id", "country", "unit_id"),
    comment="Armouries and depots. The holder of a store bears the same id.",
)

person = Table(
    "person",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("force_code", Text),
    Column("unit_id", Integer, nullable=False),
    Column("matricule", Text),
    Column("value_id", Uuid, nullable=False),
    Column("sex", Text),
    Column("provisional", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("country", "force_code", "matricule"),
    country_key(["force_code"], "force", ["code"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["value_id"], "personal_value", ["id"]),
    CheckConstraint("sex in ('f', 'm')", name="sex_known"),
    Index("ix_person_unit_id", "country", "unit_id"),
    comment="People. Rank and names stand in personal_value; sex is optional and read in aggregates only.",
)

posting = Table(
    "posting",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("started_on", Date, nullable=False),
    Column("ended_on", Date),
    country_key(["person_id"], "person", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    Index("ix_posting_person_id", "country", "person_id"),
    CheckConstraint("ended_on > started_on", name="ends_after_start"),
    comment="A role in a unit, from (inclusive) and to (exclusive).",
)

account = Table(
    "account",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("login", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("demo", Boolean, nullable=False, server_default=false()),
    Column("disabled_at", type_instant),
    UniqueConstraint("country", "login"),
    country_key(["person_id"], "person", ["id"]),
    comment="Who may log in. The login names its country after the @.",
)

session = Table(
    "session",
    metadata,
    country_column(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("created_at", type_instant, nullable=False),
    Column("last_seen_at", type_instant, nullable=False),
    Column("expires_at", type_instant, nullable=False),
    Column("ended_at", type_instant),
    Column("is_full", Boolean, nullable=False, server_default=false()),
    Column("proven_at", type_instant, nullable=False),
    Column("client", Text),
    UniqueConstraint("country", "id"),
    country_key(["account_id"], "account", ["id"]),
    CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_sha256"),
    Index("ix_session_account_id", "country", "account_id"),
    comment="Opaque server-side sessions; only the hash of the token is kept. Full once both factors are proven.",
)

api_token = Table(
    "api_token",
    metadata,
    country_column(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("created_at", type_instant, nullable=False),
    Column("expires_at", type_instant, nullable=False),
    Column("last_seen_at", type_instant),
    Column("revoked_at", type_instant),
    UniqueConstraint("country", "id"),
    country_key(["account_id"], "account", ["id"]),
    CheckConstraint("octet_length(token_hash) = 32", name="token_hash_is_sha256"),
    CheckConstraint("expires_at > created_at", name="expires_after_creation"),
    CheckConstraint("cardinality(permissions) > 0", name="permits_something"),
    Index("ix_api_token_account_id", "country", "account_id"),
    comment="What programs log in with: some of the permissions of one account, until a day.",
)

emergency_read = Table(
    "emergency_read",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("reason_id", Uuid, nullable=False),
    Column("opened_at", type_instant, nullable=False),
    Column("expires_at", type_instant, nullable=False),
    Column("ended_at", type_instant),
    country_key(["person_id"], "person", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    CheckConstraint(
        "expires_at > opened_at and expires_at <= opened_at + interval '24 hours'", name="expires_within_a_day"
    ),
    Index("ix_emergency_read_person_id", "country", "person_id", "expires_at"),
    Index("ix_emergency_read_unit_id", "country", "unit_id", "opened_at"),
    comment="Reading outside one's scope for a written reason and a few hours; its owner is told.",
)

answer = Table(
    "answer",
    metadata,
    country_column(),
    Column("operation", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    comment="The first answer to each client-made id; a repeat gets it again, kept for ever.",
)
