"""Name a commander of a unit above as the signatory of an order on paper, by his whole matricule and nothing else."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

# Only somebody who gave orders over a unit in scope on that day is answered: of whoever else there is, as of nobody.
SQL = """
create function find_order_giver(p_matricule text, p_unit uuid, p_day date, p_roles text[]) returns table (id uuid)
language sql stable security definer set search_path = pg_catalog, public as $$
    select p.id
      from person p
     where p.country = (select nullif(current_setting('app.country', true), '')) and p.erased_at is null
       and p.matricule in (p_matricule, upper(p_matricule))
       and exists (select from posting g
                     join unit_closure x on (x.country, x.ancestor_id) = (g.country, g.unit_id)
                     join unit u on (u.country, u.id) = (x.country, x.descendant_id)
                    where g.country = p.country and g.person_id = p.id and g.role = any(p_roles) and u.uuid = p_unit
                      and coalesce(u.id <@ (select units_in_scope()), false)
                      and g.started_on <= p_day and (g.ended_on is null or g.ended_on > p_day))
$$;
revoke execute on function find_order_giver(text, uuid, date, text[]) from public;
grant execute on function find_order_giver(text, uuid, date, text[]) to salw_app;
"""


def upgrade() -> None:
    """Create the function."""
    op.execute(SQL)
