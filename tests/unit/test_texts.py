"""What armouries write in place of a serial, and the form in which marks are compared."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salw.registry.texts import SUSPECT_CODES, legibility_of, normalise_mark, script_of, suspect_reasons

_ANY_TEXT = st.text(max_size=40)
# Texts in which every kind of rule is likely to meet another.
_PIECES = (
    "1|07|1974|КБ|AB|X|xxx|°|N°|№|?|*|★|▲|-|/| |à| a |\n|et"
    "|illisible|meulé|sans|numéro|S/N|lot de|armes|٣|۴|五六式|E+|.|,"
)
_REGISTER_TEXT = st.lists(st.sampled_from(_PIECES.split("|")), max_size=8).map("".join)


@given(_ANY_TEXT | _REGISTER_TEXT)
@example("ᄀ-ᅡ")  # Without the dash these two letters compose into one.
def test_normalising_twice_changes_nothing(raw: str) -> None:
    once = normalise_mark(raw)
    assert normalise_mark(once) == once


@given(_ANY_TEXT | _REGISTER_TEXT)
def test_only_letters_and_digits_remain(raw: str) -> None:
    assert all(char.isalnum() for char in normalise_mark(raw))


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=20))
def test_a_plain_mark_keeps_every_character_and_every_leading_zero(mark: str) -> None:
    assert normalise_mark(mark) == mark
    assert normalise_mark(mark.lower()) == mark
    assert normalise_mark(" - ".join(mark)) == mark


@given(_ANY_TEXT | _REGISTER_TEXT)
def test_every_text_gets_an_answer(raw: str) -> None:
    assert legibility_of(raw) in ("legible", "partial", "illegible", "absent", "removed")
    assert script_of(raw) in ("latin", "cyrillic", "arabic", "chinese", "mixed", "none")
    reasons = suspect_reasons(raw)
    assert list(reasons) == [code for code in SUSPECT_CODES if code in reasons]


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("ab-12.34/5 6", "AB123456"),
        ("АВЕКМНОРСТХУ 12", "ABEKMHOPCTXY12"),
        ("авекмнорстху 12", "ABEKMHOPCTXY12"),
        ("1974 КБ 1234", "1974KБ1234"),
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
        ("۰۱۲۳۴۵۶۷۸۹", "0123456789"),
        ("０１２ＡＢ", "012AB"),
        ("000123", "000123"),
        ("★BFAT4567", "BFAT4567"),
        ("66 ▲ 1234567", "661234567"),
        ("N° 12345", "12345"),
        ("Nº12345", "12345"),
        ("№ 12345", "12345"),
        ("N 12345", "N12345"),
        ("CEDEAO/BF/AT/4567", "CEDEAOBFAT4567"),
        ("五六式 10121943", "五六式10121943"),
        ("", ""),
    ],
)
def test_a_mark_is_brought_to_its_comparable_form(raw: str, normal: str) -> None:
    assert normalise_mark(raw) == normal


def test_two_ways_of_writing_one_mark_compare_equal_and_two_marks_do_not() -> None:
    assert normalise_mark("КЕ-1234") == normalise_mark("ke 1234")
    assert normalise_mark("0123") != normalise_mark("123")
    assert normalise_mark("O123") != normalise_mark("0123")


@pytest.mark.parametrize(
    ("raw", "script"),
    [
        ("AB 1234", "latin"),
        ("КБ 1234", "cyrillic"),
        ("N° КБ 1234", "cyrillic"),
        ("٣٤٥٦", "arabic"),
        ("۳۴۵۶", "arabic"),
        ("五六式 10121943", "chinese"),
        ("АB 1234", "mixed"),
        ("12345", "none"),
        ("▲ - 12", "none"),
        ("", "none"),
    ],
)
def test_the_script_of_a_mark_is_that_of_its_letters(raw: str, script: str) -> None:
    assert script_of(raw) == script


@pytest.mark.parametrize(
    ("legibility", "texts"),
    [
        (
            "legible",
            [
                "AB 1234",
                "КБ1234",
                "S/N 4567",
                "SEM30626",
                "LIMES12",
                "N 123",
                "★BFAT4567",
                "*1234*",
                "XA 5589",
            ],
        ),
        ("legible", ["▲", "CEDEAO BF AT 4567", "RAS 123", "五六式", "٣٤٥٦", "IZHEVSK"]),
        (
            "partial",
            ["371???", "AA104***", "*3*7*", "J******", "6988__", "169XXX", "AB12 meulé", "12345 à vérifier"],
        ),
        ("partial", ["partiellement lisible", "PARCIALMENTE", "AFEJ-N..."]),
        (
            "illegible",
            ["illisible", "ILLISIBLE", "Illisible.", "?", "????", "XXX", "xxxxx", "***", "à vérifier", "usé"],
        ),
        ("illegible", ["idem", '"', "-//-", "rouillé", "ILEGÍVEL", "inconnu", "NÃO VISIVEL", "DESGASTADO"]),
        (
            "absent",
            [
                "",
                "   ",
                "-",
                "---",
                ".",
                "/",
                "S/N",
                "s/n",
                "SN",
                "S / N",
                "S/Nº",
                "néant",
                "NEANT",
                "sans numéro",
            ],
        ),
        (
            "absent",
            [
                "Sans N°",
                "sans marque",
                "pas de numéro",
                "N/A",
                "N/C",
                "N°",
                "SEM NÚMERO",
                "NÃO CONSTA",
                "AUSENTE",
            ],
        ),
        (
            "removed",
            [
                "effacé",
                "EFFACE",
                "n° meulé",
                "limé",
                "gratté",
                "supprimé",
                "SUPRIMIDO",
                "RASPADO",
                "OBLITERADO",
            ],
        ),
        ("removed", ["illisible, effacé", "numéro poncé", "PINADO", "Num. raspada", "oblitéré"]),
    ],
)
def test_legibility_is_read_from_what_armouries_write(legibility: str, texts: list[str]) -> None:
    assert {text: legibility_of(text) for text in texts} == dict.fromkeys(texts, legibility)


@pytest.mark.parametrize(
    ("raw", "reasons"),
    [
        ("1.7E+27", ["serial.scientific_notation"]),
        ("1,7E+27", ["serial.scientific_notation"]),
        ("4567890.0", ["serial.decimal"]),
        ("idem", ["serial.ditto"]),
        ("-//-", ["serial.ditto"]),
        ("0", ["serial.placeholder", "serial.too_short"]),
        ("0000", ["serial.placeholder"]),
        ("99999", ["serial.placeholder"]),
        ("123456", ["serial.placeholder"]),
        ("XXX", ["serial.placeholder"]),
        ("?", ["serial.placeholder"]),
        ("02 UNIDADES", ["serial.quantity"]),
        ("lot de 25", ["serial.quantity"]),
        ("qté : 3", ["serial.quantity"]),
        ("12 fusils AK47 N° 456781 à 456792", ["serial.quantity", "serial.range"]),
        ("N° 1 à 12", ["serial.range"]),
        ("N° 1 a 12", ["serial.range"]),
        ("du 101 au 120", ["serial.range"]),
        ("456781-456792", ["serial.range"]),
        ("456781 a 456792", ["serial.range"]),
        ("12345 et 12346", ["serial.several"]),
        ("123456 / 987654", ["serial.several"]),
        ("12345\n67891", ["serial.several"]),
        ("BKTR", ["serial.no_digit"]),
        ("38", ["serial.too_short"]),
        ("NÃO LOCALIZA", ["serial.cut_at_12"]),
        ("122105221681", ["serial.cut_at_12"]),
    ],
)
def test_a_serial_that_cannot_be_trusted_is_flagged(raw: str, reasons: list[str]) -> None:
    assert list(suspect_reasons(raw)) == reasons


_ORDINARY = (
    "AB 1234|КБ 4321|12 A 345|1E5123|G059981-10|14-13-02584|1974/12345|60999 PM|CEDEAO/BF/AT/4567|000123"
    "|10121943|9876-54321|456792-456781|illisible|S/N||216"
)


@pytest.mark.parametrize("raw", _ORDINARY.split("|"))
def test_an_ordinary_serial_and_a_plain_statement_raise_no_doubt(raw: str) -> None:
    assert suspect_reasons(raw) == ()


def test_very_long_cells_are_answered_without_an_error() -> None:
    for raw in ("9" * 50_000, "?" * 50_000 + "a", "9 a " * 15_000, "x_" * 25_000 + "1"):
        assert legibility_of(raw) in ("legible", "partial", "illegible")
        assert set(suspect_reasons(raw)) <= set(SUSPECT_CODES)
