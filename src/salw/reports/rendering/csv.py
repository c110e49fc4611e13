"""The report as CSV: UTF-8 with BOM, semicolons, CRLF, as spreadsheets of the region expect.

Serials stand as they are, without the ="..." trick: that trick is itself a formula, spreadsheets disagree on
it, and every program that reads the file would have to undo it. Whoever works in a spreadsheet takes the
XLSX, where serials are text. A text that a spreadsheet would run as a formula gets an apostrophe before it.
"""

import csv
from io import StringIO

from salw.reports.rendering.parts import Cell, Document

_BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def make_csv(document: Document) -> bytes:
    """Return the document as CSV: the heading, then each table after an empty line."""
    file = StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")

    def write(*cells: Cell) -> None:
        writer.writerow([neutral(cell) for cell in cells])

    if document.banner:
        write(document.banner)
    write(document.title, document.subtitle)
    for line in document.letterhead:
        write(line)
    write(document.words.say("number", number=document.number))
    write(document.words.say("digest", digest=document.digest))
    if document.masked:
        write(document.masked)
    for name, value in document.facts:
        write(name, value)
    if document.warning:
        write(document.warning)
    for table in document.tables:
        write()
        write(table.title)
        for name, value in table.facts:
            write(name, value)
        write(*(column.label for column in table.columns))
        if not table.rows:
            write(table.nil)
        for row in table.rows:
            # A difference is a figure, though its sign opens formulas too.
            writer.writerow(
                f"{cell:+d}" if column.signed and isinstance(cell, int) and cell else neutral(cell)
                for column, cell in zip(table.columns, row.cells, strict=True)
            )
    for note in document.notes:
        write()
        write(note)
    return (_BOM + file.getvalue()).encode()


def neutral(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet runs: figures as they are, texts that begin a formula defused."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
