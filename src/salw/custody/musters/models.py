"""Tables of musters and of what was presented at each."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, Uuid, func

from salw.core.db import country_column, country_key, metadata, type_instant

muster = Table(
    "muster",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("holder_id", Uuid),
    Column("held_at", type_instant, nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    # What a line carries with it, so that who recorded can be held against who presented.
    UniqueConstraint("country", "id", "recorded_by", "held_at"),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["holder_id", "unit_id"], "holder", ["id", "unit_id"]),
    country_key(["recorded_by"], "person", ["id"]),
    Index("ix_muster_unit_id", "country", "unit_id", "id"),
    comment="An appel des armes of a unit, or of one holder: weapons on issue presented where they are.",
)

muster_line = Table(
    "muster_line",
    metadata,
    country_column(),
    Column("muster_id", Uuid, primary_key=True),
    Column("weapon_id", Uuid, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("holder_id", Uuid, nullable=False),
    Column("result", Text, nullable=False),
    Column("how", Text),
    Column("answerable_id", Uuid),
    Column("reported_by", Uuid),
    Column("reported_at", type_instant),
    Column("recorded_by", Uuid, nullable=False),
    Column("held_at", type_instant, nullable=False),
    Column("event_id", Uuid, nullable=False),
    country_key(["muster_id", "recorded_by", "held_at"], "muster", ["id", "recorded_by", "held_at"]),
    country_key(["weapon_id", "seq", "holder_id"], "movement", ["weapon_id", "seq", "to_holder_id"]),
    country_key(["answerable_id"], "person", ["id"]),
    country_key(["reported_by"], "person", ["id"]),
    country_key(["event_id"], "event", ["id"]),
    CheckConstraint("result in ('presented', 'reported', 'not_presented')", name="result_known"),
    CheckConstraint(
        "case result when 'presented' then how is not null and how in ('scan', 'serial') "
        "when 'reported' then how is not null and how in ('radio', 'telephone', 'messenger', 'letter') "
        "else how is null end",
        name="how_known",
    ),
    CheckConstraint(
        "(result = 'reported') = (reported_by is not null) and (result = 'reported') = (reported_at is not null)",
        name="reported_by_somebody",
    ),
    CheckConstraint("answerable_id <> recorded_by or result = 'not_presented'", name="presenter_is_another"),
    CheckConstraint("reported_by <> recorded_by", name="reporter_is_another"),
    Index("ix_muster_line_weapon_id", "country", "weapon_id", "held_at"),
    comment="A weapon at a muster: seen, reported by somebody, or not presented. Reported is never counted as seen.",
)
