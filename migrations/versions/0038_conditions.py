"""The newest condition of a weapon, and two more steps in the scale that counts are made by."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# On the weapon's own row: a card or a list that showed it from a table of its own would pay for that table's policies.
COLUMNS = """
alter table weapon add column condition TEXT, add column condition_at TIMESTAMP WITH TIME ZONE, add column condition_in TEXT;
alter table weapon add constraint ck_weapon_condition_known
    CHECK (condition in ('serviceable', 'to_clean', 'to_repair', 'unserviceable')) not valid;
alter table weapon add constraint ck_weapon_condition_in_known CHECK (condition_in in ('return', 'count', 'work')) not valid;
alter table weapon add constraint ck_weapon_condition_whole
    CHECK (num_nonnulls(condition, condition_at, condition_in) in (0, 3)) not valid;
grant update (condition, condition_at, condition_in) on weapon to salw_app;
alter table stocktake_count drop constraint ck_stocktake_count_condition_known;
alter table stocktake_count add constraint ck_stocktake_count_condition_known
    CHECK (condition in ('serviceable', 'to_clean', 'to_repair', 'unserviceable')) not valid;
"""

# A lock on the writers of a table while every row is read is avoided: added without a look, then looked through.
LOOKED_THROUGH = """
alter table weapon validate constraint ck_weapon_condition_known;
alter table weapon validate constraint ck_weapon_condition_in_known;
alter table weapon validate constraint ck_weapon_condition_whole;
alter table stocktake_count validate constraint ck_stocktake_count_condition_known;
"""


def upgrade() -> None:
    """Add the columns, and widen the scale of counts."""
    op.execute(COLUMNS)
    op.execute(LOOKED_THROUGH)
