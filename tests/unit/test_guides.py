"""The pictures of the guides: each that is shown is there, none lies unused, and all are small."""

import re
from pathlib import Path

from PIL import Image

GUIDES = Path(__file__).parents[2] / "docs/guides"
SIZE_MOST = 100_000  # bytes: a guide is read over a bad line too
LOOK = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")


def test_every_picture_of_a_guide_is_there_small_and_shown() -> None:
    shown = {
        (guide.parent / name).resolve()
        for guide in GUIDES.rglob("*.md")
        for name in LOOK.findall(guide.read_text("utf-8"))
    }
    there = {picture.resolve() for picture in GUIDES.rglob("*.png")}
    assert shown == there
    for picture in there:
        assert picture.stat().st_size < SIZE_MOST, picture
        with Image.open(picture) as image:
            assert image.mode == "P", picture
