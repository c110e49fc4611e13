"""What a force shows its own commission, the functions that show no more, and who took note of emergency reads."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE disclosure (
    country TEXT NOT NULL,
    force_code TEXT NOT NULL,
    number INTEGER NOT NULL,
    id UUID NOT NULL,
    level TEXT NOT NULL,
    reference TEXT NOT NULL,
    set_by UUID NOT NULL,
    set_as TEXT NOT NULL,
    unit_id INTEGER NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_disclosure PRIMARY KEY (country, force_code, number),
    CONSTRAINT uq_disclosure_country_id UNIQUE (country, id),
    CONSTRAINT fk_disclosure_country_force_code FOREIGN KEY(country, force_code) REFERENCES force (country, code),
    CONSTRAINT fk_disclosure_country_set_by FOREIGN KEY(country, set_by) REFERENCES person (country, id),
    CONSTRAINT fk_disclosure_country_unit_id FOREIGN KEY(country, unit_id) REFERENCES unit (country, id),
    CONSTRAINT fk_disclosure_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id),
    CONSTRAINT ck_disclosure_number_positive CHECK (number > 0),
    CONSTRAINT ck_disclosure_level_known CHECK (level in ('nothing', 'counts', 'counts_and_marking', 'serials'))
);
COMMENT ON TABLE disclosure IS 'What each force shows its own commission: one row a decision, the newest counts; without a row nothing.';
CREATE TABLE emergency_read_acknowledgement (
    country TEXT NOT NULL,
    read_id UUID NOT NULL,
    person_id UUID NOT NULL,
    acknowledged_at TIMESTAMP WITH TIME ZONE NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_emergency_read_acknowledgement PRIMARY KEY (country, read_id, person_id),
    CONSTRAINT fk_emergency_read_acknowledgement_country_read_id FOREIGN KEY(country, read_id) REFERENCES emergency_read (country, id),
    CONSTRAINT fk_emergency_read_acknowledgement_country_person_id FOREIGN KEY(country, person_id) REFERENCES person (country, id),
    CONSTRAINT fk_emergency_read_acknowledgement_country_event_id FOREIGN KEY(country, event_id) REFERENCES event (country, id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE emergency_read_acknowledgement IS 'Which of the owners has taken note of an emergency read.';
"""

# The table of states of `custody.rules`, where figures must be made inside the database; a test holds the two together.
STATE_OF = """
create function state_of(p_kind text, p_mark text) returns text
language sql immutable as $$
    select case
        when p_mark = 'missing' and p_kind not in ('lost', 'stolen', 'taken_by_enemy', 'abandoned', 'destroyed',
                                                   'handed_over', 'entered_by_mistake', 'merged') then 'missing'
        when p_kind = 'store' then 'in_store'
        when p_kind in ('person', 'post', 'crew', 'vehicle', 'detachment') then 'issued'
        when p_kind = 'transit' then 'in_transit'
        when p_kind = 'workshop' then 'in_repair'
        when p_kind = 'court' then 'in_evidence'
        else p_kind end
$$;
"""

_COUNTRY = "(select nullif(current_setting('app.country', true), ''))"

# The level is looked up here and in no query of the service, so that a forgotten condition there shows nothing. Each
# function filters the country itself and goes by the forces that show something, never by all weapons: where a force
# shows nothing, nothing of it is read. The force of a weapon is that of the unit that answers for it; weapons of a
# unit without a force are shown to nobody, because nobody could have decided it.
FUNCTIONS: dict[str, tuple[str, str]] = {
    "shown_forces()": (
        "returns table (force_code text, level text)",
        """
        select f.code, coalesce(d.level, 'nothing')
          from force f
          left join lateral (select d.level from disclosure d
                              where d.country = f.country and d.force_code = f.code
                              order by d.number desc limit 1) d on true
         where f.country = {country}
        """,
    ),
    # Hash tables of a large army's weapons in memory: the default spills them to disk.
    "commission_holdings(p_force text)": (
        "returns table (force_code text, class_code text, state text, weapons bigint, marked bigint, labelled bigint)"
        " set work_mem = '64MB'",
        """
        with shown as materialized (
            select s.force_code, s.level in ('counts_and_marking', 'serials') as marking
              from shown_forces() s
             where s.level in ('counts', 'counts_and_marking', 'serials') and (p_force is null or s.force_code = p_force)
        ), held as (
            select s.force_code, s.marking, w.class_code, state_of(h.kind, k.mark) as state, count(*) as weapons,
                   count(*) filter (where w.nationally_marked) as marked, count(*) filter (where w.labelled) as labelled
              from shown s
              join unit u on u.country = {country} and u.force_code = s.force_code
              join custody c on c.country = u.country and c.unit_id = u.id
              join holder h on h.country = c.country and h.id = c.holder_id
              join weapon w on w.country = c.country and w.id = c.weapon_id
              left join case_mark k on k.country = c.country and k.weapon_id = c.weapon_id
             where h.kind not in ('entered_by_mistake', 'merged')
             group by 1, 2, 3, 4
        )
        select force_code, class_code, state, weapons, case when marking then marked end,
               case when marking then labelled end
          from held
        """,
    ),
    "commission_weapons(p_force text, p_after uuid, p_limit int)": (
        "returns table ({described})",
        """
        with shown as materialized (
            select force_code from shown_forces() where level = 'serials' and (p_force is null or force_code = p_force)
        ), page as materialized (
            select c.weapon_id, u.force_code
              from shown s
              join unit u on u.country = {country} and u.force_code = s.force_code
              join lateral (select c.weapon_id
                              from custody c join holder h on h.country = c.country and h.id = c.holder_id
                             where c.country = u.country and c.unit_id = u.id and c.weapon_id > p_after
                               and h.kind not in ('entered_by_mistake', 'merged')
                             order by c.weapon_id limit p_limit) c on true
             order by c.weapon_id limit p_limit
        )
        {describe}
        """,
    ),
    # A mark that somebody could not read is no name: it equals every other such mark.
    "commission_find(p_force text, p_mark text, p_after uuid, p_limit int)": (
        "returns table ({described})",
        """
        with shown as materialized (
            select force_code from shown_forces() where level = 'serials' and (p_force is null or force_code = p_force)
        ), named as materialized (
            select id from weapon where country = {country} and serial_normalised = p_mark
            union
            select weapon_id from mark
             where country = {country} and normalised = p_mark and legibility in ('legible', 'partial')
        ), page as materialized (
            select c.weapon_id, s.force_code
              from named n
              join custody c on c.country = {country} and c.weapon_id = n.id
              join holder h on h.country = c.country and h.id = c.holder_id
              join unit u on u.country = c.country and u.id = c.unit_id
              join shown s on s.force_code = u.force_code
             where c.weapon_id > p_after and h.kind not in ('entered_by_mistake', 'merged')
             order by c.weapon_id limit p_limit
        )
        {describe}
        """,
    ),
}
_DESCRIBED = (
    "id uuid, force_code text, registry_number text, class_code text, model_code text, model_name text, maker text, "
    "serial text, marks jsonb"
)
# What the weapon is, and nothing of who has it or where.
_DESCRIBE = """
        select w.id, p.force_code, w.registry_number, w.class_code, w.model_code, coalesce(m.name, w.model_text),
               coalesce(m.maker, w.maker_text), w.serial,
               (select coalesce(jsonb_agg(jsonb_build_object('kind', k.kind, 'raw', k.raw) order by k.kind, k.raw), '[]')
                  from mark k where k.country = w.country and k.weapon_id = w.id)
          from page p
          join weapon w on w.country = {country} and w.id = p.weapon_id
          left join model m on m.code = w.model_code
         order by w.id
"""


def upgrade() -> None:
    """Create disclosures, what reads by them, and acknowledgements of emergency reads."""
    op.execute(TABLES)
    op.execute("select protect('disclosure', 'select, insert')")
    op.execute("select protect('emergency_read_acknowledgement', 'select, insert')")
    op.execute("select make_append_only('disclosure'), make_append_only('emergency_read_acknowledgement')")
    op.execute(STATE_OF)
    for signature, (returns, query) in FUNCTIONS.items():
        describe = _DESCRIBE.format(country=_COUNTRY)
        body = query.format(country=_COUNTRY, describe=describe)
        op.execute(
            f"create function {signature} {returns.format(described=_DESCRIBED)} language sql stable security definer "
            f"set search_path = pg_catalog, public as $$ {body} $$"
        )
        op.execute(f"revoke execute on function {signature} from public")
        op.execute(f"grant execute on function {signature} to salw_app")
