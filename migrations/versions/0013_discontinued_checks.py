"""A check may end without a result: one opened by mistake, or one whose only possible closer has counted in it."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# It ends like a closed one, at a time and by somebody in a function; beyond that it has a reason and no result.
DISCONTINUED = """
alter table stocktake drop constraint ck_stocktake_status_known;
alter table stocktake add constraint ck_stocktake_status_known CHECK (status in ('open', 'closed', 'discontinued'));
alter table stocktake drop constraint ck_stocktake_closing_pair;
alter table stocktake add constraint ck_stocktake_closing_pair CHECK ((status <> 'open') = (closed_at is not null) and (closed_at is null) = (closed_by is null) and (closed_by is null) = (closed_role is null));
alter table stocktake add reason_id UUID;
alter table stocktake add constraint fk_stocktake_country_reason_id FOREIGN KEY(country, reason_id) REFERENCES personal_value (country, id);
alter table stocktake add constraint ck_stocktake_reason_where_discontinued CHECK ((status = 'discontinued') = (reason_id is not null));
alter table stocktake add constraint ck_stocktake_result_where_closed CHECK (status = 'closed' or (incident_id is null and overage_id is null));
grant update (reason_id) on stocktake to salw_app;
"""


def upgrade() -> None:
    """Let checks end without a result."""
    op.execute(DISCONTINUED)
