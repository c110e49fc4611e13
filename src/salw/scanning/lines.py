"""Many codes at once, as a wedge reader or a hand writes them into one field: a line each, one round trip for all."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from salw.access.rules import Permission
from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import DomainError
from salw.core.language import translate
from salw.custody.rules import STATE_SQL
from salw.registry.codes import Reading, read_code, tail_differs
from salw.registry.labels.rules import ReadLabel
from salw.scanning.operations import note_reads
from salw.scanning.rules import not_found

# A label goes before what is engraved, as in the resolver; a serial may be that of several weapons. Proofs and parts
# name none where something is done: they are on many by their nature, as a count and a relief have it.
_NAMED = f"""
with asked as materialized (
    select * from unnest(%(places)s::int[], %(labels)s::text[], %(numbers)s::text[], %(marks)s::text[])
           as a (place, label, number, mark)
), named as (
    select a.place, l.weapon_id as id, true as by_label, l.voided_at is not null as void, l.tail
      from asked a join label l on l.country = %(country)s and l.code = a.label and l.weapon_id is not null
    union
    select a.place, w.id, false, false, null
      from asked a join weapon w on w.country = %(country)s and w.registry_number = a.number
    union
    select a.place, w.id, false, false, null
      from asked a join weapon w on w.country = %(country)s and w.serial_normalised = a.mark
    union
    select a.place, m.weapon_id, false, false, null
      from asked a join mark m on m.country = %(country)s and m.normalised = a.mark
       and m.kind not in ('proof', 'part') and m.legibility in ('legible', 'partial')
)
select n.place, n.by_label, n.void, n.tail, w.id, w.registry_number, w.serial, w.class_code,
       coalesce(m.name, w.model_text) as model_name, c.seq as version, {STATE_SQL} as state,
       h.id as holder, h.kind as holder_kind, coalesce(s.name, h.name) as holder_name,
       h.unit_id = any(%(units)s) as holder_named
  from named n
  join weapon w on w.country = %(country)s and w.id = n.id
  join custody c on c.country = w.country and c.weapon_id = w.id
  join holder h on h.country = c.country and h.id = c.holder_id
  left join store s on s.country = h.country and s.id = h.id
  left join case_mark k on k.country = w.country and k.weapon_id = w.id
  left join model m on m.code = w.model_code
 where w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s)
 order by n.place, w.id
"""


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line as it was typed, and the weapon it names, or what is wrong with it in the reader's language.

    `label` is that of a weapon where the line is its text, whether it may be acted on or not.

    Keys of `weapon`: `id, version, registry_number, serial, class_code, model_name, state, holder, holder_kind,
    holder_name`.
    """

    text: str
    weapon: Row | None
    wrong: str | None
    label: ReadLabel | None = None


def split_lines(text: str) -> list[str]:
    """Return the codes of a field, each once: a reader that beeped twice has read one weapon."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def read_lines(db: Connection, actor: Actor, texts: Sequence[str]) -> list[CodeLine]:
    """Return what each line names in the scope of the actor; weapons of other units leave a trace."""
    readings: list[Reading | None] = []
    wrong: dict[int, str] = {}
    for place, text in enumerate(texts):
        try:
            readings.append(read_code(text))
        except DomainError as error:
            readings.append(None)
            wrong[place] = translate(error.code, actor.language, **error.details)
    rows = run(db, _NAMED, {"country": actor.country, "units": list(actor.units), **_asked(readings)})
    by_place: dict[int, list[Row]] = {}
    for row in rows:
        by_place.setdefault(row["place"], []).append(row)
    lines = [
        CodeLine(text, None, wrong[place]) if place in wrong else _line(actor, text, readings[place], by_place, place)
        for place, text in enumerate(texts)
    ]
    read = {line.weapon["id"]: line.weapon["holder_named"] for line in lines if line.weapon is not None}
    if read:
        note_reads(db, actor=actor, permission=Permission.SCAN_READ, weapons=read)
    return lines


def _asked(readings: Sequence[Reading | None]) -> Row:
    known = [(place, reading) for place, reading in enumerate(readings) if reading is not None]
    return {
        "places": [place for place, _ in known],
        "labels": [reading.label for _, reading in known],
        "numbers": [reading.registry_number for _, reading in known],
        "marks": [reading.mark for _, reading in known],
    }


def _line(actor: Actor, text: str, reading: Reading | None, by_place: dict[int, list[Row]], place: int) -> CodeLine:
    assert reading is not None  # noqa: S101 - what could not be read was said before
    rows = by_place.get(place, [])
    labelled = [row for row in rows if row["by_label"]]
    rows = labelled or rows
    if not rows:
        error = not_found(reading)
        return CodeLine(text, None, translate(error.code, actor.language, **error.details))
    label = ReadLabel(reading.label, reading.tail) if labelled and reading.label else None
    if rows[0]["void"]:
        return CodeLine(text, None, translate("scan.label_void_line", actor.language), label)
    if label is not None and tail_differs(label.tail, rows[0]["tail"]):
        return CodeLine(text, None, translate("scan.label_copied_line", actor.language), label)
    if len({row["id"] for row in rows}) > 1:
        return CodeLine(text, None, translate("scan.several_line", actor.language, count=len(rows)))
    return CodeLine(text, rows[0], None, label)
