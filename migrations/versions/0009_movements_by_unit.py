"""Movements are found by unit, and losses and recoveries by themselves.

The index by receiving holder went: until a table has statistics, the planner took it for the check of the
chain's foreign key, and read every movement that ever came to a store for each weapon moved. An index that
the check's columns cannot enter is no temptation. The unit serves the same questions, and the unit's own.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Replace the two indexes by holder."""
    op.execute("drop index ix_movement_to_holder_id, ix_movement_from_holder_id")
    op.execute("create index ix_movement_to_unit_id on movement (country, to_unit_id, recorded_at)")
    op.execute("create index ix_movement_from_unit_id on movement (country, from_unit_id, recorded_at)")
    op.execute("create index ix_movement_losses on movement (country, recorded_at) where kind in ('loss', 'recovery')")
