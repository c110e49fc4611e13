"""The refused rows of a register as a file of their own, to be corrected and read by the same mapping."""

import csv
import io
from collections.abc import Iterable, Sequence

from salw.core.errors import Unacceptable
from salw.intake.register.checking import Status
from salw.intake.register.operations import Review
from salw.intake.register.reading import DELIMITERS, delimiter_of, read_above


def refused_file(review: Review) -> bytes | None:
    """Return headings and refused rows as CSV, every cell as it was written; None where no row was refused.

    What the mapping says of the file must hold for this one too: its encoding, its separator, and as many rows
    above the headings. Where it says nothing, UTF-8 with its mark, which spreadsheets know. Raises
    `register.refused_not_encodable` for a spreadsheet whose mapping names an encoding that lacks a letter.
    """
    refused = [row.cells.texts for row in review.rows if row.status is Status.REFUSED]
    if not refused:
        return None
    options = review.mapping.file
    rows = [*read_above(review.source, options), review.headings, *refused]
    tried = [options.delimiter] if options.delimiter else DELIMITERS
    texts = ((mark, _written(rows, mark)) for mark in tried)
    # A heading of several lines may hide the separator from whoever looks for it: then another is found.
    text = next(text for mark, text in texts if options.delimiter or delimiter_of(text, options.header_row) == mark)
    encoding = options.encoding or "utf-8"
    try:
        return text.encode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeEncodeError:
        raise Unacceptable("register.refused_not_encodable", file=review.source.name, encoding=encoding) from None


def _written(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    out = io.StringIO(newline="")
    # Every cell in quotes: then the separator is the only sign of its kind outside them.
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()
