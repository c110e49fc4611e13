"""A slip on paper: A4 upright, both sides, its lines, what is declared, and room to sign. Deterministic."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, PageTemplate, Spacer
from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.language import Language, translate
from salw.ledger.checkpoints import encode
from salw.ledger.covering import find_covering
from salw.reports.queries import get_names
from salw.reports.rendering.grid import PADDING, SIZE, Grid, GridColumn, GridRow, drawable, wrap
from salw.reports.rendering.paging import draw_banner, numbered
from salw.reports.rendering.parts import RowKind
from salw.reports.rendering.words import Words
from salw.reports.slips.blocks import MARGIN, Head, Paragraph, Parties, Signatures
from salw.reports.slips.layouts import Form, Layout, layout_of
from salw.reports.slips.rules import Line, Slip
from salw_labels import fonts

WIDTH, HEIGHT = A4
BODY = WIDTH - 2 * MARGIN
TOP, FOOT = 9 * mm, 19 * mm
# What a column asks for, in millimetres; those with None share the rest.
_WIDTHS = {
    "place": 9.0,
    "person": 62.0,
    "model": 40.0,
    "serial": 40.0,
    "registry_number": 34.0,
    "signature": 42.0,
    "remarks": 57.0,
}


@dataclass(frozen=True, slots=True)
class Heading:
    """What a print adds: who prints, when, in which language and time, and the checkpoint the slip stands under."""

    language: Language
    zone: str
    printed_by: str
    printed_at: datetime
    checkpoint: tuple[str, int, str] | None  # origin, size, root


def heading_of(db: Connection, actor: Actor, now: datetime, slip: Slip) -> Heading:
    """Return the heading of a print by the actor, with the first checkpoint that covers the slip."""
    covering = find_covering(db, actor.country, slip.sealed.last + 1) if slip.sealed else None
    head = covering.checkpoint if covering else None
    return Heading(
        actor.language,
        actor.time_zone,
        get_names(db, actor, None)["printed_by"],
        now,
        (head.origin, head.size, encode(head.root)) if head else None,
    )


def print_slip(slip: Slip, heading: Heading) -> bytes:
    """Return a slip as a PDF: the same slip, printed by the same person at the same time, gives the same bytes."""
    fonts.register()
    layout = layout_of(slip.country, slip.force)
    form: Form = getattr(layout, slip.kind.value)
    words = Words(heading.language, heading.zone)
    title = form.title.say(heading.language)
    file = BytesIO()
    template = BaseDocTemplate(
        file,
        pagesize=A4,
        title=f"{title} {slip.printed_number}",
        author="salw",
        creator="salw",
        lang=heading.language,
        invariant=1,
        initialFontName=fonts.SANS,
    )
    frame = Frame(MARGIN, FOOT, BODY, HEIGHT - FOOT - TOP, 0, 0, 0, 0, id="body")
    template.addPageTemplates(PageTemplate(id="page", frames=[frame]))
    margins = partial(_draw_margins, slip=slip, form=form, heading=heading, words=words)
    # The lock covers the whole build: reportlab cuts the subset of a shared font while it draws and saves.
    with fonts.saving:
        template.build(_story(slip, layout, form, words), canvasmaker=numbered(margins))
    return file.getvalue()


def _story(slip: Slip, layout: Layout, form: Form, words: Words) -> list[Flowable]:
    language = words.language

    def say(code: str, **details: object) -> str:
        return translate(f"slip.{code}", language, **details)

    story: list[Flowable] = [
        Head(
            [slip.names[code] for code in form.header if slip.names[code]],
            words.say("number", number=slip.printed_number),
            say("office", office=slip.names["office"]),
            form.title.say(language),
            say("late", **_paper(slip)) if slip.paper else None,
        ),
        Parties(
            (say(f"giver.{slip.kind}"), slip.giver),
            (say(f"receiver.{slip.kind}"), slip.receiver),
            say("matricule"),
        ),
    ]
    story += [Paragraph(fact, size=8.5) for fact in _facts(slip, words)]
    story += [Spacer(1, 1.5 * mm), _weapons(slip, layout, form, words)]
    count = say("count_one" if len(slip.lines) == 1 else "count", count=words.number(len(slip.lines)))
    if len(slip.lines) < slip.lines_in_all:
        count += " " + say("partial", shown=words.number(len(slip.lines)), lines=words.number(slip.lines_in_all))
    closing: list[Flowable] = [Spacer(1, 1.2 * mm), Paragraph(count, font=fonts.SANS_BOLD, size=8.5)]
    declared = _declared(slip, words)
    if declared:
        title = Paragraph(say("declared"), font=fonts.SANS_BOLD, size=8.5)
        closing += [Spacer(1, 1.5 * mm), title, Spacer(1, 0.8 * mm), declared]
    # On a nominal slip every user holder signs his own line.
    signing = [code for code in form.signatories if not (slip.is_nominal and code == "user")]
    names = [layout.signatories[code].say(language) for code in signing]
    closing += [
        Spacer(1, 3 * mm),
        Signatures(names, [say("sign.name"), say("sign.date"), say("sign.signature")]),
    ]
    # Wherever the signatures come to stand, how many weapons are signed for stands above them on the same page.
    story.append(KeepTogether(closing))
    return story


def _paper(slip: Slip) -> dict[str, object]:
    paper = slip.paper or {}
    first, last = paper["line"], paper["last_line"]
    return {"book": paper["number"], "page": paper["page"], "line": first if first == last else f"{first}-{last}"}


def _facts(slip: Slip, words: Words) -> list[str]:
    language = words.language
    happened = translate("slip.happened", language, at=words.instant(slip.occurred_at))
    if slip.kind.value == "issue_slip":
        due = words.instant(slip.due_back_at) if slip.due_back_at else None
        happened += "    " + (translate("slip.due", language, at=due) if due else translate("slip.permanent", language))
    facts = [happened]
    if slip.paper is not None:
        facts.append(translate("slip.entered", language, at=words.instant(slip.recorded_at)))
    if slip.reference or slip.signatory:
        signed = translate("slip.signed_by", language, person=slip.signatory) if slip.signatory else ""
        order = translate("slip.order", language, reference=slip.reference or "–", day=words.day(slip.dated_on))
        facts.append(" ".join(part for part in (order, signed) if part))
    return facts


def _weapons(slip: Slip, layout: Layout, form: Form, words: Words) -> Grid:
    codes = form.nominal if slip.is_nominal else form.columns
    asked = sum(_WIDTHS[code] for code in codes)
    columns = [
        GridColumn(layout.columns[code].say(words.language), _WIDTHS[code] * BODY / asked, code == "place")
        for code in codes
    ]
    rows = []
    for number, line in enumerate(slip.lines, 1):
        cells = tuple(
            ("", "." * 38)
            if code == "signature"
            else wrap(_cell(code, line.number or number, line, words), fonts.SANS, SIZE, column.width - 2 * PADDING)
            for code, column in zip(codes, columns, strict=True)
        )
        rows.append(GridRow(RowKind.LINE, cells, cells))
    return Grid(columns, rows)


def _cell(code: str, number: int, line: Line, words: Words) -> str:
    if code == "place":
        return str(number)
    if code == "person":
        name = line.person.name if line.person else line.holder or ""
        return f"{name}, {line.person.matricule}" if line.person and line.person.matricule else name
    if code == "model":
        return line.model or words.weapon_class(line.class_code)
    if code == "serial":
        return line.serial or words.say("no_serial")
    return line.registry_number if code == "registry_number" else ""


def _declared(slip: Slip, words: Words) -> Grid | None:
    """Return what goes or comes beside the weapons; on a return, against what was issued."""
    language = words.language
    compares = slip.kind.value == "return_slip"
    if not (slip.compared if compares else slip.declared):
        return None
    heads = (
        ("kind", "calibre", "issued", "returned", "difference", "reason")
        if compares
        else ("kind", "calibre", "quantity")
    )
    asked = {"kind": 46.0, "calibre": 26.0, "reason": 48.0}
    columns = [
        GridColumn(translate(f"slip.declared.{h}", language), asked.get(h, 20.0) * mm, h not in asked) for h in heads
    ]
    rows = []
    if compares:
        for line in slip.compared:
            figures = (line.issued, line.returned, line.difference)
            texts = (
                translate(f"declared.{line.kind}", language),
                line.calibre or "",
                *(words.number(figure) for figure in figures),
                " ; ".join(line.reasons),
            )
            rows.append(_row(texts, columns))
    else:
        for declared in slip.declared:
            texts = (
                translate(f"declared.{declared.kind}", language),
                declared.calibre or "",
                words.number(declared.quantity),
            )
            rows.append(_row(texts, columns))
    return Grid(columns, rows)


def _row(texts: tuple[str, ...], columns: list[GridColumn]) -> GridRow:
    cells = tuple(
        wrap(text, fonts.SANS, SIZE, column.width - 2 * PADDING) for text, column in zip(texts, columns, strict=True)
    )
    return GridRow(RowKind.LINE, cells, cells)


def _draw_margins(
    canvas: Canvas, number: int, pages: int, *, slip: Slip, form: Form, heading: Heading, words: Words
) -> None:
    right = WIDTH - MARGIN
    canvas.setFillGray(0)
    canvas.setStrokeGray(0)
    if number > 1:
        canvas.setFont(fonts.SANS, 7)
        running = (form.title.say(words.language), words.say("number", number=slip.printed_number), slip.names["unit"])
        canvas.drawString(MARGIN, HEIGHT - TOP + 1.2 * mm, drawable(" · ".join(running), fonts.SANS))
    y = FOOT - 2.5 * mm
    canvas.setLineWidth(0.25)
    canvas.line(MARGIN, y, right, y)
    canvas.setFont(fonts.SANS, 6.5)
    canvas.drawString(MARGIN, y - 3.2 * mm, form.footer.say(words.language))
    page = f"{words.say('number', number=slip.printed_number)}  ·  {words.say('page', number=number, pages=pages)}"
    canvas.drawRightString(right, y - 3.2 * mm, page)
    printed = words.say("printed", person=heading.printed_by, at=words.instant(heading.printed_at))
    canvas.drawString(MARGIN, y - 6.4 * mm, drawable(printed, fonts.SANS))
    canvas.setFont(fonts.SANS, 5.8)
    for line in _seal(slip, heading, words):
        canvas.drawString(MARGIN, y - 9.4 * mm, line)
        y -= 2.8 * mm
    if slip.demo:
        draw_banner(canvas, words.say("demo"), WIDTH, HEIGHT, right=right if number > 1 else None)


def _seal(slip: Slip, heading: Heading, words: Words) -> list[str]:
    if slip.sealed is None or heading.checkpoint is None:
        return [translate("slip.unsealed", words.language)]
    origin, size, root = heading.checkpoint
    first, last = slip.sealed.first + 1, slip.sealed.last + 1
    return [
        translate(
            "slip.sealed",
            words.language,
            first=words.number(first),
            last=words.number(last),
            origin=origin,
            size=words.number(size),
        ),
        words.say("checkpoint.root", root=root),
    ]
