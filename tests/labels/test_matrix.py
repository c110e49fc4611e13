"""The GF(2) table against the library it was built from, and against what the standard fixes."""

import random

import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.util import MODE_ALPHA_NUM, QRData

from salw_labels import draw_many
from salw_labels.matrix import packed

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
FINDER = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]


def rows(text: str) -> list[str]:
    """Return the 25 rows of the packed symbol as text, after checking that the padding is blank."""
    symbol = packed(text)
    assert len(symbol) == 100
    bits = [f"{int.from_bytes(symbol[at : at + 4], 'big'):032b}" for at in range(0, 100, 4)]
    assert all(row.endswith("0000000") for row in bits)
    return [row[:25] for row in bits]


def rows_by_qrcode(text: str) -> list[str]:
    symbol = qrcode.QRCode(version=2, error_correction=qrcode.constants.ERROR_CORRECT_H, mask_pattern=2, border=0)
    symbol.add_data(QRData(text, mode=MODE_ALPHA_NUM))
    symbol.make(fit=False)
    return ["".join("1" if module else "0" for module in row) for row in symbol.modules]


def test_the_table_gives_what_qrcode_gives_for_200_labels() -> None:
    for label in draw_many(200, random.Random(20).randbytes):
        assert rows(label.text) == rows_by_qrcode(label.text)


@given(st.text(ALPHANUMERIC, min_size=20, max_size=20))
@settings(deadline=None, max_examples=50)
def test_the_table_gives_what_qrcode_gives_for_any_alphanumeric_text(text: str) -> None:
    assert rows(text) == rows_by_qrcode(text)


def test_the_three_finders_and_the_timing_lines_are_where_the_standard_puts_them() -> None:
    symbol = rows("W0123456789ABCDEFGHJ")
    assert [row[:7] for row in symbol[:7]] == FINDER
    assert [row[-7:] for row in symbol[:7]] == FINDER
    assert [row[:7] for row in symbol[-7:]] == FINDER
    assert symbol[6][8:17] == "".join(row[6] for row in symbol[8:17]) == "101010101"


@pytest.mark.parametrize("text", ["", "W" * 19, "W" * 21, "w" * 20, "é" * 20])
def test_a_text_that_does_not_fill_the_symbol_exactly_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a label has"):
        packed(text)
