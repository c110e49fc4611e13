"""Reading spreadsheets: each cell as the text a person would copy from it."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound

from salw.core.errors import Unacceptable
from salw.intake.register.mapping import nearest

# A spreadsheet keeps fifteen digits of a number; beyond them it made the rest up.
DIGITS_KEPT = 15


def text_of(value: Any) -> str:
    """Return a cell as text; a whole number without a point, up to the fifteen digits that are kept.

    A longer number stays in scientific notation, because its last digits are lost: it is never filled up
    with zeros that nobody wrote. A day is written as ISO 8601, a moment too.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "VRAI" if value else "FAUX"
    if isinstance(value, int | float):
        whole = abs(value) < 10**DIGITS_KEPT and value == int(value)
        return f"{int(value)}" if whole else f"{value:.{DIGITS_KEPT}G}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    assert isinstance(value, timedelta)  # noqa: S101 - the reader has no other kind of value
    return str(value)


class SheetRow(NamedTuple):
    """A row of a sheet: its number, its texts, and the places of cells that are numbers, or dates and times."""

    line: int
    texts: tuple[str, ...]
    numbers: frozenset[int]
    dates: frozenset[int]


def sheet_rows(name: str, content: bytes, sheet: str | int | None) -> Iterator[SheetRow]:
    """Yield every row from the first of the sheet.

    Raises `register.not_a_spreadsheet`, `register.spreadsheet_locked`, and `register.unknown_sheet` with the
    nearest sheet.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if isinstance(sheet, int):
            if sheet > len(book.sheet_names):
                raise Unacceptable("register.unknown_sheet", file=name, sheet=sheet, nearest=book.sheet_names[-1])
            sheet = book.sheet_names[sheet - 1]
        chosen = book.get_sheet_by_name(sheet or book.sheet_names[0])
    except WorksheetNotFound:
        raise Unacceptable(
            "register.unknown_sheet", file=name, sheet=sheet, nearest=nearest(str(sheet), book.sheet_names)
        ) from None
    except PasswordError:
        raise Unacceptable("register.spreadsheet_locked", file=name) from None
    except CalamineError as error:
        raise Unacceptable("register.not_a_spreadsheet", file=name) from error
    # A used area that begins at column C leaves two columns out of every row alike: headings stay over
    # their cells. Rows above it are given, so that the line is the one the person sees.
    for line, values in enumerate(chosen.iter_rows(), start=1):
        numbers = frozenset(
            place for place, v in enumerate(values) if isinstance(v, int | float) and not isinstance(v, bool)
        )
        dates = frozenset(place for place, v in enumerate(values) if isinstance(v, date | time | timedelta))
        yield SheetRow(line, tuple(text_of(v) for v in values), numbers, dates)
