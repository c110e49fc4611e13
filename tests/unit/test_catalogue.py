"""The data shipped with the service: models, countries, forces, regions, and the forbidden words."""

import csv
import re
import unicodedata
from collections import defaultdict
from datetime import date
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from salw.registry.classification import ClassCode, is_salw, unroca_class

_COUNTRIES_OF_NO_MORE = {"SU", "YU", "CS", "DD"}
_REFERENCE_TEXT = """
Makarov PM; Makarov (Arsenal); Type 59; TT-33 Tokarev; Type 54; M57; PA MAC Mle 1950; MAB PA-15; MAS
1935 S; Beretta 92 / PAMAS G1; FN HP-35; Glock 17; SP 2022; CZ 75; Canik TP9; MR 73; MAT-49; Uzi;
MP5; PM 12; PPSh-41; Sa vz. 61; SKS; Type 56 carbine; M59/66; MAS-36; MAS-49/56; Mosin M44 / Type
53; Lee-Enfield No. 4; Kar 98k / M48; M14; AK (AK-47); AKM / AKMS; AK-74 / AKS-74; AK-103; Type 56;
Type 56-1; Type 56-2; Type 81; CQ-A; M70 / M70AB2; M92; MPi-KM / KMS-72; PM md. 63; PM md. 65 / 90;
AKK / AKKM / AR-M1; AR-M9; KbK-AKM / AKMS; AMD-65; Type 58 / 68; Sa vz. 58; FAMAS F1; SG 540 / 542 /
543; FN FAL; FN FNC; FN SCAR-L; G3; HK 33; MPT-76; M16A1/A2; M4; Galil AR/SAR; Tavor X95; SVD; PSL;
FR F1 / F2; M76; RPD; Type 56 LMG; RPK / RPKS; FM 24/29; Minimi / M249; PK / PKM; Type 80 / 67;
AA-52 / NF-1; FN MAG; MG3; DShK / DShKM; Type 54 HMG; W85; M2 HB; NSV; KPV / ZPU-1/-2; GP-25; M203;
AGS-17; QLZ-87; RPG-7 / -7V; Type 69; LRAC F1; AT4; SPG-9; B-10 / Type 65; M40A1; Milan; 60 mm
mortar (Brandt type); 81 mm mortar (Brandt type); 82 mm BM-37 / 2B14 / Type 67; 9K32 Strela-2;
Craft-made pistol / single shot
"""
_REFERENCE_MODELS = tuple(" ".join(name.split()) for name in _REFERENCE_TEXT.split(";"))


def _rows(package: str, *path: str) -> list[dict[str, str]]:
    text = files(package).joinpath(*path).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


MODELS = _rows("salw.registry", "catalogue", "models.csv")
COUNTRIES = _rows("salw.access", "reference", "countries.csv")
FORCES = _rows("salw.access", "reference", "forces.csv")
REGIONS = _rows("salw.access", "reference", "regions.csv")


def _folded(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text).lower() if char.isalnum())


def test_the_catalogue_is_whole_and_every_cell_is_clean() -> None:
    assert len(MODELS) >= 100
    columns = ["code", "name", "maker", "country", "calibre", "calibre_mm", "class", "family", "aliases"]
    for row in MODELS:
        assert list(row) == [*columns, "source", "reviewed"]
        assert all(isinstance(value, str) and value == value.strip() for value in row.values()), row
        assert all(row[column] for column in columns if column != "calibre_mm"), row
        assert unicodedata.is_normalized("NFC", "".join(row.values())), row


def test_model_codes_are_unique_slugs() -> None:
    codes = [row["code"] for row in MODELS]
    assert len(set(codes)) == len(codes)
    assert [code for code in codes if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)] == []


def test_a_row_is_one_variant_of_one_maker_in_one_country() -> None:
    identities = [(row["name"], row["maker"], row["country"], row["calibre"]) for row in MODELS]
    assert len(set(identities)) == len(identities)


def test_every_model_has_a_known_class_and_country() -> None:
    countries = {
        str(code) for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code))
    } | _COUNTRIES_OF_NO_MORE
    assert {row["class"] for row in MODELS} <= set(ClassCode)
    assert {row["country"] for row in MODELS} <= countries
    assert {"BF", "ML", "NE"} <= {row["country"] for row in MODELS}


def test_the_bore_is_a_number_that_agrees_with_the_calibre_as_written() -> None:
    for row in MODELS:
        if row["class"] == ClassCode.CRAFT:
            assert row["calibre_mm"] == ""
            continue
        bore = Decimal(row["calibre_mm"])
        assert 5 <= bore <= 120, row
        if row["calibre"] != ".357 Magnum":
            assert str(bore) in re.findall(r"\d+(?:\.\d+)?", row["calibre"]), row


def test_every_model_of_the_catalogue_is_a_small_arm_or_light_weapon_with_a_line_in_the_un_register() -> None:
    for row in MODELS:
        bore = Decimal(row["calibre_mm"]) if row["calibre_mm"] else None
        assert is_salw(row["class"], bore), row
        assert unroca_class(row["class"], bore) is not None, row


def test_a_family_holds_weapons_of_kindred_classes_only() -> None:
    families: dict[str, set[str]] = defaultdict(set)
    for row in MODELS:
        families[row["family"]].add(row["class"])
    assert {family: found for family, found in families.items() if len(found) > 1} == {}


def test_aliases_are_neither_empty_nor_repeated_nor_a_bare_pm() -> None:
    for row in MODELS:
        aliases = row["aliases"].split("|")
        assert all(alias and alias == alias.strip() for alias in aliases), row
        assert len(set(aliases)) == len(aliases), row
        assert "PM" not in aliases, "a bare PM is a sub-machine gun, a pistol and an AK"


# Words that name a thing and no maker: on a French form they are French. "FN Manufacturing" is a name.
_ENGLISH = re.compile(
    r"\b(factor(y|ies)|state|other|various|local artisan|plants?|arms|works|mechanical|stocks?|folding|mortars?"
    r"|(?<=Brandt )type|carbines?|rifles?|pistols|guns?|machine|shot|single|craft|made|license|(?<!sous )licence"
    r"|company|varies|[LHG]P?MG|Izhevsk|Tula|Uralsk|Vyatskie)\b",
    re.IGNORECASE,
)


def test_no_english_word_stands_in_what_a_french_form_prints_of_a_model() -> None:
    written = {row["code"]: f"{row['name']} | {row['maker']} | {row['calibre']}" for row in MODELS}
    assert {code: text for code, text in written.items() if _ENGLISH.search(text)} == {}
    assert [row["code"] for row in MODELS if re.search(r"[0-9]\.[0-9]", row["name"])] == [], "a comma in French"


@pytest.mark.parametrize(("number", "name"), list(enumerate(_REFERENCE_MODELS, start=1)))
def test_each_of_the_hundred_reference_models_is_represented(number: int, name: str) -> None:
    found = [row for row in MODELS if row["source"].startswith(f"reference table {number};")]
    written = _folded(" ".join(f"{row['name']} {row['aliases']}" for row in found))
    first = re.split(r" / | \(", name)[0]
    assert all(_folded(word) in written for word in re.split(r"[ /]", first)), (number, name)


def test_the_reference_list_of_this_test_has_a_hundred_models() -> None:
    assert len(_REFERENCE_MODELS) == len(set(_REFERENCE_MODELS)) == 100


def test_the_three_countries_have_names_a_time_zone_and_a_commission() -> None:
    assert [row["code"] for row in COUNTRIES] == ["BF", "ML", "NE"]
    for row in COUNTRIES:
        assert all(row.values()), row
        assert ZoneInfo(row["time_zone"]).key == row["time_zone"]


def test_forces_have_unique_codes_in_a_known_country_and_a_known_ministry() -> None:
    assert len({(row["country"], row["code"]) for row in FORCES}) == len(FORCES)
    assert {row["country"] for row in FORCES} == {row["code"] for row in COUNTRIES}
    for row in FORCES:
        assert all(row.values()), row
        assert re.fullmatch("[A-Z]{2,3}", row["code"]), row
        assert row["ministry"] in ("defence", "security", "other"), row


def test_only_mark_codes_seen_in_a_source_are_called_sourced() -> None:
    sourced = {(row["country"], row["code"]) for row in FORCES if row["mark_code_source"] == "sourced"}
    assert sourced == {("BF", "AT"), ("BF", "AA")}
    assert {row["mark_code_source"] for row in FORCES} == {"sourced", "placeholder"}


def _validity(row: dict[str, str]) -> tuple[date, date]:
    started = date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min
    ended = date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max
    return started, ended


@pytest.mark.parametrize("column", ["name", "code"])
def test_a_region_is_never_valid_twice_at_once(column: str) -> None:
    periods: dict[tuple[str, str], list[tuple[date, date]]] = defaultdict(list)
    for row in REGIONS:
        started, ended = _validity(row)
        assert started < ended, row
        periods[row["country"], row[column]].append((started, ended))
    for key, found in periods.items():
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(sorted(found))), key


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (date(2022, 6, 1), {"BF": 13, "ML": 11, "NE": 8}),
        (date(2024, 6, 1), {"BF": 13, "ML": 20, "NE": 8}),
        (date(2025, 7, 1), {"BF": 13, "ML": 20, "NE": 8}),
        (date(2025, 7, 2), {"BF": 17, "ML": 20, "NE": 8}),
    ],
)
def test_each_country_has_the_divisions_of_the_day(day: date, counts: dict[str, int]) -> None:
    found: dict[str, int] = defaultdict(int)
    for row in REGIONS:
        started, ended = _validity(row)
        found[row["country"]] += started <= day < ended
    assert found == counts


def test_every_new_region_names_the_one_it_continues_or_was_cut_from() -> None:
    ended = {(row["country"], row["name"]) for row in REGIONS if row["valid_to"]}
    for row in REGIONS:
        assert row["name"], row
        assert row["capital"], row
        before = [name for name in (row["former_name"], row["carved_from"]) if name]
        assert len(before) == (1 if row["valid_from"] else 0), row
        assert all((row["country"], name) in ended for name in before), row


def test_the_forbidden_words_of_the_glossary_can_be_read_by_a_machine() -> None:
    glossary = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
    section = glossary.split("## Forbidden words\n")[1]
    table = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    assert table[0] == ["word", "say instead", "why"]
    words = [row[0] for row in table[2:]]
    assert len(words) == len({word.lower() for word in words}) >= 20
    assert all(len(row) == 3 and all(row) for row in table[2:])
    for word, instead, _ in table[2:]:
        assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", instead, re.IGNORECASE), word


def test_no_french_word_of_the_glossary_is_itself_forbidden() -> None:
    glossary = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
    words_part, forbidden_part = glossary.split("## Forbidden words\n")
    french = [line.split("|")[2] for line in words_part.split("## Words\n")[1].splitlines() if line.startswith("|")]
    forbidden = [line.split("|")[1].strip() for line in forbidden_part.splitlines() if line.startswith("|")][2:]
    for word in forbidden:
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
        assert [text for text in french if pattern.search(text)] == [], word
