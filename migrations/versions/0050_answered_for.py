"""Find what a person answers for from him: on his card stands what his posts have too."""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

# Of the present alone: a page of fifty people is looked up by it. Reliefs are few, and nothing else writes here.
SQL = "CREATE INDEX ix_answerable_person_id ON answerable (country, person_id) WHERE ended_at is null"


def upgrade() -> None:
    """Add the index."""
    op.execute(SQL)
