"""What a weapon's history is told with: people as they were when they acted, units by the names they bore then."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# An event names a person by the commitment to rank, names and number as they were: it leads to that version of him.
VERSIONS = """
create index ix_personal_value_commitment on personal_value (country, commitment);
"""

# Whoever renames a unit, by whatever means, leaves its former name behind.
TABLES = """
CREATE TABLE unit_name (
    country TEXT NOT NULL,
    unit_id INTEGER NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    CONSTRAINT pk_unit_name PRIMARY KEY (country, unit_id, until),
    CONSTRAINT fk_unit_name_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id)
);
COMMENT ON TABLE unit_name IS 'What a unit was called until an instant, when it got another name.';
select protect('unit_name', 'select');
select make_append_only('unit_name');
create function keep_unit_name() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    insert into unit_name (country, unit_id, until, name, short_name)
    values (old.country, old.id, clock_timestamp(), old.name, old.short_name);
    return null;
end $$;
revoke execute on function keep_unit_name() from public;
create trigger keep_name after update of name, short_name on unit for each row
    when ((old.name, old.short_name) is distinct from (new.name, new.short_name))
    execute function keep_unit_name();
"""

# As in 0022, with the number of the unit beside its name of today, by which its name of that day is found.
FUNCTIONS = """
drop function name_functions(uuid[], date[]);
create function name_functions(p_people uuid[], p_days date[])
returns table (person uuid, day date, role text, unit_id int, unit_name text)
language sql stable security definer set search_path = pg_catalog, public as $$
    select said.person, said.day, g.role, u.id, u.name
      from unnest(p_people, p_days) as said (person, day)
      join person p on p.country = (select nullif(current_setting('app.country', true), '')) and p.id = said.person
      left join lateral (
            select g.role, g.unit_id
              from posting g
             where g.country = p.country and g.person_id = p.id and g.started_on <= said.day
               and (g.ended_on is null or g.ended_on > said.day)
             order by g.started_on desc, g.id limit 1) g on true
      join unit u on (u.country, u.id) = (p.country, coalesce(g.unit_id, p.unit_id))
$$;
revoke execute on function name_functions(uuid[], date[]) from public;
grant execute on function name_functions(uuid[], date[]) to salw_app;
"""


def upgrade() -> None:
    """Let events lead to the person of their day, and keep the former names of units."""
    op.execute(VERSIONS)
    op.execute(TABLES)
    op.execute(FUNCTIONS)
