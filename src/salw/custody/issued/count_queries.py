"""Counting what people and posts have, for lists of them."""

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


def count_held_by_holders(db: Connection, actor: Actor, holders: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many weapons each of these holders of units in scope has; who has none is left out."""
    rows = run(
        db,
        """
        select c.holder_id as holder, count(*) as n
          from custody c
         where c.country = %(country)s and c.holder_id = any(%(holders)s) and c.unit_id = any(%(units)s)
         group by c.holder_id
        """,
        {"country": actor.country, "units": list(actor.units), "holders": list(holders)},
    )
    return {row["holder"]: row["n"] for row in rows}
