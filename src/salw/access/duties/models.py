"""Tables of derogations and of what was done under each."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, Uuid, func

from salw.core.db import country_column, country_key, metadata, type_instant

_DUTIES = (
    "duty in ('orderer_keeper', 'requester_approver', 'sender_receiver', 'counter_approver', 'keeper_checker', "
    "'giver_receiver')"
)

derogation = Table(
    "derogation",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("duty", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("dated_on", Date, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("authority_unit_id", Integer, nullable=False),
    Column("granted_by", Uuid, nullable=False),
    Column("granted_role", Text, nullable=False),
    Column("granted_at", type_instant, nullable=False),
    Column("revoked_by", Uuid),
    Column("revoked_at", type_instant),
    UniqueConstraint("country", "id", "unit_id"),
    UniqueConstraint("country", "id", "unit_id", "duty", "granted_by"),
    # The authority lies above the unit in the tree, and strictly: that is what the two say together.
    country_key(["authority_unit_id", "unit_id"], "unit_closure", ["ancestor_id", "descendant_id"]),
    CheckConstraint("authority_unit_id <> unit_id", name="from_above"),
    country_key(["unit_id"], "unit", ["id"]),
    country_key(["granted_by"], "person", ["id"]),
    country_key(["revoked_by"], "person", ["id"]),
    CheckConstraint(_DUTIES, name="duty_known"),
    CheckConstraint("dated_on <= first_day", name="not_before_its_paper"),
    CheckConstraint("last_day >= first_day and last_day - first_day < 366", name="a_year_at_most"),
    CheckConstraint("(revoked_by is null) = (revoked_at is null)", name="revocation_pair"),
    Index("ix_derogation_unit_id", "country", "unit_id", "duty"),
    comment="A written, dated, bounded permission from above that two duties meet at a post too small to part them.",
)

derogation_act = Table(
    "derogation_act",
    metadata,
    country_column(),
    Column("id", Uuid, primary_key=True),
    Column("derogation_id", Uuid, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("duty", Text, nullable=False),
    Column("granted_by", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("recorded_at", type_instant, nullable=False, server_default=func.clock_timestamp()),
    country_key(
        ["derogation_id", "unit_id", "duty", "granted_by"], "derogation", ["id", "unit_id", "duty", "granted_by"]
    ),
    country_key(["person_id"], "person", ["id"]),
    CheckConstraint("person_id <> granted_by", name="not_by_who_granted"),
    Index("ix_derogation_act_derogation_id", "country", "derogation_id", "id"),
    comment="Each act done under a derogation: its kind is that of its event, its subject what that event names.",
)
