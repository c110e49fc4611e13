"""Sheets as a printer and a camera see them: rendered by poppler, read by decoders we did not write."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import zxingcpp
from PIL import Image, ImageFilter

from salw_labels import Kind, LabelCode, PrintedLabel, Stock, Use, draw_many, registry_number, sheet_pdf

KIND_ON = {Use.WEAPON: Kind.WEAPON, Use.PLACE: Kind.RACK, Use.PERSON: Kind.PERSON}


class RenderedSheet:
    """One printed page, full but for its first `start` positions, and where each of its labels should lie."""

    def __init__(self, stock: Stock, folder: Path, *, start: int, dpi: int, seed: str = "") -> None:
        self.stock, self.start, self.dpi = stock, start, dpi
        kind = KIND_ON[stock.use]
        self.codes = draw_many(stock.per_page - start, random.Random(stock.name + seed).randbytes, kind=kind)
        printed = [PrintedLabel(code, registry_number("ML", at), 1) for at, code in enumerate(self.codes, 1)]
        pdf = folder / "sheet.pdf"
        pdf.write_bytes(sheet_pdf(printed, stock, start=start, title="Étiquettes", banner="DÉMONSTRATION"))
        subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", "-singlefile", pdf, folder / "page"], check=True)
        with Image.open(folder / "page.pgm") as page:
            self.page = page.convert("L")

    def label(self, position: int) -> Image.Image:
        """Return what is printed at a position of the grid, and nothing around it."""
        x_mm, y_mm = self.stock.corner_mm(position)
        top_mm = self.stock.page_height_mm - y_mm - self.stock.label_height_mm
        box = (x_mm, top_mm, x_mm + self.stock.label_width_mm, top_mm + self.stock.label_height_mm)
        return self.page.crop([round(side * self.dpi / 25.4) for side in box])  # type: ignore[arg-type]

    def printed(self) -> Iterator[tuple[LabelCode, Image.Image]]:
        """Yield each code with the picture of its label."""
        for at, code in enumerate(self.codes):
            yield code, self.label(self.start + at)


def read_by_zxing(picture: Image.Image) -> set[str]:
    """Return every text that zxing-cpp finds."""
    # Not the family `QRCode`: it includes Micro QR, and then one scratched label was read as "2618".
    model_2 = zxingcpp.BarcodeFormat.QRCodeModel2
    return {found.text for found in zxingcpp.read_barcodes(picture, formats=model_2)}  # type: ignore[arg-type]


def read_by_zbar(picture: Image.Image) -> set[str]:
    """Return every text that zbar finds."""
    # Imported here because the import itself fails where libzbar0 is missing.
    from pyzbar.pyzbar import ZBarSymbol, decode

    return {found.data.decode("utf-8") for found in decode(picture, symbols=[ZBarSymbol.QRCODE])}


def read_frame(picture: Image.Image) -> set[str]:
    """Return every text that either decoder finds in a frame."""
    return read_by_zxing(picture) | read_by_zbar(picture)


def softened(picture: Image.Image) -> Image.Image:
    """Return the same frame a little out of focus: a scratch thinner than a module fades out of a finder."""
    return picture.filter(ImageFilter.GaussianBlur(1))
