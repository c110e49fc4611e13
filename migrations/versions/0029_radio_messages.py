"""The date-time group of the radio message by which a loss was reported: a deadline is met by the act."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Who sent it and which station took it may be names: they stand with the other texts of the case, which are erasable.
GROUP = """
alter table incident add radio_dtg TEXT;
alter table incident add constraint ck_incident_radio_dtg_form CHECK (radio_dtg ~ '^[0-9]{6}[A-Z]{4}[0-9]{2}$');
"""


def upgrade() -> None:
    """Add the group."""
    op.execute(GROUP)
