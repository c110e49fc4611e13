"""Five years of one unit with 50,000 weapons and five million movements, written in bulk by the superuser.

The sequence of each weapon is whole and the log contiguous, as the triggers and the sequencer would have left them.
The unit has 50,000 places in its racks, and each moves once a round: from the store to one of its posts or to the next
unit, and back. A fifth of the places changes its weapon for good on the way: it goes to the next unit and never comes
back, and a new one is taken on charge. The indexes are made at the end, which is what such a load takes a minute by.
"""

from sqlalchemy import Engine

from salw.core.db import run
from world import World

PLACES, ROUNDS, MONTHS = 50_000, 101, 60
MOVEMENTS = PLACES * ROUNDS
POSTS = 2_000
CASES = 500
TABLES = ("weapon", "custody", "event", "leaf", "movement", "passage")

# Where the weapon of a place is after a round: 0 the store, after each even one; -1 that of the next unit; else a post.
_WHERE = """case when {r} < 0 then null when {r} %% 2 = 0 then 0
                 when left_in = {r} or (place + {r} * 31) %% 20 = 0 then -1
                 else 1 + (place * 7919 + {r} * 104729) %% %(posts)s end"""

_ROWS = (
    """
    insert into holder (country, id, unit_id, kind, name)
    select %(country)s, uuidv7(), %(unit)s, 'post', 'Poste ' || n from generate_series(1, %(posts)s) as n
    """,
    """
    create unlogged table load_holder as
    select row_number() over (order by id) as place, id, unit_id from holder where unit_id = %(unit)s and kind = 'post'
     union all values (0, %(store)s::uuid, %(unit)s::int), (-1, %(next_store)s, %(next_unit)s)
    """,
    """
    create unlogged table load_place as
    select place, 1 + 2 * (place %% 49) as left_in, uuidv7() as first_id, uuidv7() as second_id
      from generate_series(0, %(places)s - 1) as place
    """,
    "update load_place set left_in = null, second_id = null where place %% 5 > 0",
    # In the order of time: the places of a round one after the other, not as they stand.
    f"""
    create unlogged table load as
    select t.idx, uuidv7() as event_id, t.weapon_id, t.seq, a.id as from_holder_id, a.unit_id as from_unit_id,
           b.id as to_holder_id, b.unit_id as to_unit_id,
           %(begun)s::timestamptz + t.idx / %(movements)s::float8 * (now() - %(begun)s::timestamptz) as instant
      from (select r * %(places)s::bigint + n as idx,
                   case when r > left_in then second_id else first_id end as weapon_id,
                   case when r > left_in then r - left_in else r + 1 end as seq,
                   case when r = left_in + 1 then null else {_WHERE.format(r="(r - 1)")} end as from_place,
                   {_WHERE.format(r="r")} as to_place
              from generate_series(0, %(rounds)s - 1) as r
             cross join generate_series(0, %(places)s - 1) as n
              join load_place l on l.place = (n * 27191 + r * 17389) %% %(places)s) as t
      left join load_holder a on a.place = t.from_place
      join load_holder b on b.place = t.to_place
     order by t.idx
    """,
    """
    insert into weapon (country, id, registry_number, class_code, serial, serial_normalised, unit_id)
    select distinct on (weapon_id) %(country)s, weapon_id, 'BF' || weapon_id,
           case when idx %% 10 = 0 then 'SA-PST' else 'SA-ASR' end, 'S' || idx, 'S' || idx, to_unit_id
      from load order by weapon_id, seq desc
    """,
    """
    insert into custody (country, weapon_id, seq, holder_id, unit_id, recorded_at, document_id, occurred_at)
    select distinct on (weapon_id) %(country)s, weapon_id, seq, to_holder_id, to_unit_id, instant, event_id, instant
      from load order by weapon_id, seq desc
    """,
    """
    insert into event (country, id, kind, weapon_id, canonical, leaf_hash, recorded_at)
    select %(country)s, event_id, 'weapon.moved', weapon_id, convert_to(event_id::text, 'utf-8'),
           sha256('\\x00'::bytea || convert_to(event_id::text, 'utf-8')), instant
      from load
    """,
    "insert into log (country, id, first_idx) values (%(country)s, 1, 0)",
    """
    insert into leaf (country, idx, event_id, leaf_hash, sequenced_at, log_id)
    select %(country)s, idx, event_id, sha256('\\x00'::bytea || convert_to(event_id::text, 'utf-8')), instant, 1
      from load
    """,
    """
    insert into movement (country, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id, kind,
                          document_id, event_id, recorded_at, occurred_at)
    select %(country)s, weapon_id, seq, from_holder_id, from_unit_id, to_holder_id, to_unit_id,
           case when seq = 1 then 'opening_balance' when from_unit_id <> to_unit_id then 'transfer_out'
                when to_holder_id = %(store)s then 'return' else 'issue' end, event_id, event_id, instant, instant
      from load
    """,
    """
    insert into passage (country, unit_id, idx, weapon_id, seq, gone, from_holder_id)
    select %(country)s, to_unit_id, idx, weapon_id, seq, false,
           case when from_unit_id = to_unit_id then from_holder_id end
      from load
     union all
    select %(country)s, from_unit_id, idx, weapon_id, seq, true, from_holder_id
      from load where from_unit_id <> to_unit_id
     order by 3
    """,
    """
    with opened as (
        insert into event (country, id, kind, weapon_id, canonical, leaf_hash)
        select %(country)s, uuidv7(), 'weapon.case_opened', weapon_id, 'x', sha256('\\x0078'::bytea)
          from custody where unit_id = %(unit)s order by weapon_id limit %(cases)s
        returning country, id, leaf_hash
    )
    insert into leaf (country, idx, event_id, leaf_hash, log_id)
    select country, %(movements)s - 1 + row_number() over (), id, leaf_hash, 1 from opened
    """,
    "drop table load, load_place, load_holder",
)


def load(superuser: Engine, world: World) -> None:
    """Fill a migrated database with the past of Alpha, whose log must be empty, and analyse it."""
    values = {
        "country": world.country,
        "unit": world.alpha,
        "store": world.store_alpha,
        "next_unit": world.bravo,
        "next_store": world.store_bravo,
        "posts": POSTS,
        "places": PLACES,
        "rounds": ROUNDS,
        "movements": MOVEMENTS,
        "cases": CASES,
    }
    with superuser.begin() as db:
        (row,) = run(
            db,
            "select date_trunc('month', now() at time zone time_zone) at time zone time_zone "
            "- make_interval(months => %(months)s) as begun from country where code = %(country)s",
            {"months": MONTHS, **values},
        )
        run(db, "set local session_replication_role = replica")
        run(db, "set local work_mem = '256MB'")
        # Nobody else is on this database: its indexes rest until everything is in.
        resting = (
            "update pg_index set indisready = false, indisvalid = false where indrelid = any(%(tables)s::regclass[])"
        )
        run(db, resting, {"tables": list(TABLES)})
        for statement in _ROWS:
            run(db, statement, {**values, **row})
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        run(db, "set maintenance_work_mem = '512MB'")
        for table in TABLES:
            run(db, f"reindex table {table}")
        run(db, "vacuum (analyze)")
