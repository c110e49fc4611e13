"""What a thermal printer and a browser would make of what we send them: only of the commands that we emit."""

import re
from html import unescape
from xml.etree import ElementTree

from PIL import Image, ImageDraw, ImageFont

from salw_labels import fonts

SVG = "{http://www.w3.org/2000/svg}"
SVG_PX_PER_MM = 12
_FOLDER = fonts.__file__.removesuffix("fonts.py") + "fonts/"
_FAMILY_FILES = {"'DejaVu Sans Mono',monospace": "DejaVuSansMono.ttf", "'DejaVu Sans',sans-serif": "DejaVuSans.ttf"}


def printed_by_zpl(job: bytes) -> list[Image.Image]:
    """Return the labels that a print job makes, each as many times as it asks for, black on white."""
    labels = []
    for body in re.findall(r"\^XA(.*?)\^XZ", job.decode("utf-8"), re.DOTALL):
        labels += _zpl_label(body)
    assert re.sub(r"\^XA.*?\^XZ\n", "", job.decode("utf-8"), flags=re.DOTALL) == ""
    return labels


def _zpl_label(body: str) -> list[Image.Image]:
    picture = Image.new("L", (1, 1), 255)
    copies, height, at = 1, 0, (0, 0)
    size = [0, 0]
    for command, given in re.findall(r"\^(A0N|[A-Z]{2})([^^]*)", body):
        match command:
            case "PW" | "LL":
                size["PWLL".index(command) // 2] = int(given)
                picture = Image.new("L", (max(size[0], 1), max(size[1], 1)), 255)
            case "FO" | "FT":
                at = tuple(int(part) for part in given.split(","))  # type: ignore[assignment]
            case "GF":
                _paste_graphic(picture, at, given)
            case "GB":
                width, high, line = (int(part) for part in given.split(","))
                box = (at[0], at[1], at[0] + width - 1, at[1] + high - 1)
                ImageDraw.Draw(picture).rectangle(box, outline=0, width=line)
            case "A0N":
                height = int(given.split(",")[1])
            case "FD":
                text = re.sub("_([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), given)
                font = ImageFont.truetype(_FOLDER + "DejaVuSans.ttf", height * 0.9)
                ImageDraw.Draw(picture).text(at, text, fill=0, font=font, anchor="ls")
            case "PQ":
                copies = int(given)
            case "CI" | "FH" | "FS":
                pass
            case _:
                raise AssertionError(f"this interpreter does not know ^{command}")
    return [picture] * copies


def _paste_graphic(picture: Image.Image, at: tuple[int, int], given: str) -> None:
    kind, binary, total, row_bytes, data = given.split(",")
    assert kind == "A"
    assert binary == total
    rows: list[str] = []
    while data:
        if data[0] == ":":
            rows.append(rows[-1])
            data = data[1:]
        else:
            rows.append(data[: 2 * int(row_bytes)])
            data = data[2 * int(row_bytes) :]
    pixels = bytes.fromhex("".join(rows))
    assert len(pixels) == int(total)
    graphic = Image.frombytes("1", (8 * int(row_bytes), len(rows)), pixels)
    picture.paste(0, at, graphic)


def seen_in_svg(svg: bytes) -> Image.Image:
    """Return a picture of 12 pixels a millimetre of one of our SVG documents."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own bytes
    width, height = (float(side) for side in root.attrib["viewBox"].split()[2:])
    assert root.attrib["width"] == f"{width:g}mm"
    picture = Image.new("L", (round(width * SVG_PX_PER_MM), round(height * SVG_PX_PER_MM)), 255)
    _draw_group(ImageDraw.Draw(picture), root, 0.0, 0.0)
    return picture


def _draw_group(pen: ImageDraw.ImageDraw, group: ElementTree.Element, left: float, top: float) -> None:
    for part in group:
        given = part.attrib
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", given.get("transform", ""))]
        if part.tag == f"{SVG}g":
            _draw_group(pen, part, left + numbers[0], top + numbers[1])
        elif part.tag == f"{SVG}path" and numbers:
            for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", given["d"]):
                _fill(pen, left + numbers[0], top + numbers[1], numbers[2], int(x), int(y), int(run))
        elif part.tag == f"{SVG}text":
            font = ImageFont.truetype(
                _FOLDER + _FAMILY_FILES[given["font-family"]], float(given["font-size"]) * SVG_PX_PER_MM
            )
            at = ((left + float(given["x"])) * SVG_PX_PER_MM, (top + float(given["y"])) * SVG_PX_PER_MM)
            pen.text(at, unescape(part.text or ""), fill=0, font=font, anchor="ls")


def _fill(pen: ImageDraw.ImageDraw, left: float, top: float, scale: float, x: int, y: int, run: int) -> None:
    near = (round((left + x * scale) * SVG_PX_PER_MM), round((top + y * scale) * SVG_PX_PER_MM))
    far = (round((left + (x + run) * scale) * SVG_PX_PER_MM) - 1, round((top + (y + 1) * scale) * SVG_PX_PER_MM) - 1)
    pen.rectangle((*near, *far), fill=0)
