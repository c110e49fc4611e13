"""Who may be made to answer for a post, crew, vehicle, detachment, workshop or store: asked as an issue asks it."""

from uuid import UUID

from sqlalchemy import Connection

from salw.access.people_queries import get_person
from salw.core.actor import Actor
from salw.core.db import Row, run_one
from salw.core.errors import Conflict, NotFound
from salw.custody.authorisations.queries import standing_of
from salw.custody.authorisations.rules import check_takeover
from salw.custody.rules import USER_HOLDERS, HolderKind

# Whoever withdraws the right to draw waits for the row that is held here, or is waited for and then seen.
_STANDING = """
with held as materialized (select %(person)s::uuid as id where hold_person(%(person)s))
select s.*,
       array(select distinct w.class_code
               from custody c join weapon w on (w.country, w.id) = (c.country, c.weapon_id)
              where c.country = %(country)s and c.holder_id = %(holder)s) as classes
  from held cross join lateral standings_to_draw(array[held.id], %(today)s) as s
"""


def hold_answerable(db: Connection, actor: Actor, person_id: UUID, *, holder_id: UUID, kind: HolderKind) -> Row:
    """Hold a person in scope until commit who is to answer for a holder and what it has, and return him.

    Weapons that a post has are his as if they were issued to him; what a store or a workshop has he does not draw, and
    only a withdrawal stands against it. Raises `person.not_found`, `draw.suspended`, `relief.may_not_draw`.
    """
    person = get_person(db, actor, person_id)
    asked = {"country": actor.country, "person": person_id, "holder": holder_id, "today": actor.today}
    row = run_one(db, _STANDING, asked)
    if row is None:
        raise NotFound("person.not_found", person=str(person_id))
    missing = check_takeover(standing_of(row), row["classes"], draws=kind in USER_HOLDERS)
    if missing is not None:
        raise Conflict("relief.may_not_draw", missing=missing.value)
    return person
