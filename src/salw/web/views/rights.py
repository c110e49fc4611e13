"""What a commander sees of who may draw: what units ask for, and the authorisations and contracts given."""

from typing import Any

from salw.access.guard import Desk
from salw.access.queries import list_units
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, decode_cursor, encode_cursor
from salw.custody.authorisations import queries
from salw.custody.authorisations.schemas import authorisation_out, contract_out
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
