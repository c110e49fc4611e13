"""The situation d'armement as one page: the figures of the whole unit large, then every model, then who signs."""

from salw.core.language import Language
from salw.custody.situation import Column as Standing
from salw.reports.papers import Paper
from salw.reports.rendering.document import checkpoint_fact, log_words
from salw.reports.rendering.parts import Cell, Column, Document, Heading, Row, RowKind, Sheet, Table
from salw.reports.rendering.words import Words
from salw.reports.situation import Figures, Situation

SIGNATORIES = ("commander",)
FIGURES = ("entitled", "on_hand", *Standing, "difference")


def make_situation_document(paper: Paper, report: Situation, heading: Heading, language: Language) -> Document:
    """Return a situation as the document of one language."""
    words = Words(language, report.time_zone)
    when = words.instant(report.at) if report.provisional else words.day(report.day)
    subtitle = words.say("situation.now" if report.provisional else "situation.of_day", at=when)
    scope = words.say("scope", units=words.number(report.subject.units), stores=words.number(report.subject.stores))
    if report.subject.units == 1:
        scope = words.say("situation.alone")
    facts = [(words.say("fact.scope"), scope), (words.say("fact.stands_at"), log_words(report.log_size, words))]
    if report.lost_by_count:
        facts.append((words.say("fact.lost_by_count"), words.number(report.lost_by_count)))
    letterhead = (heading.country, heading.force, report.subject.name)
    return Document(
        language=language,
        title=words.say("situation.title"),
        subtitle=subtitle,
        number=paper.number,
        digest=paper.digest,
        letterhead=tuple(line for line in letterhead if line),
        facts=(*facts, checkpoint_fact(heading.checkpoint, words)),
        warning=None,
        masked=None,
        banner=words.say("demo") if report.demo else None,
        tables=(_table(report, words),),
        checkpoint=(),
        note=None,
        recap=(),
        signatories=SIGNATORIES,
        printed=words.say("printed", person=heading.printed_by, at=words.instant(heading.printed_at)),
        words=words,
        headline=tuple(zip((_label(code, words) for code in FIGURES), _shown(report.total, words), strict=True)),
        notes=_definitions(words),
        on_one_page=True,
    )


def _label(code: str, words: Words) -> str:
    return words.say(f"standing.{code}").replace("\u00ad", "")


def _cells(figures: Figures) -> tuple[Cell, ...]:
    return (figures.entitled, figures.on_hand, *(figures.columns[c] for c in Standing), figures.difference)


def _shown(figures: Figures, words: Words) -> tuple[str, ...]:
    *counts, difference = _cells(figures)
    said = [None if cell is None else words.number(int(cell)) for cell in counts]
    said.append(None if difference is None else words.difference(int(difference)))
    return tuple(text or "–" for text in said)


def _table(report: Situation, words: Words) -> Table:
    rows = []
    for group in report.classes:
        name = words.weapon_class(group.class_code)
        rows += [
            Row(RowKind.LINE, (group.class_code, name, words.model(line.model.name), *_cells(line.figures)))
            for line in group.models
        ]
        if [group.subtotal] == [line.figures for line in group.models]:
            continue  # the one line of a class is its sum
        rows.append(Row(RowKind.SUBTOTAL, (group.class_code, name, words.say("subtotal"), *_cells(group.subtotal))))
    total = [Row(RowKind.TOTAL, (words.say("total"), "", "", *_cells(report.total)))] if rows else []
    columns = (
        Column(words.say("column.code"), 18, repeats=False),
        Column(words.say("column.class"), 36, repeats=False),
        Column(words.say("column.model"), 56),
        *(Column(words.say(f"standing.{c}"), 19, numeric=True, signed=c == "difference") for c in FIGURES),
    )
    return Table(Sheet.SUMMARY, words.say("situation.table"), columns, (*rows, *total), words.say("situation.nil"))


def _definitions(words: Words) -> tuple[str, ...]:
    """Return what each column counts, so that two readers of the page read one thing."""
    said = (words.say("definition", column=_label(code, words), counts=words.say(f"counts.{code}")) for code in FIGURES)
    return (words.say("separator").join(said),)
