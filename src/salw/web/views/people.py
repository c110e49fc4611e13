"""The people of the units in scope, and the fiche de détenteur of one: what he has, may draw, and had."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Request

from salw.access.guard import Desk
from salw.access.operations.traces import record_reads
from salw.access.people_queries import find_people
from salw.access.queries import get_listed_person, list_units
from salw.access.rules import Permission
from salw.access.trace_rules import ReadCode
from salw.core.db import Row
from salw.core.errors import Unacceptable
from salw.core.language import Language, translate
from salw.core.pages import PAGE_SIZE, decode_text_cursor, encode_text_cursor
from salw.custody.authorisations import queries
from salw.custody.authorisations.rules import may_draw
from salw.custody.authorisations.schemas import authorisation_out, contract_out
from salw.custody.issued import due_queries
from salw.custody.issued.count_queries import count_held_by_people
from salw.custody.nominal_lists.queries import list_hands
from salw.reports.register_queries import get_person
from salw.web.desks import open_desk, visit
from salw.web.views.naming import holder_words, person_words, without_rank

HELD_SHOWN = 200
PAST_SHOWN = 50
PAST_SINCE = timedelta(days=365)
GIVEN_SHOWN = 20


def people(desk: Desk, text: str, unit: UUID | None, cursor: str | None) -> dict[str, Any]:
    """Return a page of people by name: how many weapons each has and answers for, and whether he may draw."""
    rows = find_people(desk.db, desk.actor, text=text or None, unit=unit, after=_after(cursor), limit=PAGE_SIZE + 1)
    if not rows and (named := without_rank(text)):
        rows = find_people(desk.db, desk.actor, text=named, unit=unit, after=_after(cursor), limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    ids = [row["id"] for row in shown]
    standings = queries.list_standings(desk.db, desk.actor, ids) if ids else {}
    held = count_held_by_people(desk.db, desk.actor, ids) if ids else {}
    return {
        "people": [
            {
                **row,
                "name": person_words(row, desk.actor.language),
                "held": held.get(row["id"], (0, 0))[0],
                "answered_for": held.get(row["id"], (0, 0))[1],
                "may_draw": may_draw(standings[row["id"]]),
                "suspended": standings[row["id"]].suspended,
            }
            for row in shown
        ],
        "cursor": _cursor(shown[-1]) if len(rows) > PAGE_SIZE else None,
        "units": [(row["id"], row["name"]) for row in list_units(desk.db, desk.actor)],
        "reads_rights": desk.also_holds(Permission.AUTHORISATION_READ),
        "records_people": desk.also_holds(Permission.PERSON_RECORD),
    }


def _cursor(row: Row) -> str:
    return encode_text_cursor(json.dumps([row["name_order"], str(row["id"])]))


def _after(cursor: str | None) -> tuple[str, UUID] | None:
    text = decode_text_cursor(cursor)
    if text is None:
        return None
    try:
        name, person = json.loads(text)
        return str(name), UUID(person)
    except (ValueError, TypeError, AttributeError) as error:
        raise Unacceptable("page.bad_cursor") from error


def person(request: Request, language: Language, person_id: UUID) -> dict[str, Any]:
    """Return the fiche de détenteur of a person in scope; who is looked up is noted.

    The counter is told whether he may draw and no more; what was given him by whom, those who may read it. Raises
    `person.not_found`, `access.not_permitted`.
    """
    with open_desk(request, Permission.REPORT_READ, language) as desk:
        found = get_person(desk.db, desk.actor, person_id)
        standing = queries.list_standings(desk.db, desk.actor, [person_id])[person_id]
        held = due_queries.list_held(desk.db, desk.actor, found["holders"], now=desk.now, limit=HELD_SHOWN)
        his = [row for row in held if not row["held"]]
        drawn = [row["weapon"] for row in his if row["state"] == "issued"]
        hands = list_hands(desk.db, desk.actor, drawn) if drawn else {}
        posts = found["answers_for"]
        answered = due_queries.list_held(desk.db, desk.actor, posts, now=desk.now, limit=HELD_SHOWN) if posts else []
        past = due_queries.list_past_issues(
            desk.db, desk.actor, found["holders"], since=desk.now - PAST_SINCE, limit=PAST_SHOWN
        )
        record_reads(
            desk.db, actor=desk.actor, permission=Permission.REPORT_READ, code=ReadCode.PERSON, record_ids=[person_id]
        )
        told = {name: (found["value"] or found["remains"]).get(name) for name in ("rank", "family_name", "given_names")}
        guest = desk.reads_as_guest(found["unit"])

        def may(permission: Permission) -> bool:
            return not guest and desk.also_holds(permission)

        context = {
            "id": person_id,
            "name": person_words({**told, "erased_on": found["remains"].get("erased_on"), **_unit(found)}, language),
            "matricule": found["matricule"],
            "unit_name": found["unit_name"],
            "held": [row for row in held if row["held"]],
            "his": [row for row in his if row["state"] != "issued"],
            "drawn_by_another": [
                {**row, "who": _hands(hands.get(row["weapon"]), language)} for row in his if row["state"] == "issued"
            ],
            "answered": [row for row in answered if row["held"]],
            "past": past,
            "may_draw": may_draw(standing),
            "suspended": standing.suspended,
            "zone": desk.actor.time_zone,
            "today": desk.actor.today,
            "issues": may(Permission.ISSUE_RECORD) and not found["remains"].get("erased_on"),
            "changes": may(Permission.PERSON_RECORD)
            and not found["remains"].get("erased_on")
            and person_id != desk.actor.person_id,
            "makes_cards": may(Permission.LABEL_MAKE) and bool(found["matricule"]),
            "authorises": may(Permission.AUTHORISATION_GIVE),
            "contracts_recorded": may(Permission.CONTRACT_RECORD),
            "suspends": may(Permission.SUSPENSION_RECORD) and person_id != desk.actor.person_id,
            "guest": guest,
            "own": person_id == desk.actor.person_id,
        }
        reads = may(Permission.AUTHORISATION_READ)
    given = _given(request, language, person_id) if reads else None
    return {**context, "given": given}


def _hands(row: Row | None, language: Language) -> dict[str, Any]:
    if row is None:
        return {"name": translate("person.elsewhere_line", language), "under": "", "address": None}
    return holder_words({**row, "erased_on": None}, language)


def _unit(found: Row) -> Row:
    return {"unit_name": found["unit_name"], "unit": found["remains"].get("unit")}


def _given(request: Request, language: Language, person_id: UUID) -> dict[str, Any] | None:
    with visit(request, Permission.AUTHORISATION_READ, language) as desk:
        if desk is None:
            return None
        today = desk.actor.today
        authorisations = queries.list_authorisations(
            desk.db, desk.actor, person=person_id, after=None, limit=GIVEN_SHOWN
        )
        contracts = queries.list_contracts(desk.db, desk.actor, person=person_id, after=None, limit=GIVEN_SHOWN)
    return {
        "authorisations": [authorisation_out(row, today) for row in authorisations],
        "contracts": [contract_out(row, today) for row in contracts],
    }


def name_of(request: Request, language: Language, person_id: UUID) -> str:
    """Return the name of a person in scope. Raises `person.not_found`."""
    with open_desk(request, Permission.DRAW_READ, language) as desk:
        return person_words(get_listed_person(desk.db, desk.actor, person_id), language)
