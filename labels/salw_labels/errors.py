"""The error of this library and the stable codes it may carry."""

ERROR_CODES = (
    "label.malformed",
    "label.not_training",
    "label.of_person",
    "label.of_rack",
    "label.of_store",
    "label.of_weapon",
    "label.training",
    "label.wrong_check",
    "label.wrong_prefix",
    "label_sheet.empty",
    "label_sheet.line_too_wide",
    "label_sheet.no_such_page",
    "label_sheet.start_outside",
    "label_sheet.too_many_lines",
    "label_sheet.wrong_stock",
    "label_stock.module_too_small",
    "label_zpl.module_too_small",
    "registry_number.malformed",
    "registry_number.wrong_check",
)


class LabelError(ValueError):
    """What was read, typed or asked for cannot be a label; `code` is one of `ERROR_CODES`.

    `detail` is for whoever writes a stock, and shown nowhere else.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
