"""Registers as documents: a table of lines, and for the état journalier the balance of the day before it."""

from collections.abc import Sequence
from datetime import datetime

from salw.core.language import Language, translate
from salw.custody.rules import HolderKind, State
from salw.reports.papers import Paper
from salw.reports.registers import (
    Act,
    HeldLine,
    InventoryLine,
    IssueLine,
    Kind,
    MovementLine,
    Party,
    Register,
    Slip,
    Weapon,
)
from salw.reports.rendering.document import balance_tables, checkpoint_fact, log_words
from salw.reports.rendering.parts import Cell, Column, Document, Heading, Row, RowKind, Sheet, Table
from salw.reports.rendering.words import Words

SIGNATORIES = {
    Kind.ISSUES: ("storekeeper", "commander"),
    Kind.DAY: ("storekeeper", "commander"),
    Kind.JOURNAL: ("accountant",),
    Kind.HOLDER: ("user_holder", "storekeeper"),
    Kind.INVENTORY: ("storekeeper", "accountant"),
}

_CODED = frozenset({"code", "serial", "registry_number"})


def make_register_document(paper: Paper, report: Register, heading: Heading, language: Language) -> Document:
    """Return a register, or one volume of it, as the document of one language."""
    words = Words(language, report.time_zone)
    letterhead = [heading.country, heading.force, report.subject.unit_name]
    if report.subject.kind == "store":
        letterhead.append(report.subject.name)
    return Document(
        language=language,
        title=words.say(f"register.{report.kind}"),
        subtitle=make_subtitle(report, words),
        number=paper.number,
        digest=paper.digest,
        letterhead=tuple(line for line in letterhead if line),
        facts=(*_facts(report, words), checkpoint_fact(heading.checkpoint, words)),
        warning=words.say("register.provisional") if report.provisional else None,
        masked=None,
        banner=words.say("demo") if report.demo else None,
        tables=make_tables(report, words),
        checkpoint=(),
        note=None,
        recap=(),
        signatories=SIGNATORIES[report.kind],
        printed=words.say("printed", person=heading.printed_by, at=words.instant(heading.printed_at)),
        words=words,
    )


def make_tables(report: Register, words: Words) -> tuple[Table, ...]:
    """Return the tables of a register: its lines, below the balance of the day where it has one."""
    balance = balance_tables(report.classes, report.total, words)[:1] if report.total else []
    return (*balance, *_tables(report, words))


def make_subtitle(report: Register, words: Words) -> str:
    """Return whose register it is, or of which days."""
    if report.holder is not None:
        return _party(report.holder, words)
    if report.kind is Kind.DAY:
        return words.say("register.of_day", day=words.day(report.from_date))
    if report.kind is Kind.INVENTORY:
        return words.say("register.now", at=words.instant(report.at))
    return words.say("register.of_period", from_date=words.day(report.from_date), to_date=words.day(report.to_date))


def _facts(report: Register, words: Words) -> list[tuple[str, str]]:
    facts = []
    if report.kind is Kind.HOLDER:
        facts.append((words.say("fact.stands_on"), words.instant(report.at)))
        facts += _counted(report, words)
    if report.subject.kind == "unit" and report.kind is Kind.JOURNAL:
        said = words.say("scope", units=words.number(report.subject.units), stores=words.number(report.subject.stores))
        facts.append((words.say("fact.scope"), said))
    last = report.first_line + len(report.lines) - 1
    if report.volumes > 1:
        said = words.say(
            "register.volume",
            volume=words.number(report.volume),
            volumes=words.number(report.volumes),
            first=words.number(report.first_line),
            last=words.number(last),
            lines=words.number(report.lines_total),
        )
        facts.append((words.say("fact.volume"), said))
    else:
        facts.append((words.say("fact.lines"), words.number(report.lines_total)))
    facts.append((words.say("fact.stands_at"), log_words(report.log_size, words)))
    return facts


def _counted(report: Register, words: Words) -> list[tuple[str, str]]:
    """Return how many weapons somebody has himself and how many he answers for, where he answers for any."""
    held = [line for line in report.lines if isinstance(line, HeldLine) and line.held]
    answered = [line for line in held if line.answers_for]
    if report.volumes > 1 or not any(isinstance(line, HeldLine) and line.answers_for for line in report.lines):
        return []
    return [
        (words.say("fact.has_himself"), words.number(len(held) - len(answered))),
        (words.say("fact.answers_for"), words.number(len(answered))),
    ]


def _tables(report: Register, words: Words) -> list[Table]:
    """Return the lines of a register; on a card, what its person answers for apart from what he has himself."""
    if report.kind is not Kind.HOLDER:
        return [_table(report, report.lines, words)]
    own = [line for line in report.lines if isinstance(line, HeldLine) and line.answers_for is None]
    answered = report.lines[len(own) :]
    tables = [_table(report, own, words)] if own or not answered else []
    return [*tables, _answered(report, answered, len(own), words)] if answered else tables


def _answered(report: Register, lines: Sequence[object], after: int, words: Words) -> Table:
    columns: list[tuple[str, float]] = [
        ("holder", 38),
        ("model", 44),
        ("serial", 36),
        ("registry_number", 30),
        ("standing", 30),
    ]
    columns += [("slip", 34), ("since", 24), ("due_back", 24)]
    rows = tuple(
        Row(_kind(line), (number, _party(line.answers_for, words), *_held(line, words)))
        for number, line in enumerate(lines, report.first_line + after)
        if isinstance(line, HeldLine) and line.answers_for
    )
    return _listed(words, "register.lines.answers_for", columns, rows, "register.nil.holder")


def _table(report: Register, lines: Sequence[object], words: Words) -> Table:
    columns: list[tuple[str, float]]
    # Numbers of weapons and papers never wrap: these widths hold sixteen characters of the one, all of the other.
    if report.kind is Kind.ISSUES:
        columns = [("slip", 26), ("moment", 22), ("holder", 43), ("model", 38), ("serial", 35), ("registry_number", 27)]
        columns += [("due_back", 22), ("returned", 27), ("entry", 24)]
    elif report.kind is Kind.HOLDER:
        columns = [("model", 60), ("serial", 36), ("registry_number", 30), ("standing", 34), ("slip", 34)]
        columns += [("since", 24), ("due_back", 24)]
    elif report.kind is Kind.INVENTORY:
        columns = [("code", 16), ("class", 40), ("model", 60), ("serial", 38), ("registry_number", 30)]
        columns += [("standing", 26), ("slip", 34), ("since", 24)]
    else:
        columns = [("slip", 32), ("moment", 22), ("movement", 24), ("from", 36), ("to", 36), ("model", 34)]
        columns += [("serial", 36), ("registry_number", 28), ("entry", 24)]
    rows = tuple(
        Row(_kind(line), (number, *_cells(line, words))) for number, line in enumerate(lines, report.first_line)
    )
    return _listed(words, f"register.lines.{report.kind}", columns, rows, f"register.nil.{report.kind}")


def _listed(words: Words, title: str, columns: list[tuple[str, float]], rows: tuple[Row, ...], nil: str) -> Table:
    # The place of a line in this register, and in no other: what a line rests on stands beside it.
    heads = (Column(words.say("column.line"), 10, numeric=True),)
    named = (Column(words.say(f"column.{code}"), width, coded=code in _CODED) for code, width in columns)
    return Table(Sheet.REGISTER, words.say(title), (*heads, *named), rows, words.say(nil))


def _kind(line: object) -> RowKind:
    alarming = (isinstance(line, HeldLine) and line.missing) or (
        isinstance(line, InventoryLine) and line.state is State.MISSING
    )
    return RowKind.ALARM if alarming else RowKind.LINE


def _cells(line: object, words: Words) -> tuple[Cell, ...]:
    if isinstance(line, IssueLine):
        back = line.returned
        due = words.say("permanent") if line.permanent else _instant(line.due_back_at, words)
        return (
            line.issued.slip.number,
            _when(line.issued.occurred_at, words),
            _party(line.to, words),
            *_weapon(line.weapon, words),
            due,
            "" if back is None else _ended(back, words),
            _entry(words, line.issued, *([back] if back else [])),
        )
    if isinstance(line, MovementLine):
        return (
            _slip(line.act.slip, words),
            _when(line.act.occurred_at, words),
            words.say(f"move.{line.act.kind}"),
            _party(line.came_from, words) if line.came_from else "–",
            _party(line.went_to, words),
            *_weapon(line.weapon, words),
            _entry(words, line.act),
        )
    if isinstance(line, HeldLine):
        return _held(line, words)
    assert isinstance(line, InventoryLine)  # noqa: S101 - the four kinds of lines there are
    code = line.weapon.model.class_code
    state = words.state(line.state)
    since = _when(line.since, words)
    return (code, words.weapon_class(code), *_weapon(line.weapon, words), state, _slip(line.slip, words), since)


def _held(line: HeldLine, words: Words) -> tuple[Cell, ...]:
    said = [
        words.state(State.MISSING) if line.missing else words.say("held" if line.held else "held_elsewhere"),
        *([words.say("assigned")] if line.assigned else []),
    ]
    due = words.say("permanent") if line.permanent else _instant(line.due_back_at, words)
    return (
        *_weapon(line.weapon, words),
        words.say("separator").join(said),
        _slip(line.slip, words) if line.slip else "",
        _instant(line.since, words),
        due,
    )


def _when(value: datetime, words: Words) -> str:
    """Return an instant whose hour stands on one line of a narrow cell."""
    return words.instant(value).replace(" h ", "\u00a0h\u00a0")


def _instant(value: datetime | None, words: Words) -> str:
    return "" if value is None else _when(value, words)


def _ended(act: Act, words: Words) -> str:
    if act.kind == "return":
        return words.say("returned", at=_when(act.occurred_at, words), document=act.slip.number)
    said = words.say(f"movement.{act.kind}", document=act.slip.number)
    return words.say("separator").join((_when(act.occurred_at, words), said))


def _weapon(weapon: Weapon, words: Words) -> tuple[Cell, ...]:
    gone = weapon.registry_number is None
    serial = words.say("left_the_unit") if gone else weapon.serial or words.say("no_serial")
    return (words.model(weapon.model.name), serial, weapon.registry_number or "")


def _slip(slip: Slip, words: Words) -> str:
    return words.say("slip", kind=translate(f"document.{slip.kind}", words.language), number=slip.number)


def _entry(words: Words, *acts: Act) -> str:
    """Return what is to be known of when a line was entered: late, and from which line of which booklet."""
    said = []
    for act in acts:
        if act.slip.page is not None:
            said.append(words.say("from_booklet", book=act.slip.book, page=act.slip.page, line=act.slip.line))
        if act.late:
            said.append(words.say("late", at=_when(act.recorded_at, words)))
    return words.say("separator").join(dict.fromkeys(said))


def _party(party: Party, words: Words) -> str:
    if party.kind is HolderKind.PERSON and party.name:
        number = words.say("matricule", matricule=party.matricule) if party.matricule else ""
        return words.say("separator").join(part for part in (party.name, number) if part)
    kind = translate(f"holder_kind.{party.kind}", words.language)
    return party.name or words.say("party_of", kind=kind, unit=party.unit)
