"""Reading an armoury's file: every cell as text, each row with the line a person finds it on.

A file is read whole into memory once, so that what was hashed is what was read; rows come one at a time.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from salw.core.errors import Unacceptable
from salw.intake.register.mapping import FileOptions
from salw.intake.register.sheets import sheet_rows

SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"
DELIMITERS = ";,\t|"


@dataclass(frozen=True, slots=True)
class Cells:
    """One row as written: its first line in the file (1 is the first), its texts, and which were numbers or dates.

    `numbers` and `dates` are places of cells that a spreadsheet stored as such: how they were displayed,
    leading zeros for one, is not in the file's values.
    """

    line: int
    texts: tuple[str, ...]
    numbers: frozenset[int] = frozenset()
    dates: frozenset[int] = frozenset()

    def stored(self) -> tuple[tuple[str, frozenset[int]], ...]:
        """Return what a spreadsheet stored as something else than text, with the places."""
        return ("number", self.numbers), ("date", self.dates)


@dataclass(frozen=True, slots=True)
class Source:
    """A file in memory with its name and its SHA-256."""

    name: str
    content: bytes = field(repr=False)
    sha256: bytes

    @property
    def is_spreadsheet(self) -> bool:
        """Say whether the name announces a spreadsheet."""
        return self.name.lower().endswith(SPREADSHEETS)


def read_source(path: Path) -> Source:
    """Return a file with its hash. Raises `register.file_unreadable`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unacceptable("register.file_unreadable", file=path.name) from error
    return Source(path.name, content, hashlib.sha256(content).digest())


def read_rows(source: Source, options: FileOptions) -> Iterator[Cells]:
    """Yield the header row first, then every row below it, blank ones too.

    Raises `register.no_header`, and what the two readers below raise.
    """
    rows = _rows(source, options)
    for number, row in enumerate(rows, start=1):
        if number >= options.header_row:
            yield row
            break
    else:
        raise Unacceptable("register.no_header", file=source.name, line=options.header_row)
    yield from rows


def read_above(source: Source, options: FileOptions) -> list[tuple[str, ...]]:
    """Return the rows above the headings."""
    return [row.texts for row in islice(_rows(source, options), options.header_row - 1)]


def _rows(source: Source, options: FileOptions) -> Iterator[Cells]:
    return _spreadsheet(source, options) if source.is_spreadsheet else _delimited(source, options)


def _spreadsheet(source: Source, options: FileOptions) -> Iterator[Cells]:
    for row in sheet_rows(source.name, source.content, options.sheet):
        yield Cells(*row)


def encoding_of(source: Source) -> str:
    """Return the encoding of a text file: by its mark, else UTF-8 if it is valid, else cp1252.

    Raises `register.encoding_unknown` where it is none of them, and `register.encoding_wrong` with the line where
    it is UTF-8 but for some bytes: read as cp1252, every accent of it would be two wrong letters.
    """
    if source.content.startswith(_UTF16_MARKS):
        return "utf-16"
    if source.content.startswith(_UTF8_MARK):
        return "utf-8-sig"
    if (line := _first_bad_byte_of_utf8(source.content)) is not None:
        raise Unacceptable("register.encoding_wrong", file=source.name, encoding="utf-8", line=line)
    for encoding in ("utf-8", "cp1252"):
        try:
            source.content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Unacceptable("register.encoding_unknown", file=source.name)


def _first_bad_byte_of_utf8(content: bytes) -> int | None:
    """Return the line of the first bad byte of a text that is UTF-8 otherwise, else None.

    Text of another encoding has next to no letter that is valid UTF-8 by chance.
    """
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        text = content.decode("utf-8", "replace")
        bad = text.count("\N{REPLACEMENT CHARACTER}")
        good = sum(1 for char in text if not char.isascii()) - bad
        return content.count(b"\n", 0, error.start) + 1 if good >= bad else None
    return None


def _text_of(source: Source, encoding: str) -> str:
    # The mark of UTF-8 is no part of the first heading, whichever of the two names the mapping gave.
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        text = source.content.decode(codec)
    except UnicodeDecodeError as error:
        line = source.content[: error.start].count(b"\n") + 1
        raise Unacceptable("register.encoding_wrong", file=source.name, encoding=encoding, line=line) from None
    if (at := text.find("\0")) >= 0:
        raise Unacceptable("register.not_text", file=source.name, line=text.count("\n", 0, at) + 1)
    return text


def delimiter_of(text: str, header_row: int) -> str:
    """Return the separator that the header row has most of outside quotes; a comma where it has none."""
    line = text.splitlines()[header_row - 1] if len(text.splitlines()) >= header_row else ""
    bare = "".join(part for number, part in enumerate(line.split('"')) if number % 2 == 0)
    most = max(DELIMITERS, key=bare.count)
    return most if most in bare else ","


def _delimited(source: Source, options: FileOptions) -> Iterator[Cells]:
    """Yield the rows of a delimited text file.

    Raises `register.encoding_unknown`, `register.encoding_wrong`, `register.not_text`, and
    `register.bad_quoting`: a cell whose quotes do not close, or with text after them, would otherwise be
    read as something that was never written.
    """
    text = _text_of(source, options.encoding or encoding_of(source))
    delimiter = options.delimiter or delimiter_of(text, options.header_row)
    # The module's own limit (128 KiB a cell) would refuse the whole file as badly quoted; rows are judged one by one.
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for texts in reader:
            yield Cells(line, tuple(texts))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unacceptable("register.bad_quoting", file=source.name, line=line) from error
