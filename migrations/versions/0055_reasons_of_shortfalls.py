"""Why a weapon of a mutation did not arrive, as its receiver says it, for both sides to read."""

from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

COLUMNS = """
alter table transfer_line add short_reason text;
alter table transfer_line add short_text_id uuid;
alter table transfer_line add constraint ck_transfer_line_short_reason_known
    check (short_reason in ('not_loaded', 'left_on_the_way', 'lost_on_the_way', 'another_came', 'unknown'));
alter table transfer_line add constraint ck_transfer_line_short_text_has_reason
    check (short_text_id is null or short_reason is not null);
alter table transfer_line add constraint fk_transfer_line_country_short_text_id
    foreign key (country, short_text_id) references personal_value (country, id);
grant update (short_reason, short_text_id) on transfer_line to salw_app;
"""

# The text is its receiver's, whose unit the sender has not in scope: both sides of a mutation read it here.
READ = """
create function texts_of_shortfall(p_transfer uuid) returns table (weapon_id uuid, said text)
language sql stable security definer set search_path = pg_catalog, public as $$
    select l.weapon_id, v.value->>'shortfall'
      from transfer t
      join transfer_line l on (l.country, l.transfer_id) = (t.country, t.id)
      join personal_value v on (v.country, v.id) = (l.country, l.short_text_id)
     where t.country = (select nullif(current_setting('app.country', true), '')) and t.id = p_transfer
       and (coalesce(t.from_unit_id <@ (select units_in_scope()), false)
            or coalesce(t.to_unit_id <@ (select units_in_scope()), false))
$$;
revoke execute on function texts_of_shortfall(uuid) from public;
grant execute on function texts_of_shortfall(uuid) to salw_app;
"""


def upgrade() -> None:
    """Give the lines of a mutation a reason."""
    op.execute(COLUMNS)
    op.execute(READ)
