"""Musters at the desk: who has what in a unit, what each showed, what nobody has presented."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.queries import list_units
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import NotFound, Unacceptable
from salw.core.language import translate
from salw.core.pages import PAGE_SIZE, decode_text_cursor, encode_text_cursor
from salw.custody.issued.queries import list_issued
from salw.custody.issued.rules import IssuedState
from salw.custody.musters import queries
from salw.custody.musters.rules import Result, Seen, was_held
from salw.scanning.lines import split_lines
from salw.web.counter import CODES_MAX, read_each
from salw.web.views.naming import holder_words

CALLED_MAX = 500


def musters(desk: Desk, cursor: str | None) -> dict[str, Any]:
    """Return a page of the musters of units in scope, the latest first."""
    rows = queries.list_latest_musters(desk.db, desk.actor, before=_before(cursor), limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    more = len(rows) > PAGE_SIZE
    return {
        "musters": shown,
        "cursor": encode_text_cursor(f"{shown[-1]['held_at'].isoformat()} {shown[-1]['id']}") if more else None,
        "zone": desk.actor.time_zone,
        "records": desk.also_holds(Permission.MUSTER_RECORD),
    }


def _before(cursor: str | None) -> tuple[datetime, UUID] | None:
    text = decode_text_cursor(cursor)
    if text is None:
        return None
    at, _, muster_id = text.partition(" ")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(muster_id)
    except (ValueError, OverflowError) as error:
        raise Unacceptable("page.bad_cursor") from error


def muster(desk: Desk, muster_id: UUID) -> dict[str, Any]:
    """Return a muster with its lines. Raises `muster.not_found`."""
    head, lines = queries.get_muster(desk.db, desk.actor, muster_id)
    return {"muster": head, "lines": [_named(desk, line) for line in lines], "zone": desk.actor.time_zone}


def call(desk: Desk, unit: UUID | None) -> dict[str, Any]:
    """Return the units that may be called, and who has which weapon in the one chosen, by holder.

    Raises `unit.not_found`.
    """
    units = [(str(row["id"]), row["name"]) for row in list_units(desk.db, desk.actor)]
    if unit is None and len(units) == 1:
        unit = UUID(units[0][0])
    if unit is not None and str(unit) not in dict(units):
        raise NotFound("unit.not_found", unit=str(unit))
    rows: list[Row] = []
    if unit is not None:
        rows = list_issued(
            desk.db,
            desk.actor,
            state=IssuedState.OUT,
            holder=None,
            unit=unit,
            now=desk.now,
            after=None,
            limit=CALLED_MAX + 1,
        )
    lines = sorted((_named(desk, row) for row in rows[:CALLED_MAX]), key=lambda r: (r["who"]["name"], r["weapon"]))
    return {
        "units": units,
        "unit": str(unit or ""),
        "unit_name": dict(units).get(str(unit), ""),
        "lines": lines,
        "more": len(rows) > CALLED_MAX,
        "today": desk.actor.today,
        "zone": desk.actor.time_zone,
    }


def _named(desk: Desk, row: Row) -> Row:
    return {**row, "who": holder_words({**row, "erased_on": None}, desk.actor.language)}


@dataclass(frozen=True, slots=True)
class Call:
    """The weapons called that their holders had at the instant of the muster, and those that they drew later."""

    lines: Sequence[Row]
    later: Sequence[Row]


def at_instant(lines: Collection[Row], held_at: datetime) -> Call:
    """Part the weapons called by what their holders had then."""
    had = [row for row in lines if was_held(held_at, row["since"])]
    return Call(had, [row for row in lines if not was_held(held_at, row["since"])])


@dataclass(slots=True)
class Called:
    """What is said of each weapon called: how it was seen, or that it was reported; and what is wrong by field."""

    seen: dict[UUID, Seen] = field(default_factory=dict)
    told: list[UUID] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)

    def result(self, weapon: UUID) -> Result:
        """Return what this makes of a weapon."""
        if weapon in self.seen:
            return Result.PRESENTED
        return Result.REPORTED if weapon in self.told else Result.NOT_PRESENTED


@dataclass(frozen=True, slots=True)
class Ticked:
    """What was ticked: the weapons presented, reported and not presented, and of the rest that all were, or none."""

    seen: Collection[UUID]
    told: Collection[UUID]
    away: Collection[UUID]
    rest: str

    @property
    def twice(self) -> set[UUID]:
        """Return the weapons of which two things are said."""
        seen, told, away = set(self.seen), set(self.told), set(self.away)
        return seen & told | seen & away | told & away


def answers(desk: Desk, call: Call, codes: str, ticked: Ticked) -> Called:
    """Return what was scanned and ticked of the weapons called; what was seen is not merely reported.

    A weapon that nobody of the unit has, or had at the instant of the muster, is named at the field of the codes.
    """
    language = desk.actor.language
    seen, told = ticked.seen, ticked.told
    known = {row["weapon"] for row in call.lines}
    found = Called({w: Seen.SERIAL for w in seen if w in known})
    if early := [row["registry_number"] for row in call.later if row["weapon"] in {*seen, *told}]:
        found.wrong["codes"] = translate("web.musters.not_yet", language, numbers=", ".join(early))
        return found
    texts = split_lines(codes)
    if len(texts) > CODES_MAX:
        found.wrong["codes"] = translate("web.desk.too_many_codes", language, count=len(texts), most=CODES_MAX)
        return found

    def judge(weapon: Row) -> str | None:
        if weapon["id"] in {row["weapon"] for row in call.later}:
            return "web.musters.not_yet_one"
        return None if weapon["id"] in known else "web.musters.not_called"

    read = read_each(desk, texts, judge, None)
    wrong = [said for _, said in read.values() if said]
    if wrong:
        found.wrong["codes"] = "\n".join(wrong)
    found.seen |= {weapon["id"]: Seen.SCAN for weapon, said in read.values() if weapon is not None and not said}
    found.told = [w for w in told if w in known and w not in found.seen]
    if ticked.rest == "presented":
        rest = [row["weapon"] for row in call.lines if row["weapon"] not in {*told, *ticked.away, *found.seen}]
        found.seen |= dict.fromkeys(rest, Seen.SERIAL)
    _judge(desk, call, ticked, found)
    return found


def _judge(desk: Desk, call: Call, ticked: Ticked, found: Called) -> None:
    """Say at its line what cannot be, and ask expressly where nobody has presented anything."""
    language = desk.actor.language
    found.wrong |= {f"line_{w}": translate("web.musters.said_twice", language) for w in ticked.twice}
    for row in call.lines:
        if row["weapon"] in found.seen and row["person"] == desk.actor.person_id:
            found.wrong[f"line_{row['weapon']}"] = translate("muster.own_weapon", language)
    if ticked.rest == "none" and (found.seen or found.told):
        found.wrong["rest"] = translate("web.musters.not_none", language)
    elif not found.seen and not found.told and not found.wrong and ticked.rest != "none":
        found.wrong["rest"] = translate("web.musters.say_none", language)
