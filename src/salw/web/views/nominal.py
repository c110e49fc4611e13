"""Nominal lists at the desk: prepared in the evening, issued from in the morning, returned to in the evening after."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from salw.access.guard import Desk
from salw.access.queries import list_units
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.language import translate
from salw.core.pages import PAGE_SIZE, decode_cursor, encode_cursor
from salw.custody.nominal_lists import queries
from salw.custody.nominal_lists.rules import LineState
from salw.scanning.lines import read_lines
from salw.scanning.noticed import seen_in
from salw.web.forms import shortened, within
from salw.web.views import issuing
from salw.web.views.naming import holder_words

WISHES_MAX = 200


def lists(desk: Desk, cursor: str | None) -> dict[str, Any]:
    """Return a page of the nominal lists of units in scope."""
    rows = queries.list_nominal_lists(desk.db, desk.actor, store=None, after=decode_cursor(cursor), limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    return {
        "lists": list(reversed(shown)),
        "cursor": encode_cursor(shown[-1]["id"]) if len(rows) > PAGE_SIZE else None,
        "zone": desk.actor.time_zone,
        "records": desk.also_holds(Permission.NOMINAL_LIST_RECORD),
    }


def form(desk: Desk) -> dict[str, Any]:
    """Return what the form of a new list offers."""
    return {
        "stores": issuing.stores(desk),
        "units": [(str(row["id"]), row["name"]) for row in list_units(desk.db, desk.actor)],
        "today": desk.actor.today,
    }


def like(desk: Desk, list_id: UUID) -> dict[str, str]:
    """Return the form of a list filled in as another one, with those who have not drawn on it and may be typed.

    Raises `nominal_list.not_found`.
    """
    shown = nominal_list(desk, list_id)
    head, due = shown["list"], shown["list"]["due_back_at"]
    lines = [(line["matricule"], line["serial"] or line["registry_number"]) for line in shown["planned"]]
    back = due.astimezone(ZoneInfo(desk.actor.time_zone)) if due else None
    return {
        "store": str(head["store"]),
        "title": head["title"] or "",
        "due_day": back.date().isoformat() if back else "",
        "due_hour": f"{back:%H:%M}" if back else "",
        "people": "\n".join(f"{number}; {code}" if code else number for number, code in lines if number),
    }


def split_wishes(text: str) -> list[tuple[int, str, str]]:
    """Return the number of each line as the field shows it, who, and after a semicolon the weapon where one is meant.

    Empty lines are counted and left out.
    """
    parts = [(number, line.partition(";")) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return [(number, who.strip(), code.strip()) for number, (who, _, code) in parts]


def wishes(desk: Desk, text: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return who is to draw, a line each, and what is wrong with the lines that name nobody, or no weapon, a line each.

    Each fault names its line.
    """
    language = desk.actor.language
    parts = split_wishes(text)
    if len(parts) > WISHES_MAX:
        return [], translate("web.desk.too_many_codes", language, count=len(parts), most=WISHES_MAX)
    codes = [code for _, _, code in parts if code]
    read = {line.text: line for line in read_lines(desk.db, desk.actor, codes)} if codes else {}
    people = issuing.find_each(desk, [who for _, who, _ in parts])
    desk.seen.extend(seen_in(read.values(), desk.actor, place_id=None, at=desk.now))
    wished: list[dict[str, Any]] = []
    wrong: list[str] = []
    planned: dict[UUID, int] = {}
    for number, who, code in parts:
        person, said = people[who]
        weapon = read[code].weapon if code else None
        if person is None:
            wrong.append(translate("web.nominal.line_wrong", language, line=number, why=within(said or "")))
        elif code and weapon is None:
            why = translate("web.desk.line_wrong", language, text=shortened(code), why=within(read[code].wrong or ""))
            wrong.append(translate("web.nominal.line_wrong", language, line=number, why=why))
        elif weapon and weapon["id"] in planned:
            why = translate("web.nominal.weapon_on_line", language, text=shortened(code), line=planned[weapon["id"]])
            wrong.append(translate("web.nominal.line_wrong", language, line=number, why=why))
        else:
            if weapon:
                planned[weapon["id"]] = number
            wished.append({"to": {"person": person["id"]}, "weapon": weapon["id"] if weapon else None})
    return wished, "\n".join(wrong) or None


def nominal_list(desk: Desk, list_id: UUID) -> dict[str, Any]:
    """Return a list with its lines as they stand, and what its reader may do. Raises `nominal_list.not_found`."""
    head = queries.get_nominal_list(desk.db, desk.actor, list_id)
    lines = [
        {**row, "who": holder_words({**row, "erased_on": None}, desk.actor.language)}
        for row in queries.list_lines(desk.db, desk.actor, list_id)
    ]
    states = [line["state"] for line in lines]
    planned = [line for line in lines if line["state"] in (LineState.PLANNED, LineState.ABSENT)]
    elsewhere: dict[int, list[Row]] = {}
    for row in queries.list_elsewhere(desk.db, desk.actor, list_id, now=desk.now) if planned else ():
        elsewhere.setdefault(row["line"], []).append(row)
    guest = desk.reads_as_guest(head["unit"])
    return {
        "list": head,
        "lines": lines,
        "planned": planned,
        "elsewhere": elsewhere,
        "out": [line for line in lines if line["state"] is LineState.OUT],
        "counts": {state.value: states.count(state) for state in LineState},
        "zone": desk.actor.time_zone,
        "guest": guest,
        "issues": not guest and desk.also_holds(Permission.ISSUE_RECORD),
        "returns": not guest and desk.also_holds(Permission.RETURN_RECORD),
        "records": not guest and desk.also_holds(Permission.NOMINAL_LIST_RECORD),
    }
