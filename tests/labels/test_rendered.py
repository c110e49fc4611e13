"""Sheets as a printer and a camera see them: rendered by poppler, damaged, read by decoders we did not write.

Damage is synthetic, with fixed seeds, one frame a label; a phone tries many frames.
"""

import math
import random
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from salw_labels import STOCKS, LabelCode, PrintedLabel, Stock, draw_many, registry_number, sheet_pdf

pytestmark = pytest.mark.poppler

DPI = 600
START = 3
CAMERA_PX_PER_MM = 8
DARK_METAL = 45

Decoder = Callable[[Image.Image], set[str]]
Damage = Callable[[Image.Image, random.Random], Image.Image]


class RenderedSheet:
    """One printed page and where each of its labels should lie."""

    def __init__(self, stock: Stock, folder: Path) -> None:
        self.stock = stock
        self.codes = draw_many(stock.per_page - START, random.Random(stock.name).randbytes)
        printed = [PrintedLabel(code, registry_number("ML", at)) for at, code in enumerate(self.codes, 1)]
        pdf = folder / "sheet.pdf"
        pdf.write_bytes(sheet_pdf(printed, stock, start=START, title="Étiquettes", banner="DÉMONSTRATION"))
        subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-singlefile", pdf, folder / "page"], check=True)
        with Image.open(folder / "page.pgm") as page:
            self.page = page.convert("L")

    def label(self, position: int) -> Image.Image:
        """Return what is printed at a position of the grid, and nothing around it."""
        x_mm, y_mm = self.stock.corner_mm(position)
        top_mm = self.stock.page_height_mm - y_mm - self.stock.label_height_mm
        box = (x_mm, top_mm, x_mm + self.stock.label_width_mm, top_mm + self.stock.label_height_mm)
        return self.page.crop([round(side * DPI / 25.4) for side in box])  # type: ignore[arg-type]

    def printed(self) -> Iterator[tuple[LabelCode, Image.Image]]:
        for at, code in enumerate(self.codes):
            yield code, self.label(START + at)


@pytest.fixture(scope="module", params=list(STOCKS.values()), ids=list(STOCKS))
def sheet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RenderedSheet:
    return RenderedSheet(request.param, tmp_path_factory.mktemp("sheet"))


def read_by_zxing(picture: Image.Image) -> set[str]:
    # Not the family `QRCode`: it includes Micro QR, and then one scratched label was read as "2618".
    model_2 = zxingcpp.BarcodeFormat.QRCodeModel2
    return {found.text for found in zxingcpp.read_barcodes(picture, formats=model_2)}  # type: ignore[arg-type]


def read_by_zbar(picture: Image.Image) -> set[str]:
    # Imported here because the import itself fails where libzbar0 is missing.
    from pyzbar.pyzbar import ZBarSymbol, decode

    return {found.data.decode("utf-8") for found in decode(picture, symbols=[ZBarSymbol.QRCODE])}


def wrong_or_unread(sheet: RenderedSheet, decoder: Decoder) -> list[tuple[str, set[str]]]:
    readings = [(code.text, decoder(picture)) for code, picture in sheet.printed()]
    return [(text, found) for text, found in readings if found != {text}]


def test_every_label_of_a_sheet_is_read_by_zxing_at_its_own_place(sheet: RenderedSheet) -> None:
    assert wrong_or_unread(sheet, read_by_zxing) == []


@pytest.mark.zbar
def test_every_label_of_a_sheet_is_read_by_zbar_at_its_own_place(sheet: RenderedSheet) -> None:
    assert wrong_or_unread(sheet, read_by_zbar) == []


def test_the_used_positions_of_a_sheet_stay_blank(sheet: RenderedSheet) -> None:
    for position in range(START):
        assert sheet.label(position).getextrema() == (255, 255)


def test_the_edge_of_a_label_and_its_quiet_zone_are_blank(sheet: RenderedSheet) -> None:
    stock = sheet.stock
    blank_mm = stock.edge_mm + 4 * stock.module_mm
    symbol_mm = 25 * stock.module_mm
    for _, picture in sheet.printed():
        left, top, right, bottom = (side * 25.4 / DPI for side in picture.point(lambda ink: 255 - ink).getbbox() or ())
        symbol = picture.crop((0, 0, picture.width, round((blank_mm + symbol_mm + 0.5) * DPI / 25.4)))
        inked = symbol.point(lambda ink: 255 - ink).getbbox()
        assert inked is not None
        assert top == pytest.approx(blank_mm, abs=0.1)
        assert (inked[2] - inked[0]) * 25.4 / DPI == pytest.approx(symbol_mm, abs=0.1)
        assert (inked[0] + inked[2]) / 2 == pytest.approx(picture.width / 2, abs=2)
        assert min(left, stock.label_width_mm - right) > 1.5
        assert stock.label_height_mm - bottom > 1.5


def turned(degrees: float) -> Damage:
    return lambda picture, _: picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=DARK_METAL)


def tilted(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Look at the label from 45 degrees aside, after turning it by up to 45 degrees."""
    picture = turned(chance.uniform(-45, 45))(picture, chance)
    return picture.resize((round(picture.width * 0.707), picture.height), Image.Resampling.BICUBIC)


def blurred(picture: Image.Image, _: random.Random) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(1.5))


def faded(picture: Image.Image, _: random.Random) -> Image.Image:
    return picture.point(lambda ink: 110 + ink * 50 // 255)


def as_jpeg(picture: Image.Image, _: random.Random) -> Image.Image:
    return through_jpeg(picture, quality=20)


def through_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("L")


def photographed(picture: Image.Image, damage: Damage, chance: random.Random) -> Image.Image:
    """Return the label on dark metal as a camera of 8 px/mm sees it."""
    scale = CAMERA_PX_PER_MM * 25.4 / DPI
    small = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BOX)
    scene = Image.new("L", (small.width + 60, small.height + 60), DARK_METAL)
    scene.paste(small, (30, 30))
    return through_jpeg(damage(scene, chance), quality=80)


DAMAGES: dict[str, Damage] = {
    "turned 17 degrees": turned(17),
    "turned 45 degrees": turned(45),
    "tilted 45 degrees": tilted,
    "blurred": blurred,
    "faded": faded,
    "strong JPEG": as_jpeg,
}


@pytest.mark.zbar
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_label_is_read_by_one_decoder_and_misread_by_none(sheet: RenderedSheet, name: str) -> None:
    chance = random.Random(name)
    unread = []
    for code, picture in list(sheet.printed())[:40]:
        frame = photographed(picture, DAMAGES[name], chance)
        found = read_by_zxing(frame) | read_by_zbar(frame)
        assert found <= {code.text}, "a decoder read something that is not printed"
        if not found:
            unread.append(code.text)
    assert unread == []


def scratched(sheet: RenderedSheet, picture: Image.Image, chance: random.Random, spare_finders: bool) -> Image.Image:
    """Draw three scratches of 0.25 mm, bright or dark, 4 to 15 mm long, that begin inside the symbol."""
    module = sheet.stock.module_mm * DPI / 25.4
    left, top = picture.width / 2 - 12.5 * module, (sheet.stock.edge_mm * DPI / 25.4) + 4 * module
    finders = [(left, top), (left + 18 * module, top), (left, top + 18 * module)]
    picture = picture.copy()
    pen = ImageDraw.Draw(picture)
    drawn = 0
    while drawn < 3:
        x, y = left + chance.uniform(0, 25 * module), top + chance.uniform(0, 25 * module)
        length, angle = chance.uniform(4, 15) * DPI / 25.4, chance.uniform(0, math.tau)
        points = [(x + math.cos(angle) * length * t / 50, y + math.sin(angle) * length * t / 50) for t in range(51)]
        hit = any(
            -module < px - fx < 8 * module and -module < py - fy < 8 * module for px, py in points for fx, fy in finders
        )
        if not (hit and spare_finders):
            pen.line([points[0], points[-1]], fill=chance.choice((20, 235)), width=round(0.25 * DPI / 25.4))
            drawn += 1
    return picture


def read_scratched(sheet: RenderedSheet, spare_finders: bool) -> float:
    """Return the share of scratched labels that a decoder reads, after checking that none is misread."""
    chance = random.Random(sheet.stock.name)
    read = 0
    for code, picture in sheet.printed():
        frame = photographed(scratched(sheet, picture, chance, spare_finders), lambda scene, _: scene, chance)
        found = read_by_zxing(frame) | read_by_zbar(frame)
        assert found <= {code.text}, "a decoder read something that is not printed"
        read += bool(found)
    return read / len(sheet.codes)


@pytest.mark.zbar
def test_three_scratches_beside_the_finders_stop_no_label(sheet: RenderedSheet) -> None:
    assert read_scratched(sheet, spare_finders=True) == 1.0


@pytest.mark.zbar
def test_three_scratches_anywhere_stop_at_most_one_label_in_five(sheet: RenderedSheet) -> None:
    # A scratch through a finder is what kills a symbol: hence two copies of a label on every weapon.
    assert read_scratched(sheet, spare_finders=False) >= 0.8
