"""Weapon labels: payload, QR matrix, label stock, sheets. Pure: bytes in, bytes out."""

from salw_labels.errors import ERROR_CODES, LabelError
from salw_labels.payload import (
    LabelCode,
    draw,
    draw_many,
    parse_registry_number,
    parse_scanned,
    parse_typed,
    registry_number,
)
from salw_labels.sheet import PrintedLabel, sheet_pdf
from salw_labels.stock import STOCKS, Stock

__all__ = [
    "ERROR_CODES",
    "STOCKS",
    "LabelCode",
    "LabelError",
    "PrintedLabel",
    "Stock",
    "draw",
    "draw_many",
    "parse_registry_number",
    "parse_scanned",
    "parse_typed",
    "registry_number",
    "sheet_pdf",
]
