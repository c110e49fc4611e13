"""Reading what was published, across countries, as `salw_exchange`; and a country's own settings."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.custody.rules import State
from salw.summaries.rules import Cell, Quarter

# Columns by name: the size of a country's log counts all its events, forces that are off included, and is
# nobody else's concern. The exchange role needs no right to read it.
_NEWEST = """
newest as (
    select distinct on (r.country) r.country, r.id, r.number, r.provisional, r.recorded_at
      from published_release r
     where r.quarter = %(quarter)s
     order by r.country, r.number desc
)
"""


def list_countries(db: Connection, quarter: Quarter) -> list[Row]:
    """Return every country with its newest release of a quarter (`release_*` are null without one)."""
    return run(
        db,
        f"""
        with {_NEWEST}
        select c.code, c.name_fr, c.name_en, n.id as release_id, n.number as release_number,
               n.provisional, n.recorded_at
          from country c left join newest n on n.country = c.code
         order by c.code
        """,
        {"quarter": str(quarter)},
    )


def list_forces(db: Connection, quarter: Quarter) -> list[Row]:
    """Return the forces in the newest releases of a quarter, and those left out of them.

    Keys: `country, code, name_fr, name_en, detail, marking`; `detail` is null for a force that was left out.
    """
    return run(
        db,
        f"""
        with {_NEWEST}, told as (
            select p.country, p.release_id, p.force_code, p.detail, p.marking from published_force p
             union all
            select p.country, p.release_id, p.force_code, null, null from published_omission p
        )
        select p.country, p.force_code as code, f.name_fr, f.name_en, p.detail, p.marking
          from newest n
          join told p on (p.country, p.release_id) = (n.country, n.id)
          left join force f on (f.country, f.code) = (p.country, p.force_code)
         order by p.country, p.force_code
        """,
        {"quarter": str(quarter)},
    )


def list_cells(db: Connection, quarter: Quarter) -> list[tuple[str, Cell]]:
    """Return every cell of the newest releases of a quarter with its country."""
    rows = run(
        db,
        f"""
        with {_NEWEST}
        select p.country, p.force_code, p.class_code, p.state, p.weapons, p.marked, p.labelled, p.losses,
               p.recoveries, f.marking
          from newest n
          join published_force f on (f.country, f.release_id) = (n.country, n.id)
          join published_cell p on (p.country, p.release_id, p.force_code) = (f.country, f.release_id, f.force_code)
         order by p.country, p.force_code, p.class_code, p.state
        """,
        {"quarter": str(quarter)},
    )
    return [(row.pop("country"), Cell(**{**row, "state": State(row["state"])})) for row in rows]


def list_settings(db: Connection, actor: Actor) -> list[Row]:
    """Return every force of the actor's country with what is published of it; off unless switched on.

    `counts_shown` and `marking_shown` say what the force shows its commission now, and so how much of that can go out.
    """
    return run(
        db,
        """
        select f.code, f.name_fr, f.name_en, coalesce(s.detail, 'off') as detail,
               d.level in ('counts', 'counts_and_marking', 'serials') as counts_shown,
               d.level in ('counts_and_marking', 'serials') as marking_shown
          from force f
          join shown_forces() d on d.force_code = f.code
          left join publication_setting s on (s.country, s.force_code) = (f.country, f.code)
         where f.country = %(country)s
         order by f.code
        """,
        {"country": actor.country},
    )


def describe_release(db: Connection, actor: Actor, release_id: UUID) -> Row:
    """Return how many cells a release of the actor's country has, its forces and those left out (`left_out`)."""
    return run(
        db,
        """
        select (select count(*) from published_cell p where p.country = %(country)s and p.release_id = %(id)s) as cells,
               array(select f.force_code from published_force f
                      where f.country = %(country)s and f.release_id = %(id)s order by 1) as forces,
               array(select o.force_code from published_omission o
                      where o.country = %(country)s and o.release_id = %(id)s order by 1) as left_out
        """,
        {"country": actor.country, "id": release_id},
    )[0]
