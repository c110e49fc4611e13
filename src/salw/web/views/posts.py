"""Posts, crews, vehicles and detachments at the desk: who answers, what each has."""

from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.queries import list_units
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import DomainError, NotFound
from salw.core.language import translate
from salw.custody.holder_schemas import CollectiveKind
from salw.custody.issued.due_queries import list_held
from salw.custody.operations.answering import hold_answerable
from salw.custody.rules import HolderKind
from salw.web.forms import told
from salw.web.views import issuing
from salw.web.views.naming import person_words

HELD_SHOWN = 500


def posts(desk: Desk) -> dict[str, Any]:
    """Return the posts, crews, vehicles and detachments in scope with how many weapons each has."""
    return {
        "posts": [{**_named(desk, row), "held": row["weapons"]} for row in issuing.posts(desk)],
        "relieves": desk.also_holds(Permission.RELIEF_RECORD),
    }


def _named(desk: Desk, row: Row) -> Row:
    return {**row, "answers": person_words({**row, "erased_on": None}, desk.actor.language)}


def form(desk: Desk) -> dict[str, Any]:
    """Return what the form of a new post offers."""
    return {
        "units": [(str(row["id"]), row["name"]) for row in list_units(desk.db, desk.actor)],
        "kinds": [kind.value for kind in CollectiveKind],
    }


def find_incoming(desk: Desk, post: Row, text: str) -> tuple[Row | None, str | None]:
    """Return who takes over a post, or what stands against it, by the rules that the relief itself goes by."""
    person, wrong = issuing.find_one(desk, text)
    if person is None:
        return None, wrong
    language = desk.actor.language
    if person["id"] == post["person"]:
        return None, translate("relief.same_person", language)
    try:
        hold_answerable(desk.db, desk.actor, person["id"], holder_id=post["id"], kind=HolderKind(post["kind"]))
    except DomainError as error:
        return None, told(error, language)
    return person, None


def post(desk: Desk, holder_id: UUID) -> dict[str, Any]:
    """Return a post with what it has. Raises `holder.not_found`."""
    row = next((row for row in issuing.posts(desk) if row["id"] == holder_id), None)
    if row is None:
        raise NotFound("holder.not_found", holder=str(holder_id))
    held = list_held(desk.db, desk.actor, [holder_id], now=desk.now, limit=HELD_SHOWN)
    return {
        "post": _named(desk, row),
        "held": [line for line in held if line["held"]],
        "zone": desk.actor.time_zone,
        "relieves": desk.also_holds(Permission.RELIEF_RECORD, row["unit"]),
        "issues": desk.also_holds(Permission.ISSUE_RECORD, row["unit"]),
    }
