"""A nominal list in the morning and in the evening: who draws what, what comes back, each fault at its line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.core.db import Row
from salw.core.errors import DomainError
from salw.core.language import Language, translate
from salw.custody.authorisations.queries import list_standings
from salw.custody.authorisations.rules import Standing, missing_to_draw
from salw.custody.nominal_lists.queries import list_carried, list_hands
from salw.custody.nominal_lists.rules import Draw, Exceptions, Hindrance, Line, match_lines
from salw.scanning.lines import split_lines
from salw.web.counter import CODES_MAX, Judge, in_store, is_out, read_each
from salw.web.forms import told, within
from salw.web.views import issuing
from salw.web.views.naming import holder_words
from salw.web.views.nominal import split_wishes

# What hinders the man leaves the weapon free for who comes in his place.
OF_THE_MAN = frozenset({Hindrance.NOBODY_ANSWERS, Hindrance.SEE_COMMANDER})

# By what was typed: the weapon, or the person, and what is wrong with it.
Reads = Mapping[str, tuple[Row | None, str | None]]
People = Reads


@dataclass(frozen=True, slots=True)
class Beside:
    """What was typed beside a line: another weapon, another man."""

    instead: str
    replaced: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who draws a weapon without its line: what the page says of him, the field and the row he was typed in."""

    person: Row
    note: str
    place: str
    row: int


@dataclass(slots=True)
class Moment:
    """What goes out or comes back: the body that is recorded, what the page shows of it, what is wrong by field.

    `weapons` are those that go, `instead` and `newcomers` what was said of them by hand: the weapon of a line, and of
    a weapon who draws it who is on no line.
    """

    absent: list[int]
    body: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    weapons: dict[UUID, Row] = field(default_factory=dict)
    instead: dict[int, UUID] = field(default_factory=dict)
    newcomers: dict[UUID, Newcomer] = field(default_factory=dict)

    @property
    def by_hand(self) -> set[UUID]:
        """Return the weapons of which somebody said by hand who draws them."""
        return {*self.newcomers, *self.instead.values()}

    def split(self, waits: Sequence[Row]) -> dict[str, list[Row]]:
        """Return the lines that wait and do not go: men `missing`, men `bereft` of their weapon, and what is `left`.

        Whose weapon goes to another is left without one, and nothing waits for him any more.
        """
        gone = {row["line"] for row in self.rows}
        stay = [line for line in waits if line["line"] not in gone]
        present = [line for line in stay if line["line"] not in self.absent]
        return {
            "missing": [line for line in stay if line["line"] in self.absent],
            "bereft": [line for line in present if line["weapon"] in self.weapons],
            "left": [line for line in present if line["weapon"] not in self.weapons],
        }

    def say(self, place: str, text: str) -> None:
        """Say what is wrong at a field, beside what is wrong there already."""
        self.wrong[place] = f"{self.wrong[place]}\n{text}" if place in self.wrong else text


def evening(desk: Desk, shown: Mapping[str, Any], *, codes: str, whole: bool, absent: list[int]) -> Moment:
    """Return what comes back: what was read, and with `whole` all that is out but for the lines of `absent`.

    A weapon of another slip comes back from whoever has it, who is named.
    """
    found = Moment(absent)
    _read(desk, shown, codes, is_out, found)
    lines = {line["weapon"]: line for line in shown["out"]}
    if whole:
        found.weapons |= {w: line for w, line in lines.items() if line["line"] not in absent}
    _say_nothing(desk, found)
    _say_both(desk, found, {lines[w]["line"] for w in found.weapons if w in lines} & set(absent))
    others = [weapon for weapon in found.weapons if weapon not in lines]
    hands = list_hands(desk.db, desk.actor, others) if others else {}
    language = desk.actor.language
    for weapon, row in found.weapons.items():
        line = lines.get(weapon)
        number, who, note = (line["line"], line["who"], None) if line else (None, None, "web.nominal.other_slip")
        if who is None and weapon in hands:
            who = holder_words({**hands[weapon], "erased_on": None}, language)
        who = who or {"name": translate("person.elsewhere_line", language), "under": "", "address": None}
        said = translate(note, language) if note else None
        found.rows.append({"line": number, "who": who, "id": str(weapon), "weapon": row, "note": said})
    found.body = {"weapons": _versions(found)}
    return found


def morning(
    desk: Desk,
    shown: Mapping[str, Any],
    *,
    codes: str,
    whole: bool,
    absent: list[int],
    beside: Mapping[int, Beside],
    more: str,
) -> Moment:
    """Return what goes out: what was read, with `whole` all that is planned and can go, and what was said by hand.

    A man in the place of another draws the weapon of his line, who is then absent, or the other one typed beside it.
    """
    found = Moment(sorted({*absent, *(n for n, row in beside.items() if row.replaced)}))
    due = shown["list"]["due_back_at"]
    if due is not None and due <= desk.now:
        found.say("codes", translate("web.nominal.due_passed", desk.actor.language))
    store = shown["list"]["store"]
    judge = in_store(store)
    waits = {line["line"]: line for line in shown["planned"]}
    added = split_wishes(more)
    _read(desk, shown, codes, judge, found)
    codes_by_hand = [*(row.instead for row in beside.values() if row.instead), *(code for _, _, code in added if code)]
    read = read_each(desk, codes_by_hand, judge, store)
    people = issuing.find_each(
        desk, [*(r.replaced for r in beside.values() if r.replaced), *(who for _, who, _ in added)]
    )
    for number, row in beside.items():
        if number in waits:
            _beside(desk, found, waits[number], row, read, people)
    _more(desk, found, added, read, people)
    if whole:
        free = [
            line
            for n, line in waits.items()
            if n not in found.absent and n not in found.instead and not line["hindrance"]
        ]
        found.weapons |= {line["planned"]: line for line in free if line["planned"] not in found.by_hand}
    _match(desk, shown, found)
    return found


def _beside(desk: Desk, found: Moment, line: Row, row: Beside, read: Reads, people: People) -> None:
    """Take what was typed beside a line: another weapon for its man, or another man for its weapon."""
    number, language = line["line"], desk.actor.language
    weapon_id, weapon = line["planned"], line
    if row.instead:
        other, said = read[row.instead]
        if other is None or said:
            found.say(f"instead_{number}", said or "")
            return
        weapon_id, weapon = other["id"], other
    place = f"replaced_{number}" if row.replaced else f"instead_{number}"
    if not row.replaced:
        if row.instead and _once(desk, found, weapon_id, place):
            found.instead[number] = weapon_id
            found.weapons[weapon_id] = weapon
        return
    person, said = people[row.replaced]
    hindrance = line["hindrance"] or (None if weapon_id else Hindrance.NO_WEAPON)
    if person is None:
        found.say(place, said or "")
    elif not row.instead and hindrance is not None and hindrance not in OF_THE_MAN:
        why = translate(f"hindrance.{hindrance}", language)
        found.say(place, translate("web.nominal.no_such_weapon", language, why=why))
    elif _once(desk, found, weapon_id, place):
        note = translate("web.nominal.in_place_of", language, name=line["who"]["name"])
        found.newcomers[weapon_id] = Newcomer(person, note, place, number)
        found.weapons[weapon_id] = weapon


def _more(desk: Desk, found: Moment, added: Sequence[tuple[int, str, str]], read: Reads, people: People) -> None:
    """Take the men on no line, each with his weapon."""
    language = desk.actor.language
    for place, who, code in added:
        person, nobody = people[who]
        weapon, said = read[code] if code else (None, translate("web.nominal.say_weapon", language))
        if person is None or weapon is None or said:
            why = said if person is not None else nobody
            found.say("more", translate("web.nominal.line_wrong", language, line=place, why=within(why or "")))
        elif _once(desk, found, weapon["id"], "more"):
            note = translate("web.nominal.came_too", language)
            found.newcomers[weapon["id"]] = Newcomer(person, note, "more", place)
            found.weapons[weapon["id"]] = weapon


def _once(desk: Desk, found: Moment, weapon: UUID, place: str) -> bool:
    if weapon not in found.by_hand:
        return True
    found.say(place, translate("web.nominal.weapon_given_twice", desk.actor.language))
    return False


def _match(desk: Desk, shown: Mapping[str, Any], found: Moment) -> None:
    """Put every weapon on its line, by the rules that the interface goes by, and say what the page shows of each."""
    language = desk.actor.language
    known = found.by_hand | {line["planned"] for line in shown["lines"] if line["planned"]}
    strangers = [row["serial"] or row["registry_number"] for w, row in found.weapons.items() if w not in known]
    if strangers:
        found.say("codes", translate("web.nominal.strangers", language, named=", ".join(strangers)))
    planned = [line for line in shown["planned"] if line["planned"] in found.weapons]
    _say_both(desk, found, {r["line"] for r in planned if r["planned"] not in found.by_hand} & set(found.absent))
    _say_nothing(desk, found)
    if found.wrong:
        return
    lines = [Line(r["line"], r["holder"], r["planned"], r["drawn_seq"] is not None) for r in shown["lines"]]
    added = {w: one.person["id"] for w, one in found.newcomers.items()}
    try:
        draws = match_lines(lines, list(found.weapons), Exceptions(found.instead, found.absent, added))
    except DomainError as error:
        found.say("codes", told(error, language))
        return
    _say_who(desk, shown, found, draws)
    found.body = {
        "weapons": _versions(found),
        "instead": [{"line": n, "weapon": str(w)} for n, w in found.instead.items()],
        "absent": found.absent,
        "added": [{"to": {"person": str(n.person["id"])}, "weapon": str(w)} for w, n in found.newcomers.items()],
    }


def _say_who(desk: Desk, shown: Mapping[str, Any], found: Moment, draws: Sequence[Draw]) -> None:
    """Say who draws what, at his field who may not draw, and of each what the counter should see before he does.

    Who carries a weapon already, or stands on another line, may draw one more: it is told, and not refused.
    """
    language = desk.actor.language
    by_line = {line["line"]: line for line in shown["lines"]}
    drawers = [_drawer(found, by_line, draw, language) for draw in draws]
    asked = sorted({one["person"] for one in drawers if one["person"]})
    standings = list_standings(desk.db, desk.actor, asked) if asked else {}
    carried = list_carried(desk.db, desk.actor, asked) if asked else {}
    for one in drawers:
        refused = one["refused"] or _refused(standings.get(one["person"]), one["weapon"]["class_code"])
        if refused:
            why = translate("web.nominal.may_not", language, name=one["who"]["name"], why=translate(refused, language))
            if one["place"] == "more":  # one field for many men; the others are each at their line
                why = translate("web.nominal.line_wrong", language, line=one["row"], why=why)
            found.say(one["place"], why)
        if one["person"] == desk.actor.person_id:  # refused at the end, unless a derogation lets him
            one["notes"].append(translate("web.nominal.oneself", language))
        if one["person"] in carried:
            one["notes"].append(translate("web.nominal.carries", language, named=", ".join(carried[one["person"]])))
        lines = [n for n, line in by_line.items() if one["line"] is None and line["person"] == one["person"]]
        if lines:
            one["notes"].append(
                translate("web.nominal.on_list", language, named=", ".join(map(str, lines)), count=len(lines))
            )
    found.rows = [{**one, "note": ", ".join(one["notes"])} for one in drawers]


def _drawer(found: Moment, by_line: Mapping[int, Row], draw: Draw, language: Language) -> dict[str, Any]:
    """Return who draws and what: his line, the field and row where he was typed, who he is if known, what is noted."""
    weapon = found.weapons[draw.weapon_id]
    if draw.added:
        one = found.newcomers[draw.weapon_id]
        person = one.person
        who = {"name": person["name"], "under": person["matricule"] or "", "address": f"/personnes/{person['id']}"}
        where = {"line": None, "place": one.place, "row": one.row, "refused": None}
        return {**where, "weapon": weapon, "person": person["id"], "who": who, "notes": [one.note]}
    line = by_line[draw.line]
    nobody = line["hindrance"] is Hindrance.NOBODY_ANSWERS
    return {
        "line": draw.line,
        "place": f"replaced_{draw.line}",
        "row": draw.line,
        "refused": f"hindrance.{Hindrance.NOBODY_ANSWERS}" if nobody else None,
        "weapon": weapon,
        "person": line["person"],
        "who": line["who"],
        "notes": [translate("web.nominal.other_weapon", language)] if draw.line in found.instead else [],
    }


def _refused(standing: Standing | None, class_code: str) -> str | None:
    """Return the code by which the operation refuses somebody a weapon of a class; None where he may draw it."""
    if standing is None:
        return None
    if standing.suspended:
        return "draw.suspended"
    missing = missing_to_draw(standing, [class_code])
    return f"draw.{missing.value}" if missing else None


def _read(desk: Desk, shown: Mapping[str, Any], codes: str, judge: Judge, found: Moment) -> None:
    texts, language = split_lines(codes), desk.actor.language
    if len(texts) > CODES_MAX:
        found.say("codes", translate("web.desk.too_many_codes", language, count=len(texts), most=CODES_MAX))
        return
    for weapon, said in read_each(desk, texts, judge, shown["list"]["store"]).values():
        if said:
            found.say("codes", said)
        elif weapon is not None:
            found.weapons[weapon["id"]] = weapon


def _say_nothing(desk: Desk, found: Moment) -> None:
    if not found.weapons and not found.wrong:
        found.say("codes", translate("web.desk.no_code", desk.actor.language))


def _say_both(desk: Desk, found: Moment, lines: set[int]) -> None:
    if lines:
        named = ", ".join(map(str, sorted(lines)))
        found.say("codes", translate("web.nominal.read_and_absent", desk.actor.language, named=named))


def _versions(found: Moment) -> list[dict[str, Any]]:
    return [{"weapon": str(w), "version": row["version"]} for w, row in found.weapons.items()]
