"""What an administrator sees: people of his units, their accounts and functions, and no weapon."""

from typing import Any
from uuid import UUID

from salw.access import queries
from salw.access.guard import Desk
from salw.access.names import full_name
from salw.core.db import Row
from salw.core.pages import PAGE_SIZE
from salw.web.views.access import with_last_day


def accounts(desk: Desk, matricule: str, after: UUID | None) -> dict[str, Any]:
    """Return the accounts in scope, or the people who bear a matricule, with or without account."""
    if matricule:
        people = queries.list_people(desk.db, desk.actor, matricule=matricule, after=None, limit=PAGE_SIZE)
        named = [{**row, "name": full_name(row, desk.actor.language)} for row in people]
        return {"people": named, "accounts": [], "after": None}
    rows = queries.list_accounts(desk.db, desk.actor, person=None, after=after, limit=PAGE_SIZE + 1)
    shown = [{**row, "state": state_of(row), "name": full_name(row, desk.actor.language)} for row in rows[:PAGE_SIZE]]
    return {"people": None, "accounts": shown, "after": shown[-1]["id"] if len(rows) > PAGE_SIZE else None}


def person(desk: Desk, person_id: UUID) -> dict[str, Any]:
    """Return a person with accounts and functions. Raises `person.not_found`."""
    accounts = queries.list_accounts(desk.db, desk.actor, person=person_id, after=None, limit=PAGE_SIZE)
    postings = queries.list_postings(desk.db, desk.actor, person=person_id, after=None, limit=PAGE_SIZE)
    return {
        "person": queries.get_listed_person(desk.db, desk.actor, person_id),
        "accounts": [{**row, "state": state_of(row)} for row in accounts],
        "postings": [with_last_day(row) for row in postings],
        "own": person_id == desk.actor.person_id,
        "zone": desk.actor.time_zone,
    }


def state_of(account: Row) -> str:
    """Return in a word where an account stands."""
    if account["disabled_at"] is not None:
        return "closed"
    if account["must_change_password"]:
        return "first_password"
    return "open" if account["factors"] or account["demo"] else "no_factor"
