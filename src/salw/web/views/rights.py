"""What a commander sees of who may draw: what units ask for, and the authorisations and contracts given."""

from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.people_queries import find_people
from salw.access.queries import list_units
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, decode_cursor, encode_cursor
from salw.custody.authorisations import queries
from salw.custody.authorisations.rules import may_draw
from salw.custody.authorisations.schemas import PEOPLE_MAX, authorisation_out, contract_out
from salw.registry.classification import ClassCode
from salw.web.views.naming import person_words


def rights(desk: Desk, *, contracts: bool, cursor: str | None) -> dict[str, Any]:
    """Return a page of authorisations, or of contracts, with what units in scope and those above ask for."""
    asked, told = (
        (queries.list_contracts, contract_out) if contracts else (queries.list_authorisations, authorisation_out)
    )
    rows = asked(desk.db, desk.actor, after=decode_cursor(cursor), limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    units = list_units(desk.db, desk.actor)
    return {
        "given": [
            {**told(row, desk.actor.today).model_dump(), "name": person_words(row, desk.actor.language)}
            for row in shown
        ],
        "cursor": encode_cursor(shown[-1]["id"]) if len(rows) > PAGE_SIZE else None,
        "rules": queries.list_rules(desk.db, desk.actor),
        "units": [(str(row["id"]), row["name"]) for row in units],
        "decides": desk.also_holds(Permission.AUTHORISATION_GIVE),
    }


def section(desk: Desk, unit: UUID | None) -> dict[str, Any]:
    """Return the people of a unit, as many as are authorised at once, each with what he has now; nobody himself."""
    rows = find_people(desk.db, desk.actor, text=None, unit=unit, after=None, limit=PEOPLE_MAX + 1) if unit else []
    shown = [row for row in rows[:PEOPLE_MAX] if row["erased_on"] is None and row["id"] != desk.actor.person_id]
    standings = queries.list_standings(desk.db, desk.actor, [row["id"] for row in shown]) if shown else {}
    return {
        "units": [(str(row["id"]), row["name"]) for row in list_units(desk.db, desk.actor)],
        "people": [
            {
                "id": str(row["id"]),
                "name": person_words(row, desk.actor.language),
                "matricule": row["matricule"],
                "covers": sorted(code for code in standings[row["id"]].covers if code),
                "any": None in standings[row["id"]].covers,
                "until": standings[row["id"]].authorised_until,
                "suspended": standings[row["id"]].suspended,
                "may_draw": may_draw(standings[row["id"]]),
            }
            for row in shown
        ],
        "more": len(rows) > PEOPLE_MAX,
        "most": PEOPLE_MAX,
        "classes": [code.value for code in ClassCode],
        "today": desk.actor.today,
    }
