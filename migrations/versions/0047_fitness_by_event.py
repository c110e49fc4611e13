"""Keep from which event on a weapon is unfit for use, so that the situation of any day knows it."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE weapon_fitness (
    country TEXT NOT NULL,
    event_id UUID NOT NULL,
    weapon_id UUID NOT NULL,
    unfit BOOLEAN NOT NULL,
    CONSTRAINT pk_weapon_fitness PRIMARY KEY (country, event_id),
    CONSTRAINT fk_weapon_fitness_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT fk_weapon_fitness_country_weapon_id FOREIGN KEY(country, weapon_id) REFERENCES weapon (country, id)
);
CREATE INDEX ix_weapon_fitness_weapon_id ON weapon_fitness (country, weapon_id);
COMMENT ON TABLE weapon_fitness IS 'From which event on a weapon is unfit for use, or fit again; written by a trigger on the weapon''s row.';
select protect('weapon_fitness', 'select');
select make_append_only('weapon_fitness');
"""

# The rule is `custody.situation.is_unfit`. The event of the act is written by then, in the same transaction, by whoever
# has locked the weapon: it is the last of its kinds.
KEPT = """
create function last_statement_on(p_country text, p_weapon uuid) returns uuid
language sql stable set search_path = pg_catalog, public as $$
    select e.id from event e
     where e.country = p_country and e.weapon_id = p_weapon
       and e.kind in ('weapon.returned', 'weapon.condition_seen', 'weapon.maintained', 'weapon.reform_proposed',
                      'weapon.reform_decided')
     order by e.recorded_at desc, e.id desc limit 1
$$;
revoke execute on function last_statement_on(text, uuid) from public;
create function keep_fitness() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_unfit boolean := coalesce(new.condition = 'unserviceable', false) or new.reform is not null;
begin
    if v_unfit <> (coalesce(old.condition = 'unserviceable', false) or old.reform is not null) then
        insert into weapon_fitness (country, event_id, weapon_id, unfit)
        values (new.country, last_statement_on(new.country, new.id), new.id, v_unfit);
    end if;
    return null;
end $$;
revoke execute on function keep_fitness() from public;
create trigger keep_fitness after update of condition, reform on weapon
    for each row when (new.condition is distinct from old.condition or new.reform is distinct from old.reform)
    execute function keep_fitness();
insert into weapon_fitness (country, event_id, weapon_id, unfit)
select country, last_statement_on(country, id), id, true from weapon
 where condition = 'unserviceable' or reform is not null;
"""


def upgrade() -> None:
    """Add the table, what writes it, and what stands on the rows of weapons now."""
    op.execute(TABLE)
    op.execute(KEPT)
