"""A country of a million weapons in half a minute: rows that the triggers and keys would have let through.

Written in bulk by the superuser with triggers off, because taking on charge a million weapons as the service does takes
minutes. The tables are analysed afterwards, as autovacuum would.
"""

from dataclasses import dataclass

from sqlalchemy import Engine

from salw.core.db import run

UNITS = 3_600  # of one country, as many as three forces have
COUNTRY = "BF"
NARROW, WIDE = 60, 1_200


@dataclass(frozen=True)
class Load:
    """Where the rows are: every unit has a store and a post, and as many weapons in each as every other."""

    units: tuple[int, ...]

    @property
    def narrow(self) -> tuple[int, ...]:
        """Return the units of a brigade."""
        return self.units[:NARROW]

    @property
    def wide(self) -> tuple[int, ...]:
        """Return the units of an army corps."""
        return self.units[:WIDE]


@dataclass(frozen=True)
class Desk:
    """What pages show beside weapons: the first `NARROW` - 1 units stand under a brigade, each unit has `people`.

    Weapons are of so many `models`. `rows` are statements that end the load; `man` and `out` are still there for them.
    """

    brigade: int
    people: int
    models: int
    rows: tuple[str, ...]


_UNITS = """
insert into unit (country, uuid, parent_id, force_code, name, short_name, keeps_books, started_on)
select %(country)s, uuidv7(), case when n < %(narrow)s then %(brigade)s::int else %(parent)s end, 'AT', 'Unité ' || n,
       'U' || n, false, '2020-01-01'
  from generate_series(1, %(n)s) as n
returning id
"""

# One statement after the other: each reads what the one before wrote.
_ROWS = (
    """
    insert into store (country, id, unit_id, name, started_on)
    select %(country)s, uuidv7(), u, 'Armurerie ' || u, '2020-01-01' from unnest(%(units)s::int[]) as u
    """,
    """
    insert into holder (country, id, unit_id, kind, name)
    select country, id, unit_id, 'store', name from store where unit_id = any(%(units)s)
    """,
    """
    create temporary table post on commit drop as
    select uuidv7() as id, id as store_id, unit_id from store where unit_id = any(%(units)s)
    """,
    """
    insert into holder (country, id, unit_id, kind, name)
    select %(country)s, id, unit_id, 'post', 'Poste' from post
    """,
    """
    create temporary table load on commit drop as
    select uuidv7() as id, n, s.id as store_id, s.unit_id
      from generate_series(1, %(weapons)s) as n
      join (select id, unit_id, row_number() over (order by unit_id) - 1 as place
              from store where unit_id = any(%(units)s)) as s on s.place = n %% %(places)s
    """,
    """
    insert into weapon (country, id, registry_number, class_code, model_code, serial, serial_normalised, unit_id)
    select %(country)s, id, 'BF' || n, 'SA-ASR',
           (array(select code from model where class_code = 'SA-ASR' order by code limit %(models)s))
             [1 + n %% greatest(%(models)s, 1)],
           'S' || n, 'S' || n, unit_id
      from load
    """,
    """
    create temporary table man on commit drop as
    select uuidv7() as id, uuidv7() as value_id, uuidv7() as slip_id, s.id as store_id, s.unit_id, m
      from store s cross join generate_series(0, %(people)s - 1) as m where s.unit_id = any(%(units)s)
    """,
    """
    insert into holder (country, id, unit_id, kind, person_id)
    select %(country)s, id, unit_id, 'person', id from man
    """,
    """
    create temporary table out on commit drop as
    select l.id, l.store_id, l.unit_id, p.id as post_id, p.store_id as slip_id, uuidv7() as event_id
      from load l join post p on p.store_id = l.store_id
     where l.n / %(places)s %% 10 = 0
     union all
    select l.id, l.store_id, l.unit_id, m.id, m.slip_id, uuidv7()
      from load l
      join man m on m.store_id = l.store_id
       and m.m = (l.n / %(places)s / 10 * 4 + l.n / %(places)s %% 10 - 1) %% greatest(%(people)s, 1)
     where l.n / %(places)s %% 10 between 1 and 4
    """,
    """
    insert into custody (country, weapon_id, seq, holder_id, unit_id, recorded_at, document_id, occurred_at)
    select %(country)s, l.id, case when o.id is null then 1 else 2 end, coalesce(o.post_id, l.store_id), l.unit_id,
           now(), coalesce(o.slip_id, l.id), now()
      from load l left join out o on o.id = l.id
    """,
    """
    insert into mark (country, id, weapon_id, kind, raw, script, normalised, legibility)
    select %(country)s, gen_random_uuid(), id, 'factory_serial', 'S' || n, 'latin', 'S' || n, 'legible' from load
    """,
    """
    insert into event (country, id, kind, weapon_id, canonical, leaf_hash)
    select %(country)s, id, 'weapon.registered', id, told, sha256('\\x00'::bytea || told)
      from load, convert_to(
        '{"actor":{"process":"sequencer"},"at":"2026-01-01T00:00:00Z","facts":{"to":"' || store_id || '"}}', 'UTF8'
      ) as told
    """,
    """
    insert into movement (country, weapon_id, seq, to_holder_id, to_unit_id, kind, document_id, event_id, occurred_at)
    select %(country)s, id, 1, store_id, unit_id, 'opening_balance', id, id, now() from load
    """,
    """
    insert into movement (country, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id, kind,
                          document_id, event_id, occurred_at)
    select %(country)s, id, 2, store_id, unit_id, post_id, unit_id, 'issue', slip_id, event_id, now() from out
    """,
    """
    insert into issue (country, id, unit_id, from_holder_id, to_holder_id, purpose, document_id)
    select %(country)s, id, unit_id, store_id, id, 'permanent', store_id from post
    """,
    """
    insert into label (country, code, tail, batch_id, position, weapon_id)
    select %(country)s, lpad(n::text, 12, 'W'), 'TAILTAIL', store_id, n, id from load
    """,
    """
    insert into snapshot (country, unit_id, size, holders, weapons)
    select %(country)s, unit_id, 1, array_agg(store_id order by id), array_agg(id order by id)
      from load group by unit_id
    """,
    """
    insert into case_mark (country, weapon_id, case_id, mark, event_id)
    select %(country)s, id, store_id, 'missing', id from load where n %% 500 = 0
    """,
)


def load(
    superuser: Engine, parent: int, weapons: int = 1_000_000, *, units: int = UNITS, desk: Desk | None = None
) -> Load:
    """Fill a migrated database with weapons spread over new units under `parent`.

    With a `desk` each unit has people too, who hold four weapons in ten, and what `Desk` says of it is written.
    """
    said = desk or Desk(parent, people=0, models=0, rows=())
    with superuser.begin() as db:
        values = {"country": COUNTRY, "parent": parent, "brigade": said.brigade, "narrow": NARROW, "n": units}
        made = tuple(row["id"] for row in run(db, _UNITS, values))
    with superuser.begin() as db:
        run(db, "set local session_replication_role = replica")
        run(db, "set local maintenance_work_mem = '256MB'")
        values = {"country": COUNTRY, "units": list(made), "weapons": weapons, "places": units}
        values |= {"people": said.people, "models": said.models}
        for statement in (*_ROWS, *said.rows):
            run(db, statement, values)
    with superuser.begin() as db:
        run(db, "analyze")
    return Load(made)
