"""Tables of nominal lists and their lines."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text, Uuid, text

from salw.core.db import country_column, country_key, metadata, type_instant

nominal_list = Table(
    "nominal_list",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("store_id", Uuid, nullable=False),
    Column("title_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("due_back_at", type_instant),
    Column("version", Integer, nullable=False),
    Column("prepared_by", Uuid, nullable=False),
    Column("prepared_at", type_instant, nullable=False),
    country_key(["store_id", "unit_id"], "store", ["id", "unit_id"]),
    country_key(["title_id"], "personal_value", ["id"]),
    country_key(["prepared_by"], "person", ["id"]),
    CheckConstraint("purpose in ('task', 'permanent')", name="purpose_known"),
    CheckConstraint("(purpose = 'task') = (due_back_at is not null)", name="task_is_due"),
    Index("ix_nominal_list_unit_id", "country", "unit_id", "id"),
    comment="Who is to draw which weapon tomorrow: prepared for a store, issued in one scan a weapon.",
)

nominal_line = Table(
    "nominal_line",
    metadata,
    country_column(),
    Column("list_id", Uuid, primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("holder_id", Uuid, nullable=False),
    Column("weapon_id", Uuid),
    Column("removed_in", Integer),
    Column("absent", Boolean, nullable=False),
    Column("issue_id", Uuid),
    Column("drawn_weapon_id", Uuid),
    Column("drawn_seq", Integer),
    country_key(["list_id"], "nominal_list", ["id"]),
    country_key(["holder_id"], "holder", ["id"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    country_key(["issue_id"], "issue", ["id"]),
    country_key(["drawn_weapon_id", "drawn_seq"], "movement", ["weapon_id", "seq"]),
    CheckConstraint(
        "(issue_id is null) = (drawn_weapon_id is null) and (issue_id is null) = (drawn_seq is null)",
        name="drawn_whole",
    ),
    CheckConstraint("issue_id is null or removed_in is null and not absent", name="drawn_stays"),
    Index(
        "uq_nominal_line_planned",
        "country",
        "list_id",
        "weapon_id",
        unique=True,
        postgresql_where=text("removed_in is null"),
    ),
    comment="One man or post and one weapon of a nominal list; struck out, never deleted; drawn once.",
)
