"""Reading an armoury's file: every cell as it was written, on the line where a person finds it."""

import datetime
import hashlib
import io
import string
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from salw.core.errors import Unacceptable
from salw.intake.register.checking import column_keys
from salw.intake.register.mapping import FileOptions
from salw.intake.register.reading import Cells, Source, delimiter_of, encoding_of, read_rows, read_source
from salw.intake.register.sheets import text_of


def source(content: bytes, name: str = "registre.csv") -> Source:
    return Source(name, content, hashlib.sha256(content).digest())


def read(content: bytes, name: str = "registre.csv", **options: object) -> list[Cells]:
    return list(read_rows(source(content, name), FileOptions.model_validate(options)))


def workbook(fill: object, name: str = "Armes") -> bytes:
    """Return an .xlsx whose sheets were filled by `fill(book, sheet)`."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.add_worksheet("Page de garde")
    fill(book, book.add_worksheet(name))  # type: ignore[operator]
    book.close()
    return target.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found_out_and_the_texts_are_the_same(encoding: str) -> None:
    text = "N° de série;Modèle\r\nDEMO-1;MAS 36 réformé\r\n"
    rows = read(text.encode(encoding))
    assert encoding_of(source(text.encode(encoding))) == encoding
    assert [row.texts for row in rows] == [("N° de série", "Modèle"), ("DEMO-1", "MAS 36 réformé")]


def test_an_encoding_that_the_mapping_names_wrongly_is_an_error_with_its_line() -> None:
    with pytest.raises(Unacceptable) as caught:
        read("a;b\r\né;2\r\n".encode("cp1252"), encoding="utf-8")
    assert caught.value.code == "register.encoding_wrong"
    assert caught.value.details["line"] == 2


def test_a_bad_byte_in_utf8_is_named_with_its_line_and_not_read_as_something_else() -> None:
    content = "N° de série;Modèle\nDEMO-1;réformé\n".encode() + b"DEMO-2;r\xe9form\xe9\n"
    with pytest.raises(Unacceptable) as caught:
        read(content)
    assert caught.value.code == "register.encoding_wrong"
    assert caught.value.details == {"file": "registre.csv", "encoding": "utf-8", "line": 3}


def test_bytes_of_no_known_encoding_are_an_error() -> None:
    with pytest.raises(Unacceptable) as caught:
        read(b"a;b\n\x81\x8d;2\n")
    assert caught.value.code == "register.encoding_unknown"


def test_a_null_character_means_that_the_file_was_read_wrongly() -> None:
    with pytest.raises(Unacceptable) as caught:
        read("a;b\n1;2\n".encode("utf-16-le"))
    assert caught.value.code == "register.not_text"


@pytest.mark.parametrize(
    ("header", "found"),
    [("a;b;c", ";"), ("a,b", ","), ("a\tb", "\t"), ('"a;b",c', ","), ("seul", ","), ("a|b|c", "|")],
)
def test_the_separator_is_the_one_the_headings_have_most_of_outside_quotes(header: str, found: str) -> None:
    assert delimiter_of(f"{header}\n1;2;3;4\n", 1) == found


def test_a_row_is_found_on_the_first_of_its_lines() -> None:
    rows = read(b'h1,h2\n"a\r\nb\n",1\nc,2\n\nd,3\n')
    assert [(row.line, row.texts) for row in rows] == [
        (1, ("h1", "h2")),
        (2, ("a\r\nb\n", "1")),
        (5, ("c", "2")),
        (6, ()),
        (7, ("d", "3")),
    ]


@pytest.mark.parametrize("row", ['"a"b,1', '"a,1\nc,2'])
def test_quotes_that_would_make_up_a_text_are_an_error_with_their_line(row: str) -> None:
    with pytest.raises(Unacceptable) as caught:
        read(f"h1,h2\n{row}\n".encode())
    assert (caught.value.code, caught.value.details) == ("register.bad_quoting", {"file": "registre.csv", "line": 2})


def test_a_quote_inside_an_unquoted_cell_is_a_character() -> None:
    assert read(b'h1,h2\ncanon de 9",1\n')[1].texts == ('canon de 9"', "1")


def test_a_cell_of_any_length_is_read_and_left_to_the_judgement_of_its_row() -> None:
    long = "x" * 5_000_000
    assert [row.texts for row in read(f"h1,h2\n{long},1\nb,2\n".encode())][1:] == [(long, "1"), ("b", "2")]


def test_rows_above_the_headings_are_no_rows() -> None:
    rows = read(b"titre\n\nserie,type\n1,fusil\n", header_row=3)
    assert [row.texts for row in rows] == [("serie", "type"), ("1", "fusil")]
    with pytest.raises(Unacceptable, match=r"register\.no_header"):
        read(b"serie,type\n", header_row=4)


def test_a_file_that_is_not_there_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(Unacceptable, match=r"register\.file_unreadable"):
        read_source(tmp_path / "absent.csv")


# Any text but the null character and lone surrogates, which no file in a text encoding holds.
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ODD = st.text(st.sampled_from("\"',;|\t\r\n aé0=" + string.ascii_letters), max_size=12)


def written(cell: str, delimiter: str, *, quoted: bool) -> str:
    """Return a cell in quotes where it needs them, and where somebody's program put them anyway."""
    needed = any(char in cell for char in f'{delimiter}"\r\n')
    return '"' + cell.replace('"', '""') + '"' if quoted or needed else cell


@given(
    rows=st.lists(st.lists(st.tuples(CELLS | ODD, st.booleans()), min_size=2, max_size=5), min_size=1, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8-sig", "utf-16"]),
)
def test_what_was_written_with_odd_quoting_is_read_back_as_it_was(
    rows: list[list[tuple[str, bool]]], delimiter: str, ending: str, encoding: str
) -> None:
    lines = [delimiter.join(written(cell, delimiter, quoted=q) for cell, q in row) for row in rows]
    found = read((ending.join(lines) + ending).encode(encoding), delimiter=delimiter)
    assert [list(row.texts) for row in found] == [[cell for cell, _ in row] for row in rows]
    assert [row.line for row in found] == sorted({row.line for row in found})


@given(st.lists(st.sampled_from(["", " ", "N°", "Type", "#3", "N°#1", "Type#2"]), max_size=6), st.integers(0, 8))
def test_every_column_has_a_key_of_its_own(headings: list[str], width: int) -> None:
    keys = column_keys(headings, width)
    assert len(set(keys)) == len(keys) == max(len(headings), width)
    assert all(keys[n] == h for n, h in enumerate(headings) if h.strip() and headings.count(h) == 1)


def test_a_sheet_is_read_below_its_title_block_with_the_line_a_person_sees() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_string(1, 1, "ETAT DE L'ARMEMENT")
        for place, heading in enumerate(("N° de série", "Date", "Calibre"), start=1):
            sheet.write_string(3, place, heading)
        sheet.write_number(4, 1, 456781)
        sheet.write_datetime(4, 2, datetime.date(2019, 3, 12), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_number(4, 3, 7.62)
        sheet.write_string(5, 1, "000123")

    rows = read(workbook(fill), "registre.xlsx", sheet="Armes", header_row=4)
    assert [(row.line, row.texts) for row in rows] == [
        (4, ("N° de série", "Date", "Calibre")),
        (5, ("456781", "2019-03-12", "7.62")),
        (6, ("000123", "", "")),
    ]
    assert (rows[1].numbers, rows[1].dates) == ({0, 2}, {1})
    assert rows[2].numbers == frozenset()


def test_digits_that_a_spreadsheet_lost_are_not_made_up() -> None:
    assert text_of(1.7e27) == "1.7E+27"
    assert text_of(999999999999999.0) == "999999999999999"
    assert text_of(1234567890123456.0) == "1.23456789012346E+15"
    assert text_of(0.1 + 0.2) == "0.3"
    assert text_of(True) == "VRAI"


def test_an_unknown_sheet_names_the_nearest() -> None:
    content = workbook(lambda _, sheet: sheet.write_string(0, 0, "x"))
    with pytest.raises(Unacceptable) as caught:
        read(content, "registre.xlsx", sheet="Arme")
    assert (caught.value.code, caught.value.details["nearest"]) == ("register.unknown_sheet", "Armes")
    with pytest.raises(Unacceptable, match=r"register\.not_a_spreadsheet"):
        read(b"not a workbook", "registre.xlsx")
