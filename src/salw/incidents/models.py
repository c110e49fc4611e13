"""Tables of losses and recoveries. The mark on a weapon itself is custody's (`case_mark`)."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from salw.core.db import country_column, country_key, metadata, type_instant

CAUSES = (
    "'unexplained', 'theft', 'in_action', 'withdrawal', 'accident', 'diversion', 'deserter', 'auxiliary', 'in_transit'"
)

incident = Table(
    "incident",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("cause", Text),
    Column("status", Text, nullable=False),
    Column("details_id", Uuid),
    Column("occurred_at", type_instant, nullable=False),
    Column("reported_at", type_instant, nullable=False),
    Column("message_reference", Text),
    Column("radio_dtg", Text),
    Column("stocktake_id", Uuid),
    Column("store_id", Uuid),
    Column("document_id", Uuid),
    Column("opened_by", Uuid, nullable=False),
    Column("opened_at", type_instant, nullable=False),
    Column("closed_at", type_instant),
    UniqueConstraint("country", "id", "opened_by"),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["details_id"], "personal_value", ["id"]),
    country_key(["store_id"], "store", ["id"]),
    country_key(["document_id"], "document", ["id"]),
    country_key(["opened_by"], "person", ["id"]),
    CheckConstraint(
        "kind in ('missing', 'lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed_in_action', "
        "'found', 'retrieved', 'seized', 'surrendered', 'overage')",
        name="kind_known",
    ),
    CheckConstraint("kind <> 'overage' or stocktake_id is not null", name="overage_of_check"),
    CheckConstraint(f"cause in ({CAUSES})", name="cause_known"),
    CheckConstraint("radio_dtg ~ '^[0-9]{6}[A-Z]{4}[0-9]{2}$'", name="radio_dtg_form"),
    CheckConstraint("status in ('open', 'closed')", name="status_known"),
    CheckConstraint("(status = 'closed') = (closed_at is not null)", name="closing_pair"),
    Index("ix_incident_unit_id", "country", "unit_id", "id"),
    Index("ix_incident_open", "country", "unit_id", "id", postgresql_where=text("status = 'open'")),
    comment="Losses and overages (open cases until their outcome) and recoveries. Free text: personal_value.",
)

loss_line = Table(
    "loss_line",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, nullable=False),
    Column("model_code", Text),
    Column("class_code", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("itemised", Integer, nullable=False, server_default=text("0")),
    Column("withdrawn", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("country", "id", "incident_id"),
    country_key(["incident_id"], "incident", ["id"]),
    ForeignKeyConstraint(["model_code"], ["model.code"]),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("itemised >= 0 and withdrawn >= 0 and itemised + withdrawn <= quantity", name="never_below_zero"),
    Index("ix_loss_line_incident_id", "country", "incident_id"),
    comment="A mass loss by count: what is still open is quantity - itemised - withdrawn.",
)

loss_line_entry = Table(
    "loss_line_entry",
    metadata,
    country_column(),
    Column("loss_line_id", Uuid, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("quantity", Integer, nullable=False),
    country_key(["loss_line_id"], "loss_line", ["id"]),
    country_key(["event_id"], "event", ["id"], deferred=True),
    CheckConstraint("quantity <> 0", name="says_something"),
    comment="What each event added to a loss by count (declared) or took off it (itemised, withdrawn).",
)

incident_outcome = Table(
    "incident_outcome",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("incident_id", Uuid, nullable=False),
    Column("opened_by", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("written_off_as", Text),
    Column("cause", Text),
    Column("reason_id", Uuid),
    Column("store_id", Uuid),
    Column("document_id", Uuid),
    Column("decided_by", Uuid, nullable=False),
    Column("decided_at", type_instant, nullable=False),
    Column("derogation_id", Uuid),
    country_key(["incident_id", "opened_by"], "incident", ["id", "opened_by"]),
    country_key(["reason_id"], "personal_value", ["id"]),
    country_key(["store_id"], "store", ["id"]),
    country_key(["document_id"], "document", ["id"]),
    country_key(["decided_by"], "person", ["id"]),
    CheckConstraint("kind in ('found_again', 'clerical', 'written_off', 'recovered')", name="kind_known"),
    CheckConstraint(
        "written_off_as in ('lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed_in_action')",
        name="written_off_as_known",
    ),
    CheckConstraint("(kind = 'written_off') = (written_off_as is not null)", name="write_off_names_sink"),
    CheckConstraint("(kind = 'recovered') = (store_id is not null)", name="recovery_names_store"),
    CheckConstraint("kind <> 'clerical' or reason_id is not null", name="clerical_says_why"),
    CheckConstraint(f"cause in ({CAUSES})", name="cause_known"),
    country_key(["derogation_id"], "derogation", ["id"]),
    CheckConstraint(
        "decided_by <> opened_by or (derogation_id is not null and kind <> 'written_off')", name="two_officers"
    ),
    Index("ix_incident_outcome_incident_id", "country", "incident_id"),
    comment="An authorised outcome, by another person than the opener (a write-off always); several may settle a case.",
)

incident_weapon = Table(
    "incident_weapon",
    metadata,
    country_column(),
    Column("incident_id", Uuid, primary_key=True),
    Column("weapon_id", Uuid, primary_key=True),
    Column("status", Text, nullable=False),
    Column("loss_line_id", Uuid),
    Column("outcome_id", Uuid),
    Column("added_by", Uuid, nullable=False),
    country_key(["incident_id"], "incident", ["id"]),
    country_key(["weapon_id"], "weapon", ["id"]),
    country_key(["loss_line_id", "incident_id"], "loss_line", ["id", "incident_id"]),
    country_key(["outcome_id"], "incident_outcome", ["id"]),
    country_key(["added_by"], "person", ["id"]),
    CheckConstraint("status in ('open', 'settled', 'retrieved')", name="status_known"),
    CheckConstraint("(status = 'settled') = (outcome_id is not null)", name="settled_by_outcome"),
    Index("ix_incident_weapon_weapon_id", "country", "weapon_id"),
    Index("ix_incident_weapon_open", "country", "incident_id", postgresql_where=text("status = 'open'")),
    comment="The weapons of a case, one by one, each settled by an outcome; or those that were retrieved.",
)

incident_mark = Table(
    "incident_mark",
    metadata,
    country_column(),
    Column("incident_id", Uuid, primary_key=True),
    Column("place_in_list", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("normalised", Text, nullable=False),
    country_key(["incident_id"], "incident", ["id"]),
    CheckConstraint(
        "kind in ('factory_serial', 'proof', 'import', 'national', 'security', 'part', 'registry', 'other')",
        name="kind_known",
    ),
    Index("ix_incident_mark_normalised", "country", "normalised"),
    comment="Marks on weapons found, seized or surrendered, before they are taken on charge.",
)
