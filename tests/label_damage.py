"""What a label on a weapon suffers, and the camera that sees it. Synthetic, all of it drawn from a given seed.

A label's picture has 600 dots an inch and shows that label alone. Damage is done to it in millimetres; then it
is bent or tilted on dark metal, seen by a camera of 8 pixels a millimetre, and kept as a JPEG.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageChops, ImageDraw, ImageFilter

DPI = 600
PX_PER_MM = DPI / 25.4
CAMERA_PX_PER_MM = 8
DARK_METAL = 45

Change = Callable[[Image.Image, random.Random], Image.Image]


def unchanged(picture: Image.Image, _: random.Random) -> Image.Image:
    return picture


@dataclass(frozen=True)
class Damage:
    """What happens to the label, then to its shape in space, then in the camera.

    `second_look`: a frame that is not read is shown to the decoders once more, softened.
    """

    label: Change = unchanged
    shape: Change = unchanged
    optics: Change = unchanged
    quality: int = 80
    second_look: bool = False


def frame(picture: Image.Image, damage: Damage, chance: random.Random) -> Image.Image:
    """Return the damaged label on dark metal, slightly turned, as a camera sees it."""
    label = damage.label(picture.copy(), chance)
    margin = round(4 * PX_PER_MM)
    scene = Image.new("L", (label.width + 2 * margin, label.height + 2 * margin), DARK_METAL)
    scene.paste(label, (margin, margin))
    scene = damage.shape(scene, chance)
    scene = turned(scene, chance.uniform(-8, 8))
    scale = CAMERA_PX_PER_MM / PX_PER_MM
    seen = scene.resize((round(scene.width * scale), round(scene.height * scale)), Image.Resampling.BOX)
    return through_jpeg(damage.optics(seen, chance), damage.quality)


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=DARK_METAL)


def through_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("L")


def tilted(degrees: float) -> Change:
    """Look at the label from aside: one axis is foreshortened, and its far side is smaller."""

    def shape(scene: Image.Image, chance: random.Random) -> Image.Image:
        scene = turned(scene, chance.uniform(-45, 45))
        width, height = scene.size
        seen = round(width * math.cos(math.radians(degrees)))
        # The camera is 15 cm away; the far edge is smaller by the depth of the tilt.
        depth_mm = width / PX_PER_MM * math.sin(math.radians(degrees))
        inset = height * (1 - 150 / (150 + depth_mm)) / 2
        corners = ((0, 0), (0, height), (seen, height - inset), (seen, inset))
        return scene.transform(
            (seen, height),
            Image.Transform.PERSPECTIVE,
            _to_source(corners, scene.size),
            Image.Resampling.BILINEAR,
            fillcolor=DARK_METAL,
        )

    return shape


def _to_source(corners: tuple[tuple[float, float], ...], size: tuple[int, int]) -> list[float]:
    """Return the eight numbers that map what is seen back to the source, for Pillow."""
    width, height = size
    sources = ((0, 0), (0, height), (width, height), (width, 0))
    rows = []
    for (x, y), (u, v) in zip(corners, sources, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return _solved(rows)


def _solved(rows: list[list[float]]) -> list[float]:
    """Solve a linear system given with its right side as last column (Gauss and Jordan, with pivots)."""
    size = len(rows)
    for at in range(size):
        pivot = max(range(at, size), key=lambda row: abs(rows[row][at]))
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for other in range(size):
            if other != at:
                factor = rows[other][at]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[at], strict=True)]
    return [row[-1] for row in rows]


def wrapped(diameter_mm: float) -> Change:
    """Bend the label round a tube that lies upright, and look at its middle from afar."""

    def shape(scene: Image.Image, _: random.Random) -> Image.Image:
        radius = diameter_mm / 2 * PX_PER_MM
        # Up to 75 degrees to each side; further round nothing is seen.
        half = min(scene.width / 2, radius * math.radians(75))
        seen = round(2 * radius * math.sin(half / radius))
        strips = []
        step = 6
        for left in range(0, seen, step):
            right = min(left + step, seen)
            sines = (max(-1.0, min(1.0, (x - seen / 2) / radius)) for x in (left, right))
            a, b = (scene.width / 2 + radius * math.asin(sine) for sine in sines)
            strips.append(((left, 0, right, scene.height), (a, 0, a, scene.height, b, scene.height, b, 0)))
        return scene.transform((seen, scene.height), Image.Transform.MESH, strips, Image.Resampling.BILINEAR)

    return shape


def blurred(radius: float) -> Change:
    return lambda seen, _: seen.filter(ImageFilter.GaussianBlur(radius))


def moved(pixels: int) -> Change:
    """Smear along a straight line of that length in any direction."""

    def optics(seen: Image.Image, chance: random.Random) -> Image.Image:
        angle = chance.uniform(0, math.pi)
        smeared = seen
        steps = 2 * pixels
        for step in range(steps):
            way = (step / (steps - 1) - 0.5) * pixels
            shift = (1, 0, -way * math.cos(angle), 0, 1, -way * math.sin(angle))
            ghost = seen.transform(
                seen.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR, fillcolor=DARK_METAL
            )
            smeared = Image.blend(smeared, ghost, 1 / (step + 1))
        return smeared

    return optics


def faded(seen: Image.Image, _: random.Random) -> Image.Image:
    return seen.point(lambda ink: 110 + ink * 50 // 255)


def noisy(seen: Image.Image, chance: random.Random) -> Image.Image:
    noise = Image.frombytes("L", seen.size, chance.randbytes(seen.width * seen.height))
    return Image.blend(seen, noise, 0.2)


def glaring(seen: Image.Image, chance: random.Random) -> Image.Image:
    """Put a soft white spot of light on the label, its middle as bright as metal or lamination reflects."""
    size = round(chance.uniform(0.35, 0.6) * min(seen.size))
    spot = ImageChops.invert(Image.radial_gradient("L").resize((size, size))).point(lambda light: light * 7 // 10)
    light = Image.new("L", seen.size)
    light.paste(spot, (chance.randrange(seen.width - size), chance.randrange(seen.height - size)))
    return ImageChops.screen(seen, light)


def scratched(count: int, width_mm: float) -> Change:
    """Draw straight scratches of 6 to 18 mm, bright or dark, anywhere on the label."""

    def label(picture: Image.Image, chance: random.Random) -> Image.Image:
        pen = ImageDraw.Draw(picture)
        for _ in range(count):
            x, y = chance.uniform(0, picture.width), chance.uniform(0, picture.height)
            length, angle = chance.uniform(6, 18) * PX_PER_MM, chance.uniform(0, math.tau)
            end = (x + length * math.cos(angle), y + length * math.sin(angle))
            pen.line([(x, y), end], fill=chance.choice((20, 235)), width=round(width_mm * PX_PER_MM))
        return picture

    return label


def dirty(share: float) -> Change:
    """Cover that share of the label with spots of oil and mud of 0.4 to 1.6 mm."""

    def label(picture: Image.Image, chance: random.Random) -> Image.Image:
        spots = Image.new("L", picture.size)
        pen = ImageDraw.Draw(spots)
        covered = 0.0
        while covered < share:
            for _ in range(6):
                x, y = chance.uniform(0, picture.width), chance.uniform(0, picture.height)
                radius = chance.uniform(0.2, 0.8)
                for _ in range(3):
                    dx, dy, r = (chance.uniform(-radius, radius) * PX_PER_MM for _ in range(3))
                    pen.ellipse((x + dx - abs(r), y + dy - abs(r), x + dx + abs(r), y + dy + abs(r)), fill=255)
            covered = spots.resize((64, 64), Image.Resampling.NEAREST).histogram()[255] / 64**2
        picture.paste(chance.choice((50, 90, 130)), mask=spots)
        return picture

    return label


def torn(side_mm: float) -> Change:
    """Tear one corner off the label, so far that the metal shows; the corner may be that without a finder."""

    def label(picture: Image.Image, chance: random.Random) -> Image.Image:
        x, y = chance.choice((0, picture.width)), chance.choice((0, picture.height))
        inward = (1 if x == 0 else -1, 1 if y == 0 else -1)
        across, down = (chance.uniform(0.8, 1.2) * side_mm * PX_PER_MM for _ in range(2))
        corner = [(x, y), (x + inward[0] * across, y), (x, y + inward[1] * down)]
        ImageDraw.Draw(picture).polygon(corner, fill=DARK_METAL)
        return picture

    return label


def worn(share: float) -> Change:
    """Rub the print off in patches: that share of the label has lost its ink, softly."""

    def label(picture: Image.Image, chance: random.Random) -> Image.Image:
        small = (picture.width // 12, picture.height // 12)
        cloud = Image.frombytes("L", small, chance.randbytes(small[0] * small[1])).filter(ImageFilter.GaussianBlur(1.2))
        levels = sorted(cloud.tobytes())
        limit = levels[round((1 - share) * (len(levels) - 1))]
        patches = cloud.point(lambda value: min(max((value - limit) * 40 + 128, 0), 255)).resize(picture.size)
        picture.paste(215, mask=patches)
        return picture

    return label


# Every label must be read under these (labels.md 3c).
SURE = {
    "clean": Damage(),
    "tilted 45 degrees": Damage(shape=tilted(45)),
    "round a tube of 20 mm": Damage(shape=wrapped(20)),
    "round a tube of 30 mm": Damage(shape=wrapped(30)),
    "blurred 1.5 px": Damage(optics=blurred(1.5)),
    "moved 5 px": Damage(optics=moved(5)),
    "low contrast": Damage(optics=faded),
    "noise and strong JPEG": Damage(optics=noisy, quality=20),
    "glare": Damage(optics=glaring),
    "3 thin scratches": Damage(label=scratched(3, 0.085), second_look=True),
}
# Of these and the above together, most must be read.
HARD = {
    "3 thick scratches": Damage(label=scratched(3, 0.38)),
    "8 thick scratches": Damage(label=scratched(8, 0.38)),
    "dirt on 5 %": Damage(label=dirty(0.05)),
    "dirt on 10 %": Damage(label=dirty(0.10)),
    "dirt on 15 %": Damage(label=dirty(0.15)),
    "dirt on 25 %": Damage(label=dirty(0.25)),
    "a corner of 4 mm off": Damage(label=torn(4)),
    "a corner of 7 mm off": Damage(label=torn(7)),
    "print worn on 10 %": Damage(label=worn(0.10)),
    "print worn on 20 %": Damage(label=worn(0.20)),
    "worn, round a tube, blurred": Damage(label=worn(0.10), shape=wrapped(25), optics=blurred(1.0)),
}
