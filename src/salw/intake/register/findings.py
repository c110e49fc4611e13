"""What a review has to say, line by line and in sum, for people and for machines."""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from salw.core.language import Language, catalogue, translate
from salw.intake.register.checking import Status
from salw.intake.register.operations import Review

# A spreadsheet would compute a cell that begins with one of these; the raw text stands in `register_row`.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
_NOT_PLAIN = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said of one row: where, what stands there, the stable code and its text."""

    file: str
    line: int
    status: Status
    column: str
    value: str
    code: str
    text: str


def findings(review: Review, language: Language, *, only: Status | None = None) -> Iterator[Line]:
    """Yield everything said of the rows of a file, in the order of the file."""
    for row in review.rows:
        status = row.status
        if only is not None and status is not only:
            continue
        for found in row.refusals or row.flags:
            text = explain(found.code, language, {"other": found.other, **found.details})
            yield Line(review.source.name, row.cells.line, status, found.column, found.value, found.code, text)


def explain(code: str, language: Language, details: Mapping[str, Any]) -> str:
    """Return the text of a code; where nothing is known that comes near, the text that does without it."""
    alone = f"{code}.alone"
    if any(details.get(name) == "" for name in ("other", "nearest")) and alone in catalogue(language):
        return translate(alone, language, **details)
    return translate(code, language, **details)


def general(code: str, language: Language) -> str:
    """Return the text of a code for many rows at once, without what differs from row to row."""
    alone = f"{code}.alone"
    return translate(alone if alone in catalogue(language) else code, language)


def visible(text: str) -> str:
    """Return a text in which nothing acts on a terminal or hides: control and format characters as escapes."""
    return _NOT_PLAIN.sub(lambda found: _escaped(found[0]), text)


def _escaped(char: str) -> str:
    seen = char.isprintable() or unicodedata.category(char) == "Zs"  # the spaces of French typography are seen
    return char if seen else char.encode("unicode_escape").decode("ascii")


def write_report(review: Review, file: TextIO, language: Language) -> None:
    """Write all findings as CSV with semicolons; rows without any are not in it."""
    writer = csv.writer(file, delimiter=";")
    writer.writerow(translate(f"register.report.{name}", language) for name in Line.__dataclass_fields__)
    for line in findings(review, language):
        status = translate(f"register.status.{line.status}", language)
        cells = (line.file, line.line, status, visible(line.column), visible(line.value), line.code, visible(line.text))
        writer.writerow(_harmless(cell) if isinstance(cell, str) else cell for cell in cells)


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def codes(review: Review) -> list[tuple[Status, str, int]]:
    """Return how many rows bear each code, refusals first, then by frequency."""
    counted = Counter(
        (row.status, code) for row in review.rows for code in {found.code for found in row.refusals or row.flags}
    )
    return [
        (status, code, number)
        for (status, code), number in sorted(
            counted.items(), key=lambda item: (item[0][0] is not Status.REFUSED, -item[1], item[0][1])
        )
    ]


def summary(review: Review, language: Language) -> dict[str, Any]:
    """Return a review for a machine: counts, codes, and every refusal with its place and text."""
    return {
        "file": review.source.name,
        "sha256": review.source.sha256.hex(),
        "store": str(review.store["id"]),
        "rows": len(review.rows),
        "blank": review.blank,
        **{status.value: review.counts[status] for status in Status},
        "codes": [{"status": status.value, "code": code, "rows": number} for status, code, number in codes(review)],
        "refusals": [
            {"line": line.line, "column": line.column, "value": line.value, "code": line.code, "text": line.text}
            for line in findings(review, language, only=Status.REFUSED)
        ],
    }
