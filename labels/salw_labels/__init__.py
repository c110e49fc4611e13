"""Labels of weapons, stores, racks and persons: payload, QR matrix, label stock, sheets. Pure: bytes in, bytes out."""

from salw_labels.calibration import CalibrationWords, calibration_pdf
from salw_labels.errors import ERROR_CODES, LabelError
from salw_labels.layout import PrintedLabel
from salw_labels.payload import (
    PREFIXES,
    Kind,
    LabelCode,
    ReadCode,
    check_kind,
    check_mode,
    draw,
    draw_many,
    parse,
    parse_registry_number,
    parse_scanned,
    parse_typed,
    printed_code,
    registry_number,
)
from salw_labels.preview import label_svg, page_svg
from salw_labels.sheet import sheet_pdf
from salw_labels.stock import STOCKS, Stock, Use
from salw_labels.zpl import labels_zpl

__all__ = [
    "ERROR_CODES",
    "PREFIXES",
    "STOCKS",
    "CalibrationWords",
    "Kind",
    "LabelCode",
    "LabelError",
    "PrintedLabel",
    "ReadCode",
    "Stock",
    "Use",
    "calibration_pdf",
    "check_kind",
    "check_mode",
    "draw",
    "draw_many",
    "label_svg",
    "labels_zpl",
    "page_svg",
    "parse",
    "parse_registry_number",
    "parse_scanned",
    "parse_typed",
    "printed_code",
    "registry_number",
    "sheet_pdf",
]
