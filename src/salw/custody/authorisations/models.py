"""Tables of the right to draw. Free text stands in `personal_value`, where an erasure reaches it."""

from typing import Any

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, Table, Text, Uuid, func, text
from sqlalchemy.schema import SchemaItem

from salw.core.db import country_column, country_key, metadata, type_instant


def _given_from_day_to_day(what: Column[Any]) -> list[SchemaItem]:
    """Return what is given to a person by somebody from a day to a day, and may be ended before its last."""
    return [
        country_column(),
        Column("id", Uuid, primary_key=True),
        Column("person_id", Uuid, nullable=False),
        Column("unit_id", Integer, nullable=False),
        what,
        Column("first_day", Date, nullable=False),
        Column("last_day", Date),
        Column("reference_id", Uuid),
        Column("given_by", Uuid, nullable=False),
        Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
        Column("ended_on", Date),
        Column("ended_by", Uuid),
        country_key(["person_id"], "person", ["id"]),
        country_key(["unit_id"], "unit", ["id"]),
        country_key(["reference_id"], "personal_value", ["id"]),
        country_key(["given_by"], "person", ["id"]),
        country_key(["ended_by"], "person", ["id"]),
        CheckConstraint("last_day >= first_day", name="forwards"),
        CheckConstraint("(ended_on is null) = (ended_by is null)", name="end_pair"),
    ]


contract = Table(
    "contract",
    metadata,
    *_given_from_day_to_day(Column("kind", Text, nullable=False)),
    CheckConstraint("kind in ('regular', 'fixed_term', 'auxiliary')", name="kind_known"),
    CheckConstraint("kind = 'regular' or last_day is not null", name="ends"),
    CheckConstraint("kind <> 'auxiliary' or last_day - first_day < 366", name="term"),
    Index("ix_contract_person_id", "country", "person_id"),
    Index("ix_contract_unit_id", "country", "unit_id", "id"),
    comment="How and until when somebody serves. Renewed by a further row; ended before its last day, never edited.",
)

authorisation = Table(
    "authorisation",
    metadata,
    *_given_from_day_to_day(Column("covers", Text)),
    Index("ix_authorisation_person_id", "country", "person_id"),
    Index("ix_authorisation_unit_id", "country", "unit_id", "id"),
    comment="That somebody may draw weapons of a class, or any, while he serves in a unit; renewed by a further row.",
)

draw_rule = Table(
    "draw_rule",
    metadata,
    country_column(),
    Column("unit_id", Integer, primary_key=True, autoincrement=False),
    Column("required", Boolean, nullable=False),
    Column("event_id", Uuid, nullable=False),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["event_id"], "event", ["id"]),
    comment="Whether a unit, with all below it, asks everybody for an authorisation. The past is in the events.",
)

suspension = Table(
    "suspension",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("person_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("reason_id", Uuid, nullable=False),
    Column("placed_by", Uuid, nullable=False),
    Column("placed_at", type_instant, nullable=False),
    Column("end_reason_id", Uuid),
    Column("ended_by", Uuid),
    Column("ended_at", type_instant),
    country_key(["person_id"], "person", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    country_key(["end_reason_id"], "personal_value", ["id"]),
    country_key(["placed_by"], "person", ["id"]),
    country_key(["ended_by"], "person", ["id"]),
    CheckConstraint("placed_by <> person_id and ended_by <> person_id", name="of_another"),
    CheckConstraint(
        "(ended_at is null) = (ended_by is null) and (ended_at is null) = (end_reason_id is null)", name="end_whole"
    ),
    Index("ix_suspension_open", "country", "person_id", postgresql_where=text("ended_at is null")),
    Index("ix_suspension_unit_id", "country", "unit_id", "id"),
    comment="Retrait conservatoire: while one is open, nothing is issued. The reason is read through a function alone.",
)

draw_override = Table(
    "draw_override",
    metadata,
    country_column(),
    Column("issue_id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("missing", Text, nullable=False),
    Column("reason_id", Uuid, nullable=False),
    Column("overridden_by", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    Column("seen_by", Uuid),
    Column("seen_at", type_instant),
    country_key(["issue_id"], "issue", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["person_id"], "person", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    country_key(["overridden_by"], "person", ["id"]),
    country_key(["seen_by"], "person", ["id"]),
    CheckConstraint(
        "missing in ('no_contract', 'contract_ended', 'no_authorisation', 'authorisation_ended', 'not_covered')",
        name="missing_known",
    ),
    CheckConstraint("seen_by <> overridden_by", name="seen_by_another"),
    CheckConstraint("(seen_by is null) = (seen_at is null)", name="seen_pair"),
    Index("ix_draw_override_unseen", "country", "unit_id", "issue_id", postgresql_where=text("seen_at is null")),
    Index("ix_draw_override_unit_id", "country", "unit_id", "issue_id"),
    comment="An issue to who may not draw, for a written reason; open until a commander has taken note.",
)
