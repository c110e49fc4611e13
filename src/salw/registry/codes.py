"""What a scanned or typed text may be: a label, a registry number, a mark. Pure."""

import hmac
import re
from dataclasses import dataclass

from salw.core.errors import Unacceptable
from salw.registry.texts import legibility_of, normalise_mark
from salw_labels import Kind, LabelError, check_mode, parse, parse_registry_number

_SYMBOL = re.compile(r"[A-Za-z][0-9A-Za-z]{19}")
_TYPED_LABEL = re.compile(r"[A-Za-z]?[0-9A-Za-z]{4}[-\s‐-—][0-9A-Za-z]{4}[-\s‐-—][0-9A-Za-z]{3}")
# A printed code without its dashes; a serial may look the same.
_RUN_TOGETHER = re.compile(r"[0-9A-Za-z]{11,12}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text may be: a label's code (with its tail if scanned) of a kind, a registry number, a mark.

    The first that finds a weapon in scope is the answer. `complaint` is what to say where none does: the
    text had the form of a label or a registry number, with a character misread, or may have had.
    """

    kind: Kind | None
    label: str | None
    tail: str | None
    registry_number: str | None
    mark: str | None
    complaint: str | None


def read_code(text: str) -> Reading:
    """Read a text as label symbol, printed label code, registry number and mark, as far as it can be each.

    A text of the form of a symbol is nothing else: its misreading is told at once. Raises the codes of the
    label library for it, and `scan.unreadable` for a text that can name nothing.
    """
    stripped = text.strip()
    if _SYMBOL.fullmatch(stripped):
        try:
            symbol = parse(stripped)
            check_mode(symbol.kind, training=False)
        except LabelError as error:
            raise Unacceptable(error.code) from error
        return Reading(symbol.kind, symbol.code, symbol.tail, None, None, None)
    complaint = None
    kind = label = registry_number = None
    try:
        typed = parse(stripped)
        check_mode(typed.kind, training=False)
        kind, label = typed.kind, typed.code
    except LabelError as error:
        # What passes the check character is a label, whether its dashes were typed or not.
        if _TYPED_LABEL.fullmatch(stripped) or error.code == "label.training":
            complaint = error.code
        elif _RUN_TOGETHER.fullmatch(stripped):
            complaint = "scan.misread_or_unknown"
    try:
        registry_number = parse_registry_number(stripped)
    except LabelError as error:
        if error.code == "registry_number.wrong_check":
            complaint = error.code
    # "illisible" and "sans numéro" are words about a mark; searched for, each would equal every other.
    named = legibility_of(stripped) in ("legible", "partial")
    mark = normalise_mark(stripped) if named else ""
    if not (mark or label or registry_number):
        raise Unacceptable("scan.unreadable")
    return Reading(kind, label, None, registry_number, mark or None, complaint)


def tail_differs(scanned: str | None, kept: str | None) -> bool:
    """Say whether a scanned label has another tail than the one made: a copy, or a forgery."""
    return scanned is not None and kept is not None and not hmac.compare_digest(scanned, kept)
