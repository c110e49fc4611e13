"""The files of a label batch or a reprint, made from what is stored: asked for twice, the bytes are the same."""

from collections.abc import Sequence

from salw.core.db import Row
from salw.core.language import Language, translate
from salw.registry.rules import label_refusal
from salw_labels import STOCKS, LabelCode, LabelError, PrintedLabel, labels_zpl, page_svg, sheet_pdf


def render_sheet(batch: Row, labels: Sequence[Row], *, demo: bool, language: Language) -> bytes:
    """Return the PDF of a batch's valid labels, each with its line: a weapon's registry number, a name.

    A voided label is left out: printed again it would only raise alarms. Raises the codes of the label
    library, `label_sheet.empty` where nothing valid is left.
    """
    try:
        return sheet_pdf(
            _printed(batch, labels),
            STOCKS[batch["stock"]],
            start=batch["start_position"],
            title=translate("label_sheet.title", language, batch=str(batch["id"])),
            banner=translate("demo.banner", language) if demo else None,
        )
    except LabelError as error:
        raise label_refusal(error) from error


def render_zpl(batch: Row, labels: Sequence[Row]) -> bytes:
    """Return the same labels for a thermal printer of 300 dpi. Raises the codes of the label library."""
    try:
        return labels_zpl(_printed(batch, labels), STOCKS[batch["stock"]])
    except LabelError as error:
        raise label_refusal(error) from error


def render_preview(batch: Row, labels: Sequence[Row]) -> bytes:
    """Return the first page of the same labels as a picture (SVG). Raises the codes of the label library."""
    try:
        return page_svg(_printed(batch, labels), STOCKS[batch["stock"]], start=batch["start_position"])
    except LabelError as error:
        raise label_refusal(error) from error


def _printed(batch: Row, labels: Sequence[Row]) -> list[PrintedLabel]:
    return [
        PrintedLabel(LabelCode(row["code"], row["tail"]), row["line"], batch["copies"], _more(row)) for row in labels
    ]


def _more(row: Row) -> tuple[str, ...]:
    """Return what a person's card says below his number: rank, family name, given names."""
    value = row["person"] or {}
    said = (value.get(key) for key in ("rank", "family_name", "given_names"))
    return tuple(str(part) for part in said if part)
