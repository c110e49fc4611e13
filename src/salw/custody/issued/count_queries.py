"""Counting what people have themselves, for lists of people."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run


def count_held_by_people(db: Connection, actor: Actor, people: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many weapons each of these people has on his own holder in scope; who has none is left out."""
    rows = run(
        db,
        """
        select h.person_id as person, count(*) as n
          from holder h join custody c on c.country = h.country and c.holder_id = h.id
         where h.country = %(country)s and h.kind = 'person' and h.person_id = any(%(people)s)
           and h.unit_id = any(%(units)s)
         group by h.person_id
        """,
        {"country": actor.country, "units": list(actor.units), "people": list(people)},
    )
    return {row["person"]: row["n"] for row in rows}
