"""The report as a workbook: figures are numbers, serials are text, each sheet prints on A4."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from salw.reports.rendering.parts import Cell, Document, RowKind, Sheet, Table

# A workbook states when it was made; the report's own dates are on its first sheet, and one report must
# give one file, so the property holds a constant.
_CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_A4 = 9
_WIDTH_MAX = 60


def make_xlsx(document: Document) -> bytes:
    """Return the document as a workbook with the sheets summary, movements and variances, those with tables."""
    file = BytesIO()
    # No text becomes a formula, a link or a number by its looks: serials keep their leading zeros.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(file, options)
    book.set_properties({"title": f"{document.title} {document.number}", "author": "salw", "created": _CREATED})
    formats = _Formats(book)
    for sheet in Sheet:
        tables = [table for table in document.tables if table.sheet is sheet]
        if tables:  # a check has no movements: an empty sheet would look like a nil return of them
            _write_sheet(book, document, sheet, tables, formats)
    book.close()
    return file.getvalue()


class _Formats:
    """The formats of the workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.strong = book.add_format({"bold": True})
        self.plain = book.add_format({})
        self.head = book.add_format(
            {"bold": True, "text_wrap": True, "bg_color": "#EEEEEE", "bottom": 1, "valign": "top"}
        )
        self._text = {
            RowKind.LINE: book.add_format({"num_format": "@"}),
            RowKind.ALARM: book.add_format({"num_format": "@", "bold": True, "font_color": "#B00000"}),
            RowKind.SUBTOTAL: book.add_format({"num_format": "@", "bold": True}),
            RowKind.TOTAL: book.add_format({"num_format": "@", "bold": True, "top": 1, "bg_color": "#EEEEEE"}),
        }
        self._figure, self._difference = (
            {
                RowKind.LINE: book.add_format({"num_format": form}),
                RowKind.ALARM: book.add_format({"num_format": form, "bold": True, "font_color": "#B00000"}),
                RowKind.SUBTOTAL: book.add_format({"num_format": form, "bold": True}),
                RowKind.TOTAL: book.add_format({"num_format": form, "bold": True, "top": 1, "bg_color": "#EEEEEE"}),
            }
            for form in ("#,##0", "+#,##0;\u2212#,##0;0")
        )

    def of(self, kind: RowKind, cell: Cell, *, signed: bool) -> Any:
        """Return the format of a cell, in a column of differences where `signed`."""
        if not isinstance(cell, int):
            return self._text[kind]
        return (self._difference if signed else self._figure)[kind]


def _write_sheet(book: Workbook, document: Document, sheet: Sheet, tables: list[Table], formats: _Formats) -> None:
    page = book.add_worksheet(document.words.say(f"sheet.{sheet.value}"))
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    beside = f"\n{document.masked}" if document.masked else ""
    page.set_footer(f"&L{document.number}&C{document.digest}{beside}&R&P/&N")
    top = _write_heading(page, document, formats, full=sheet in (Sheet.SUMMARY, Sheet.REGISTER))
    widths: dict[int, int] = {}
    line = top
    if len(tables) > 1:
        # One frozen head would stand over the columns of another table: what each row is about stays instead.
        page.freeze_panes(0, 3)
    for table in tables:
        line = _write_table(page, table, line, formats, widths, alone=len(tables) == 1)
    for note in document.notes if sheet is document.tables[-1].sheet else ():
        page.write_string(line, 0, note, formats.plain)
        line += 1
    for column, width in widths.items():
        page.set_column(column, column, min(max(width + 2, 8), _WIDTH_MAX))


def _write_heading(page: Any, document: Document, formats: _Formats, *, full: bool) -> int:
    lines = [(document.title, formats.title), (document.subtitle, formats.strong)]
    lines += [(document.words.say("number", number=document.number), formats.plain)]
    if document.banner:
        lines.insert(0, (document.banner, formats.strong))
    if full:
        # Few lines, because they stay on the screen above the frozen head.
        lines += [(" · ".join(document.letterhead), formats.plain)]
        lines += [(" · ".join(f"{name} {value}" for name, value in document.facts), formats.plain)]
        lines += [(document.words.say("digest", digest=document.digest), formats.plain)]
        lines += [(document.warning, formats.strong)] if document.warning else []
    lines += [(document.masked, formats.strong)] if document.masked else []
    for number, (text, style) in enumerate(lines):
        page.write_string(number, 0, text, style)
    return len(lines) + 1


def _write_table(page: Any, table: Table, line: int, formats: _Formats, widths: dict[int, int], *, alone: bool) -> int:
    page.write_string(line, 0, table.title, formats.strong)
    line += 1
    for name, value in table.facts:
        page.write_string(line, 0, f"{name} {value}", formats.plain)
        line += 1
    for place, column in enumerate(table.columns):
        page.write_string(line, place, column.label, formats.head)
        widths[place] = max(widths.get(place, 0), min(len(column.label), 16))
    if alone:
        page.freeze_panes(line + 1, 0)
        page.repeat_rows(line)
    line += 1
    if not table.rows:
        page.write_string(line, 0, table.nil, formats.plain)
        line += 1
    for row in table.rows:
        for place, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True)):
            style = formats.of(row.kind, cell, signed=column.signed)
            if isinstance(cell, int):
                page.write_number(line, place, cell, style)
            else:
                page.write_string(line, place, cell or "", style)
            widths[place] = max(widths[place], len(str(cell or "")))
        line += 1
    return line + 1
