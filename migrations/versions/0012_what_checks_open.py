"""A check opens a case on what it found too much, not only on what is missing."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Nothing but a check says that there is too much, so such a case always names one.
OVERAGES = """
alter table incident drop constraint ck_incident_kind_known;
alter table incident add constraint ck_incident_kind_known CHECK (kind in ('missing', 'lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed_in_action', 'found', 'retrieved', 'seized', 'surrendered', 'overage'));
alter table incident add constraint ck_incident_overage_of_check CHECK (kind <> 'overage' or stocktake_id is not null);
alter table stocktake add overage_id UUID;
alter table stocktake add constraint fk_stocktake_country_overage_id FOREIGN KEY(country, overage_id) REFERENCES incident (country, id);
grant update (overage_id) on stocktake to salw_app;
comment on table incident is 'Losses and overages (open cases until their outcome) and recoveries. Free text: personal_value.';
"""


def upgrade() -> None:
    """Let checks open cases on overages."""
    op.execute(OVERAGES)
