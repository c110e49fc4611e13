"""Tables of maintenance. Of a weapon's conditions the past is in the events, the newest on its own row."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, Uuid, func, text

from salw.core.db import country_column, country_key, metadata, type_instant

CONDITIONS = "'serviceable', 'to_clean', 'to_repair', 'unserviceable'"

maintenance_plan = Table(
    "maintenance_plan",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("class_code", Text),
    Column("model_code", Text),
    Column("every_days", Integer),
    Column("every_issues", Integer),
    Column("event_id", Uuid, nullable=False),
    UniqueConstraint("country", "unit_id", "kind", "class_code", "model_code", postgresql_nulls_not_distinct=True),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["event_id"], "event", ["id"]),
    CheckConstraint("kind in ('cleaning', 'inspection', 'test_firing')", name="kind_known"),
    CheckConstraint("model_code is null or class_code is not null", name="model_has_class"),
    CheckConstraint("every_days > 0", name="days_positive"),
    CheckConstraint("every_issues > 0", name="issues_positive"),
    comment="How often work is due in a unit and below it, in the place of the defaults. The past is in the events.",
)

maintenance_done = Table(
    "maintenance_done",
    metadata,
    country_column(),
    Column("weapon_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("done_at", type_instant, nullable=False),
    # How far the weapon's chain had come by then: what is issued later counts anew.
    Column("seq", Integer, nullable=False),
    Column("result", Text, nullable=False),
    Column("done_by", Uuid, nullable=False),
    Column("work_id", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),
    country_key(["weapon_id"], "weapon", ["id"]),
    country_key(["done_by"], "person", ["id"]),
    country_key(["event_id"], "event", ["id"]),
    CheckConstraint("kind in ('cleaning', 'inspection', 'repair', 'test_firing')", name="kind_known"),
    CheckConstraint(f"result in ({CONDITIONS})", name="result_known"),
    comment="The last work of each kind on a weapon, from which the next is due. The past is in the events.",
)

part_finding = Table(
    "part_finding",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("finding_id", Uuid, nullable=False),
    Column("weapon_id", Uuid, nullable=False),
    Column("part", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("mark_read", Text),
    Column("found_at", type_instant, nullable=False),
    Column("found_by", Uuid, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("country", "finding_id", "weapon_id", "part"),
    country_key(["weapon_id"], "weapon", ["id"]),
    country_key(["found_by"], "person", ["id"]),
    country_key(["event_id"], "event", ["id"]),
    CheckConstraint("part in ('bolt', 'slide', 'barrel', 'cylinder')", name="part_known"),
    CheckConstraint("outcome in ('differs', 'matches')", name="outcome_known"),
    CheckConstraint("outcome = 'matches' or mark_read is not null", name="difference_was_read"),
    Index("ix_part_finding_weapon_id", "country", "weapon_id", "part", "found_at"),
    comment="The number read on a part against the weapon's; settled by a further finding, never edited.",
)

reform = Table(
    "reform",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'proposed'")),
    Column("reason_id", Uuid, nullable=False),
    Column("proposed_by", Uuid, nullable=False),
    Column("proposed_at", type_instant, nullable=False),
    Column("decided_by", Uuid),
    Column("decided_at", type_instant),
    Column("decision_reason_id", Uuid),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    country_key(["proposed_by"], "person", ["id"]),
    country_key(["decided_by"], "person", ["id"]),
    country_key(["decision_reason_id"], "personal_value", ["id"]),
    CheckConstraint("kind in ('technical', 'command')", name="kind_known"),
    CheckConstraint("status in ('proposed', 'decided')", name="status_known"),
    CheckConstraint(
        "(status = 'decided') = (decided_by is not null) and (decided_by is null) = (decided_at is null)",
        name="decision_whole",
    ),
    CheckConstraint("decided_by <> proposed_by", name="two_officers"),
    Index("ix_reform_unit_id", "country", "unit_id", "id"),
    comment="A proposal to strike weapons off as unfit, decided by another officer; what follows is a disposal.",
)

reform_line = Table(
    "reform_line",
    metadata,
    country_column(),
    Column("reform_id", Uuid, primary_key=True),
    Column("weapon_id", Uuid, primary_key=True),
    Column("status", Text, nullable=False, server_default=text("'proposed'")),
    country_key(["reform_id"], "reform", ["id"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    CheckConstraint("status in ('proposed', 'accepted', 'refused')", name="status_known"),
    Index(
        "uq_reform_line_standing",
        "country",
        "weapon_id",
        unique=True,
        postgresql_where=text("status in ('proposed', 'accepted')"),
    ),
    comment="The weapons of a proposal, each with what was decided; a trigger shows it on the weapon's row.",
)
