"""Addresses of tiles, as tlog-tiles writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.proofs.logs.paths import read_tile_path, tile_path


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("000", (0, 256)),
        ("067", (67, 256)),
        ("x001/x234/067", (1_234_067, 256)),
        ("x001/x234/067.p/8", (1_234_067, 8)),
        ("999.p/255", (999, 255)),
        ("x001/000.p/1", (1000, 1)),
    ],
)
def test_an_address_names_a_tile(path: str, tile: tuple[int, int]) -> None:
    assert read_tile_path(path) == tile
    assert tile_path(*tile) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "67",
        "0067",
        "x067",
        "067/",
        "001/067",
        "x001/x067",
        "x000/067",
        "x000/x001/067",
        "x1/067",
        "067.p",
        "067.p/",
        "067.p/0",
        "067.p/08",
        "067.p/256",
        "067.p/999",
        "067.p/1/2",
        "-67",
        "٠٦٧",
        "x001/../067",
        "067\n",
    ],
)
def test_any_other_text_names_none(path: str) -> None:
    assert read_tile_path(path) is None


@given(st.integers(0, 2**55), st.integers(1, 256))
def test_each_tile_has_one_address(number: int, width: int) -> None:
    assert read_tile_path(tile_path(number, width)) == (number, width)
