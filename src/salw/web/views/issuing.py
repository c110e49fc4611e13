"""What the desk needs to issue and to take back: the stores, who receives, what may stand as acknowledgement."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.people_queries import find_numbered, find_people
from salw.access.queries import get_store, get_unit_uuid, list_stores
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import DomainError
from salw.core.language import translate
from salw.core.pages import PAGE_SIZE_MAX
from salw.custody import queries
from salw.custody.acknowledgements.queries import get_rule, list_acknowledgements
from salw.custody.acknowledgements.queries import get_slip as find_slip
from salw.custody.acknowledgements.rules import ALL_KINDS, AcknowledgementKind
from salw.custody.authorisations.queries import list_standings
from salw.custody.authorisations.rules import missing_to_draw
from salw.custody.declarations.queries import list_account_of
from salw.custody.declarations.rules import Compared, Declared, compare_slips, is_all_back
from salw.custody.nominal_lists.queries import list_carried
from salw.custody.rules import USER_HOLDERS, Expected, is_late
from salw.registry.codes import read_code
from salw.registry.labels.queries import find_named
from salw.reports.slips.gathering import get_slip
from salw.reports.slips.schemas import document_out
from salw.web.forms import shortened
from salw.web.views.naming import person_words, without_rank
from salw_labels import Kind

SAME_NAME_SHOWN = 10
# What a form can bring along; a signature drawn and a slip photographed are files, added on the slip's own page.
AT_ONCE = (AcknowledgementKind.PIN, AcknowledgementKind.CARD, AcknowledgementKind.WITNESS)


def stores(desk: Desk) -> list[tuple[str, str]]:
    """Return the stores in scope for a field of choice, by unit and name."""
    rows = list_stores(desk.db, desk.actor, after=None, limit=PAGE_SIZE_MAX)
    rows.sort(key=lambda row: (row["unit_name"], row["name"]))
    return [(str(row["id"]), f"{row['name']} ({row['unit_name']})") for row in rows]


def posts(desk: Desk) -> list[Row]:
    """Return the posts, crews, vehicles, detachments and workshops in scope, by unit and name."""
    rows = queries.list_holders(desk.db, desk.actor, closed=False, after=None, limit=PAGE_SIZE_MAX)
    held = [row for row in rows if row["kind"] != "store"]
    return sorted(held, key=lambda row: (row["unit_name"], row["name"] or ""))


def post_choices(desk: Desk) -> list[tuple[str, str]]:
    """Return those that may draw weapons for a field of choice."""
    return holder_choices(row for row in posts(desk) if row["kind"] in USER_HOLDERS)


def holder_choices(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Return holders for a field of choice."""
    return [(str(row["id"]), f"{row['name']} ({row['unit_name']})") for row in rows]


def find_one(desk: Desk, text: str) -> tuple[Row | None, str | None]:
    """Return the person that a card, a number or a name names in scope, or what to do where none or several do."""
    text = text.strip()
    if not text:
        return None, translate("web.desk.no_person", desk.actor.language)
    by_card = _of_card(desk, text)
    rows = [by_card] if by_card else _called(desk, text) or _called(desk, without_rank(text))
    exact = [row for row in rows if (row["matricule"] or "").lower() == text.lower()]
    rows = exact or rows
    if not rows:
        return None, translate("web.desk.nobody", desk.actor.language, text=shortened(text))
    if len(rows) > 1:
        named = ", ".join(
            f"{person_words(row, desk.actor.language)} ({row['matricule']})" for row in rows[:SAME_NAME_SHOWN]
        )
        return None, translate("web.desk.several_people", desk.actor.language, text=shortened(text), named=named)
    return {**rows[0], "name": person_words(rows[0], desk.actor.language)}, None


def _called(desk: Desk, text: str) -> list[Row]:
    if not text:
        return []
    return find_people(desk.db, desk.actor, text=text, unit=None, after=None, limit=SAME_NAME_SHOWN + 1)


def find_each(desk: Desk, texts: Sequence[str]) -> dict[str, tuple[Row | None, str | None]]:
    """Return `find_one` of each text; those that are numbers, as on a list of thirty, in one statement."""
    numbered = find_numbered(desk.db, desk.actor, texts) if texts else {}
    found: dict[str, tuple[Row | None, str | None]] = {}
    for text in dict.fromkeys(texts):
        rows = numbered.get(text.lower(), [])
        if len(rows) == 1:
            found[text] = {**rows[0], "name": person_words(rows[0], desk.actor.language)}, None
        else:
            found[text] = find_one(desk, text)
    return found


def _of_card(desk: Desk, text: str) -> Row | None:
    try:
        reading = read_code(text)
    except DomainError:
        return None
    if reading.label is None or reading.kind is not Kind.PERSON:
        return None
    named = find_named(desk.db, desk.actor, reading.label)
    if named is None or named["person_id"] is None or not named["known"]:
        return None
    value = named["person"] or {}
    return {
        "id": named["person_id"],
        "matricule": named["matricule"],
        "unit_name": named["unit_name"],
        "rank": value.get("rank"),
        "family_name": value.get("family_name"),
        "given_names": value.get("given_names"),
        "erased_on": value.get("erased_on"),
    }


def receiver(desk: Desk, to: str, holder: str) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """Return who receives, a person or a post, with his `standing` where it is known, and what is wrong by field."""
    language = desk.actor.language
    if holder and to.strip():
        return None, {"to": translate("web.desk.one_receiver", language)}
    if holder:
        row = next((row for row in posts(desk) if str(row["id"]) == holder), None)
        if row is None:
            return None, {"holder": translate("web.desk.no_such_post", language)}
        if row["person"] is None:
            return None, {"holder": translate("holder.nobody_answers", language, holder=holder)}
        who = {"name": row["name"], "under": person_words({**row, "erased_on": None}, language)}
        return _drawing(desk, {**who, "person": None, "holder": row["id"], "answers": row["person"]})
    person, wrong = find_one(desk, to)
    if person is None:
        return None, {"to": wrong or ""}
    who = {"name": person["name"], "under": person["matricule"] or ""}
    return _drawing(desk, {**who, "person": person["id"], "holder": None, "answers": person["id"]})


def _drawing(desk: Desk, who: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, str]]:
    field = "holder" if who["holder"] else "to"
    try:
        standing = list_standings(desk.db, desk.actor, [who["answers"]])[who["answers"]]
    except DomainError:  # whoever answers belongs to another unit: the operation itself judges
        return {**who, "standing": None}, {}
    if standing.suspended:
        return None, {field: translate("draw.suspended", desk.actor.language)}
    return {**who, "standing": standing}, {}


def before_issue(desk: Desk, who: Row, weapons: Sequence[Row]) -> Row:
    """Return what the counter sees of a receiver before he draws these: what he `lacks`, and what he `has` already.

    What he lacks is said as its refusal says it; of a post, which holds many, what it has is not told.
    """
    standing = who["standing"]
    missing = missing_to_draw(standing, [weapon["class_code"] for weapon in weapons]) if standing else None
    carried = list_carried(desk.db, desk.actor, [who["person"]]) if who["person"] else {}
    return {
        "lacks": translate(f"draw.{missing.value}", desk.actor.language) if missing else None,
        "has": carried.get(who["person"], []),
    }


def kinds_at_once(desk: Desk, store: UUID) -> list[str]:
    """Return the ways of acknowledging that the store's force holds valid and a form can bring along."""
    force = get_store(desk.db, desk.actor, store)["force_code"]
    rule = get_rule(desk.db, desk.actor, force) if force else None
    valid = set(rule["kinds"]) if rule else {kind.value for kind in ALL_KINDS}
    return [kind.value for kind in AT_ONCE if kind.value in valid]


def slip_page(desk: Desk, slip_id: UUID) -> dict[str, Any]:
    """Return a bon, by its document or by the issue it is of, with who acknowledged it. Raises `document.not_found`."""
    found = find_slip(desk.db, desk.actor, slip_id, desk.actor.person_id)
    slip = document_out(get_slip(desk.db, desk.actor, found.id))
    return {
        "slip": slip,
        "late": is_late(slip.occurred_at, slip.recorded_at, desk.actor.time_zone, slip.paper),
        "acknowledgements": list_acknowledgements(desk.db, desk.actor, found),
        "unsigned": found.unsigned,
        "zone": desk.actor.time_zone,
        "signs": desk.also_holds(Permission.ACKNOWLEDGEMENT_RECORD),
        "ways_valid": [kind.value for kind in AcknowledgementKind if found.valid is None or kind.value in found.valid],
    }


def unsigned(desk: Desk, slip_id: UUID) -> list[UUID]:
    """Return who has not acknowledged a bon yet. Raises `document.not_found`."""
    return find_slip(desk.db, desk.actor, slip_id, desk.actor.person_id).unsigned


def account(desk: Desk, weapons: list[Row], declared: list[Declared]) -> tuple[list[Compared], list[Compared]]:
    """Return what went out beside weapons against what came back, this return included, and what of it lacks.

    Nothing lacks as long as a weapon of the same slips is still out: who has it may bring the rest.
    """
    entries = list_account_of(desk.db, desk.actor, [Expected(w["id"], w["version"]) for w in weapons])
    compared = compare_slips(entries, declared)
    return compared, [line for line in compared if line.difference > 0] if is_all_back(entries) else []


def unit_of_slip(desk: Desk, slip_id: UUID) -> UUID:
    """Return the unit whose bon it is, which keeps its pictures. Raises `document.not_found`."""
    slip = find_slip(desk.db, desk.actor, slip_id, desk.actor.person_id)
    return get_unit_uuid(desk.db, desk.actor, slip.unit_id)
