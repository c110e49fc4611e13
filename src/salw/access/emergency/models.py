"""Who has taken note of emergency reads; the reads themselves stand in `access.models`, beside what they widen."""

from sqlalchemy import Column, Table, Uuid

from salw.core.db import country_column, country_key, metadata, type_instant

emergency_read_acknowledgement = Table(
    "emergency_read_acknowledgement",
    metadata,
    country_column(),
    Column("read_id", Uuid, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    Column("acknowledged_at", type_instant, nullable=False),
    Column("event_id", Uuid, nullable=False),
    country_key(["read_id"], "emergency_read", ["id"]),
    country_key(["person_id"], "person", ["id"]),
    country_key(["event_id"], "event", ["id"], deferred=True),
    comment="Which of the owners has taken note of an emergency read.",
)
