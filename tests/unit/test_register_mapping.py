"""The mapping file: what it says wrongly is named with its place and the nearest right word."""

import pytest

from salw.core.errors import Unacceptable
from salw.intake.register.mapping import Lookup, check_headings, read_mapping
from salw.registry.classification import ClassCode

GOOD = """
[file]
header_row = 3
[columns]
serial = ["N° de série", "N° bis"]
class = "Type"
[values.class]
"fusil" = "SA-ASR"
[[ignore]]
column = "Type"
values = ["jumelles"]
"""


def refusal(text: str) -> tuple[str, dict[str, object]]:
    with pytest.raises(Unacceptable) as caught:
        read_mapping(text)
    return caught.value.code, caught.value.details


def test_a_good_mapping_is_read() -> None:
    mapping = read_mapping(GOOD)
    assert mapping.columns.headings()["serial"] == ("N° de série", "N° bis")
    assert mapping.columns.headings()["class"] == ("Type",)
    assert mapping.values.class_ == {"fusil": ClassCode.ASSAULT_RIFLE}
    assert mapping.ignore[0].values == ("jumelles",)


def test_a_text_that_is_not_toml_is_named_as_such() -> None:
    assert refusal("[columns]\nserial == 1\n") == ("register.mapping_not_toml", {"line": 2, "column": 9})
    assert refusal("[columns\n")[0] == "register.mapping_not_toml"


@pytest.mark.parametrize(
    ("text", "code", "details"),
    [
        ("[file]\n", "mapping_missing", {"place": "columns"}),
        (
            GOOD.replace("header_row = 3", 'encoding = "ascii"'),
            "mapping_unknown_choice",
            {"place": "file.encoding", "value": "ascii", "known": "utf-8, utf-8-sig, cp1252, iso-8859-1, utf-16"},
        ),
        (GOOD.replace("3", '"trois"'), "mapping_invalid", {"place": "file.header_row", "value": "trois"}),
    ],
)
def test_what_is_wrong_is_told_without_words_of_the_library(text: str, code: str, details: dict[str, object]) -> None:
    assert refusal(text) == (f"register.{code}", details)


@pytest.mark.parametrize(
    ("text", "place", "nearest"),
    [
        (GOOD.replace("serial =", "seriall ="), "columns.seriall", "serial"),
        (GOOD.replace("[file]", "[fille]"), "fille", "file"),
        (GOOD.replace("header_row", "header_rows"), "file.header_rows", "header_row"),
        (GOOD.replace("[values.class]", "[values.clas]"), "values.clas", "class"),
        (GOOD.replace("values = [", "value = 1\nvalues = ["), "ignore.0.value", "values"),
    ],
)
def test_an_unknown_word_is_named_with_the_nearest_known_one(text: str, place: str, nearest: str) -> None:
    assert refusal(text) == ("register.mapping_unknown_word", {"place": place, "nearest": nearest})


def test_an_unknown_class_is_named_with_the_nearest() -> None:
    code, details = refusal(GOOD.replace("SA-ASR", "SA-ASRR"))
    assert code == "register.mapping_unknown_class"
    assert details == {"place": "values.class.fusil", "value": "SA-ASRR", "nearest": "SA-ASR"}


def test_a_value_of_the_wrong_kind_is_named_with_its_place() -> None:
    code, details = refusal(GOOD.replace("header_row = 3", "header_row = 0"))
    assert (code, details["place"]) == ("register.mapping_invalid", "file.header_row")


def test_two_spellings_that_read_the_same_may_not_differ_in_meaning() -> None:
    code, details = refusal(GOOD.replace('"fusil" = "SA-ASR"', '"fusil" = "SA-ASR"\n"FUSIL " = "SA-RIF"'))
    assert (code, details["value"]) == ("register.mapping_two_meanings", "FUSIL ")


def test_a_mapping_must_say_where_the_class_comes_from() -> None:
    assert refusal('[columns]\nserial = "N°"')[0] == "register.mapping_without_class"


def test_a_column_that_the_file_lacks_is_named_with_the_nearest() -> None:
    with pytest.raises(Unacceptable) as caught:
        check_headings(read_mapping(GOOD), ["N° de série", "N° bis", "Types", ""], "r.csv")
    assert (caught.value.code, caught.value.details["nearest"]) == ("register.unknown_column", "Types")
    assert caught.value.details["column"] == "Type"


def test_spaces_around_and_within_a_heading_do_not_matter() -> None:
    check_headings(read_mapping(GOOD), ["N°  de série ", "N° bis", "Type\n"], "r.csv")


def test_a_heading_that_stands_twice_is_refused() -> None:
    with pytest.raises(Unacceptable, match=r"register\.column_twice"):
        check_headings(read_mapping(GOOD), ["N° de série", "N° bis", "Type", "Type"], "r.csv")


def test_words_are_looked_up_exactly_first_and_then_without_case_and_accents() -> None:
    words = Lookup({"Fusil d'assaut": 1, "pistolet": 2})
    assert words.get("FUSIL  D'ASSAUT ") == 1
    assert words.get("pistôlet") == 2
    assert words.get("mortier") is None
