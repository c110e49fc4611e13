"""The files of a label batch or a reprint, made from what is stored: asked for twice, the bytes are the same."""

import random
from collections.abc import Sequence

from salw.core.db import Row
from salw.core.language import Language, translate
from salw.registry.rules import label_refusal
from salw_labels import (
    STOCKS,
    CalibrationWords,
    Kind,
    LabelCode,
    LabelError,
    PrintedLabel,
    Stock,
    Use,
    calibration_pdf,
    draw_many,
    labels_zpl,
    page_svg,
    sheet_pdf,
)

_CALIBRATION = ("title", "full_size", "measure", "compare")
# A picture of what no register knows: of weapons those of an exercise, whose prefix every reader of ours refuses.
_SPECIMENS = {Use.WEAPON: Kind.TRAINING, Use.PLACE: Kind.STORE, Use.PERSON: Kind.PERSON}


def stock_words(stock: Stock, language: Language) -> str:
    """Return what a stock is, as one tells it in front of the shelf."""
    code = "roll" if stock.one_up else "die_cut" if stock.die_cut else "plain"
    return translate(
        f"web.stock.{code}",
        language,
        count=stock.per_page,
        across=_measure(stock.label_width_mm, language),
        high=_measure(stock.label_height_mm, language),
        symbol=_measure(stock.symbol_mm, language),
    )


def _measure(millimetres: float, language: Language) -> str:
    return f"{millimetres:g}".replace(".", "," if language == "fr" else ".")


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
            title=translate(f"label_sheet.title.{STOCKS[batch['stock']].use}", language, batch=str(batch["id"])),
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


def render_calibration(stock: Stock, language: Language) -> bytes:
    """Return the page by which a printer is set for a stock, as PDF."""
    said = stock_words(stock, language)
    words = {name: translate(f"label_calibration.{name}", language, stock=said) for name in _CALIBRATION}
    return calibration_pdf(stock, CalibrationWords(**words))


def render_specimens(stock: Stock, *, start: int, count: int) -> bytes:
    """Return the first sheet of `count` labels as a picture (SVG), with a specimen that names nothing in each place.

    Raises the codes of the label library.
    """
    drawn_alike = random.Random(1).randbytes  # noqa: S311 - a specimen is no secret, and is the same each time
    (specimen,) = draw_many(1, drawn_alike, kind=_SPECIMENS[stock.use])
    shown = min(count, max(1, stock.per_page - start))
    line = "" if stock.use is Use.WEAPON else "0"
    try:
        return page_svg([PrintedLabel(specimen, line, 1)] * shown, stock, start=start)
    except LabelError as error:
        raise label_refusal(error) from error


def render_training(stock: Stock, *, start: int, count: int, language: Language, zpl: bool = False) -> bytes:
    """Return the labels of the first `count` weapons that exist in exercises alone, two of each, as PDF or ZPL.

    They are the same everywhere and each time, so that a sheet printed again fits the weapons of wood that bear the
    old one. Nothing is recorded: no register knows them. Raises the codes of the label library.
    """
    drawn_alike = random.Random(2).randbytes  # noqa: S311 - an exercise has nothing to hide
    labels = [PrintedLabel(code) for code in draw_many(count, drawn_alike, kind=Kind.TRAINING)]
    try:
        if zpl:
            return labels_zpl(labels, stock)
        return sheet_pdf(labels, stock, start=start, title=translate("label_sheet.title.training", language))
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
