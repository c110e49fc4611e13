"""Tables of what exists: models, weapons, marks, labels."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from salw.core.db import country_column, country_key, metadata, type_instant

VALID = "voided_at is null"

model = Table(
    "model",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("maker", Text, nullable=False),
    Column("made_in", Text, nullable=False),
    Column("calibre", Text, nullable=False),
    Column("calibre_mm", Numeric(6, 2)),
    Column("class_code", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("aliases", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    comment="The model catalogue: reference data shipped with the service.",
)

weapon = Table(
    "weapon",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("registry_number", Text, nullable=False),
    Column("class_code", Text, nullable=False),
    Column("model_code", Text),
    Column("maker_text", Text),
    Column("model_text", Text),
    Column("calibre_text", Text),
    Column("made_in", Text),
    Column("made_year", Integer),
    Column("import_country", Text),
    Column("import_year", Integer),
    Column("serial", Text),
    Column("serial_normalised", Text),
    Column("unidentified", Boolean, nullable=False, server_default=false()),
    Column("nationally_marked", Boolean, nullable=False, server_default=false()),
    Column("labelled", Boolean, nullable=False, server_default=false()),
    Column("unit_id", Integer, nullable=False),
    Column("awaited_by_unit_id", Integer),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    # In which it was last seen, when and in the course of what; null where nobody ever said.
    Column("condition", Text),
    Column("condition_at", type_instant),
    Column("condition_in", Text),
    # Written by the triggers of `part_finding` and `reform_line` alone.
    Column("parts_differ", Boolean, nullable=False, server_default=false()),
    Column("reform", Text),
    UniqueConstraint("country", "registry_number"),
    ForeignKeyConstraint(["model_code"], ["model.code"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["awaited_by_unit_id"], "unit", ["id"]),
    Index("ix_weapon_serial_normalised", "country", "serial_normalised"),
    Index("ix_weapon_unit_id", "country", "unit_id", "id"),
    CheckConstraint("unidentified or serial_normalised is not null", name="serial_or_unidentified"),
    CheckConstraint("made_year between 1850 and 2100", name="made_year_plausible"),
    CheckConstraint("condition in ('serviceable', 'to_clean', 'to_repair', 'unserviceable')", name="condition_known"),
    CheckConstraint("condition_in in ('return', 'count', 'work')", name="condition_in_known"),
    CheckConstraint("reform in ('proposed', 'accepted')", name="reform_known"),
    CheckConstraint("num_nonnulls(condition, condition_at, condition_in) in (0, 3)", name="condition_whole"),
    comment="One row a weapon, never deleted. The id is the identity; the serial is an attribute (R1).",
)

weapon_fitness = Table(
    "weapon_fitness",
    metadata,
    country_column(),
    Column("event_id", Uuid, primary_key=True),
    Column("weapon_id", Uuid, nullable=False),
    Column("unfit", Boolean, nullable=False),
    country_key(["event_id"], "event", ["id"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    Index("ix_weapon_fitness_weapon_id", "country", "weapon_id"),
    comment="From which event on a weapon is unfit for use, or fit again; written by a trigger on the weapon's row.",
)

mark = Table(
    "mark",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("weapon_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("script", Text, nullable=False),
    Column("normalised", Text, nullable=False),
    Column("place", Text),
    Column("legibility", Text, nullable=False),
    Column("seen_on", Date),
    country_key(["weapon_id"], "weapon", ["id"]),
    Index("ix_mark_weapon_id", "country", "weapon_id"),
    Index("ix_mark_normalised", "country", "normalised"),
    CheckConstraint(
        "kind in ('factory_serial', 'proof', 'import', 'national', 'security', 'part', 'registry', 'other')",
        name="kind_known",
    ),
    CheckConstraint("legibility in ('legible', 'partial', 'illegible', 'absent', 'removed')", name="legibility_known"),
    comment="Every mark as engraved, with its normalised form beside it (R2).",
)

label_batch = Table(
    "label_batch",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("stock", Text, nullable=False),
    Column("start_position", Integer, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["unit_id"], "unit", ["id"]),
    CheckConstraint("copies between 1 and 4", name="copies_plausible"),
    comment="Labels made together for one sheet or more.",
)

label = Table(
    "label",
    metadata,
    country_column(),
    Column("code", Text, primary_key=True),
    Column("tail", Text, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("weapon_id", Uuid),
    Column("voided_at", type_instant),
    # Of what is on no weapon: the unit that prints it. Of a blank: the store it is reserved for, also once attached.
    Column("unit_id", Integer),
    Column("store_id", Uuid),
    Column("rack_id", Uuid),
    Column("person_id", Uuid),
    Column("voided_by", Uuid),
    Column("void_reason_id", Uuid),
    country_key(["batch_id"], "label_batch", ["id"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["store_id"], "store", ["id"]),
    country_key(["rack_id"], "rack", ["id"]),
    country_key(["person_id"], "person", ["id"]),
    country_key(["voided_by"], "person", ["id"]),
    country_key(["void_reason_id"], "personal_value", ["id"]),
    Index("ix_label_weapon_id", "country", "weapon_id"),
    Index("uq_label_valid", "country", "weapon_id", unique=True, postgresql_where=text("voided_at is null")),
    Index("ix_label_batch_id", "country", "batch_id", "position"),
    Index("ix_label_store_id", "country", "store_id", postgresql_where=text("weapon_id is null")),
    Index("uq_label_store", "country", "store_id", unique=True, postgresql_where=text(f"{VALID} and code like 'S%'")),
    Index("uq_label_rack", "country", "rack_id", unique=True, postgresql_where=text(VALID)),
    Index("uq_label_person", "country", "person_id", unique=True, postgresql_where=text(VALID)),
    CheckConstraint("length(code) = 12 and length(tail) = 8", name="length"),
    CheckConstraint(
        "case left(code, 1) "
        "when 'W' then num_nonnulls(rack_id, person_id) = 0 and num_nonnulls(weapon_id, store_id) > 0 "
        "when 'S' then num_nonnulls(weapon_id, rack_id, person_id) = 0 and store_id is not null "
        "when 'R' then num_nonnulls(weapon_id, store_id, person_id) = 0 and rack_id is not null "
        "when 'P' then num_nonnulls(weapon_id, store_id, rack_id) = 0 and person_id is not null "
        "else false end",
        name="names_by_prefix",
    ),
    CheckConstraint("weapon_id is not null or unit_id is not null", name="unit_or_weapon"),
    comment="What a QR label says: a record, not the legal mark (R20). One valid label a weapon, store, rack, person.",
)

rack = Table(
    "rack",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("store_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("country", "store_id", "name"),
    country_key(["store_id", "unit_id"], "store", ["id", "unit_id"]),
    Index("ix_rack_unit_id", "country", "unit_id"),
    comment="A place in a store that a label may name; it answers for nothing.",
)

label_reprint = Table(
    "label_reprint",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("stock", Text, nullable=False),
    Column("start_position", Integer, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("printed_by", Uuid, nullable=False),
    Column("reason_id", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["printed_by"], "person", ["id"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    Index("ix_label_reprint_unit_id", "country", "unit_id"),
    CheckConstraint("copies between 1 and 4", name="copies_plausible"),
    comment="Labels printed again under the same codes; their batch printed them the first time.",
)

label_reprint_line = Table(
    "label_reprint_line",
    metadata,
    country_column(),
    Column("reprint_id", Uuid, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    country_key(["reprint_id"], "label_reprint", ["id"]),
    country_key(["code"], "label", ["code"]),
    Index("ix_label_reprint_line_code", "country", "code"),
    comment="The labels of a reprint, in their order.",
)
