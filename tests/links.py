"""Looking at the whole database for what must never be there."""

from sqlalchemy import Connection, Engine

from salw.core.db import run

# A movement that does not follow the one before it, two movements in one place of a chain, and a custody
# that is not where the last movement led.
_BROKEN = {
    "follows_nothing": """
        select m.weapon_id, m.seq from movement m
         where m.seq > 1 and not exists (
               select 1 from movement p
                where (p.country, p.weapon_id, p.seq, p.to_holder_id)
                      = (m.country, m.weapon_id, m.seq - 1, m.from_holder_id))
    """,
    "forked": """
        select weapon_id, seq from movement group by country, weapon_id, seq having count(*) > 1
    """,
    "custody_elsewhere": """
        select c.weapon_id, c.seq from custody c
         where not exists (
               select 1 from movement m
                where (m.country, m.weapon_id, m.seq, m.to_holder_id, m.to_unit_id)
                      = (c.country, c.weapon_id, c.seq, c.holder_id, c.unit_id))
            or exists (select 1 from movement m
                        where (m.country, m.weapon_id) = (c.country, c.weapon_id) and m.seq > c.seq)
    """,
}


def broken_links(superuser: Engine) -> dict[str, int]:
    """Return how many links are broken, by kind; empty where the chains are whole."""
    with superuser.begin() as db:
        found = {name: len(run(db, sql)) for name, sql in _BROKEN.items()}
    return {name: number for name, number in found.items() if number}


def tables(db: Connection) -> list[str]:
    """Return every table of the service."""
    rows = run(db, "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
    return sorted(r["relname"] for r in rows)


def row_counts(superuser: Engine) -> dict[str, int]:
    """Return the number of rows of every table."""
    with superuser.begin() as db:
        return {t: run(db, f'select count(*) as n from "{t}"')[0]["n"] for t in tables(db)}
