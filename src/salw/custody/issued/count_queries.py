"""Counting what people have themselves and what they answer for, for lists of people."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run
from salw.custody.rules import COLLECTIVE_HOLDERS


def count_held_by_people(db: Connection, actor: Actor, people: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Return how many weapons each of these people has on his own holder in scope, and how many those have that he
    answers for, posts, crews, vehicles and detachments; who has none of either is left out.
    """
    rows = run(
        db,
        """
        select x.person, count(*) filter (where x.own) as own, count(*) filter (where not x.own) as answered_for
          from (
            select h.id, h.person_id as person, true as own
              from holder h
             where h.country = %(country)s and h.kind = 'person' and h.person_id = any(%(people)s)
               and h.unit_id = any(%(units)s)
            union all
            select h.id, a.person_id, false
              from answerable a join holder h on (h.country, h.id) = (a.country, a.holder_id)
             where a.country = %(country)s and a.person_id = any(%(people)s) and a.ended_at is null
               and h.unit_id = any(%(units)s) and h.kind = any(%(kinds)s)) as x
          join custody c on c.country = %(country)s and c.holder_id = x.id
         group by x.person
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "people": list(people),
            "kinds": [kind.value for kind in sorted(COLLECTIVE_HOLDERS)],
        },
    )
    return {row["person"]: (row["own"], row["answered_for"]) for row in rows}
