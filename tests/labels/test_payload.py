"""The 20 characters of a label and the registry number: drawn, read, typed, and refused."""

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salw_labels import (
    ERROR_CODES,
    PREFIXES,
    Kind,
    LabelCode,
    LabelError,
    check_kind,
    check_mode,
    draw,
    draw_many,
    parse,
    parse_registry_number,
    parse_scanned,
    parse_typed,
    registry_number,
)

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALL = string.digits + string.ascii_uppercase

seeds = st.integers(0, 2**32)
kinds = st.sampled_from(Kind)


def codes(count: int, seed: int = 1, kind: Kind = Kind.WEAPON) -> list[LabelCode]:
    return draw_many(count, random.Random(seed).randbytes, kind=kind)


def check_character(body: str) -> str:
    """Return the ISO 7064 MOD 37,36 check character, written from the standard and not from the library."""
    product = 36
    for character in body:
        total = (product + ALL.index(character)) % 36 or 36
        product = total * 2 % 37
    return ALL[(1 - product) % 36]


def refusal(read: object, text: str) -> str:
    with pytest.raises(LabelError) as refused:
        read(text)  # type: ignore[operator]
    assert refused.value.code in ERROR_CODES
    return refused.value.code


@given(seeds)
@settings(deadline=None)
def test_a_drawn_label_is_read_back_from_its_symbol_and_from_its_printed_line(seed: int) -> None:
    label = draw(random.Random(seed))
    assert len(label.text) == 20
    assert parse_scanned(label.text) == label
    assert parse_typed(label.printed) == label.code


def test_the_operating_system_is_the_source_unless_another_is_given() -> None:
    assert draw() != draw()
    assert len(draw_many(100)) == 100


def test_the_same_seed_draws_the_same_labels_all_different() -> None:
    drawn = codes(5000)
    assert drawn == codes(5000)
    assert len({label.code for label in drawn}) == len({label.tail for label in drawn}) == 5000


def test_a_source_that_repeats_itself_still_gives_different_labels() -> None:
    fresh = random.Random(3)
    blocks = [bytes(18 * 2), fresh.randbytes(18 * 8), fresh.randbytes(18 * 8), fresh.randbytes(18 * 8)]
    drawn = draw_many(2, lambda n: (blocks.pop(0) + bytes(n))[:n])
    assert len({label.code for label in drawn}) == 2


def test_no_check_character_can_be_mistaken_and_every_crockford_character_is_drawn() -> None:
    drawn = codes(5000)
    assert {label.code[-1] for label in drawn} == set(CROCKFORD)
    for place in range(1, 11):
        assert {label.code[place] for label in drawn} == set(CROCKFORD)
    assert {character for label in drawn for character in label.tail} == set(CROCKFORD)


def test_the_check_character_is_that_of_the_standard() -> None:
    assert all(label.code[-1] == check_character(label.code[:-1]) for label in codes(300))


def test_every_single_substitution_in_the_code_is_detected() -> None:
    for label in codes(40):
        for place in range(12):
            for other in set(ALL) - {label.text[place]}:
                damaged = label.text[:place] + other + label.text[place + 1 :]
                assert refusal(parse_scanned, damaged) in {"label.malformed", "label.wrong_check"}


def test_adjacent_transpositions_are_detected_all_but_one_in_two_hundred() -> None:
    swaps = missed = 0
    for label in codes(400):
        for place in range(11):
            first, second = label.code[place], label.code[place + 1]
            if first == second:
                continue
            swapped = label.code[:place] + second + first + label.code[place + 2 :] + label.tail
            swaps += 1
            try:
                parse_scanned(swapped)
            except LabelError:
                continue
            missed += 1
    assert swaps > 4000
    assert missed / swaps <= 0.005


def test_the_printed_line_is_accepted_as_people_type_it() -> None:
    label = next(one for one in codes(500) if {"0", "1"} <= set(one.code[1:]))
    line = label.printed
    as_letters = line.replace("0", "O").replace("1", "l")
    for typed in (
        line,
        line.lower(),
        line.replace("-", ""),
        line.replace("-", " "),
        line.replace("-", "–"),
        f"  {line}\n",
        "W" + line,
        "w-" + line.lower(),
        label.code,
        as_letters,
        as_letters.lower().replace("l", "i"),
    ):
        assert parse_typed(typed) == label.code


@pytest.mark.parametrize("text", ["", "W", "K7M3-ZP0W", "K7M3-ZP0W-QXAAA", "K7M3-ZPUW-QXA", "K7M3-ZPıW-QXA", "é" * 11])
def test_what_cannot_be_a_printed_line_is_malformed(text: str) -> None:
    assert refusal(parse_typed, text) == "label.malformed"


def test_what_cannot_be_a_symbol_of_ours_is_malformed() -> None:
    label = draw()
    for text in (
        "",
        label.code,
        label.text + "0",
        label.text.lower(),
        "https://example.org/",
        label.text[:-1] + "U",
    ):
        assert refusal(parse_scanned, text) == "label.malformed"


def test_blanks_around_a_scanned_symbol_are_ignored() -> None:
    label = draw()
    assert parse_scanned(f"{label.text}\r\n") == label


def test_a_true_code_of_another_prefix_is_told_apart_from_a_misreading() -> None:
    body = "S" + "7M3ZP0W4QX"
    other = body + check_character(body)
    assert refusal(parse_scanned, other + "00000000") == "label.wrong_prefix"
    assert refusal(parse_typed, other) == "label.wrong_prefix"
    misread = "S" + draw().text[1:]
    assert refusal(parse_scanned, misread) == "label.wrong_check"


def test_a_label_code_cannot_exist_with_a_wrong_check_and_does_not_show_its_tail() -> None:
    label = codes(1)[0]
    wrong = "0" if label.code[-1] != "0" else "2"
    assert refusal(lambda code: LabelCode(code, label.tail), label.code[:-1] + wrong) == "label.wrong_check"
    assert refusal(lambda tail: LabelCode(label.code, tail), "SHORT") == "label.malformed"
    assert label.tail not in repr(label)


@given(seeds, kinds)
@settings(deadline=None)
def test_one_parser_tells_the_kind_of_a_symbol_and_of_a_typed_line(seed: int, kind: Kind) -> None:
    label = draw(random.Random(seed), kind=kind)
    assert label.kind is kind
    assert label.code[0] == PREFIXES[kind]
    assert label.code[-1] == check_character(label.code[:-1])
    for text in (label.text, f" {label.text}\r\n", label.text.lower()):
        read = parse(text)
        assert (read.kind, read.code, read.tail) == (kind, label.code, label.tail)
    for text in (label.printed, label.printed.lower().replace("-", " "), label.code, label.printed.replace("0", "o")):
        read = parse(text)
        assert (read.kind, read.code, read.tail) == (kind, label.code, None)
    assert label.tail not in repr(parse(label.text))


@given(seeds, kinds, st.integers(0, 11), st.sampled_from(CROCKFORD))
@settings(deadline=None, max_examples=300)
def test_one_wrong_character_never_makes_another_code_of_any_kind(seed: int, kind: Kind, at: int, wrong: str) -> None:
    label = draw(random.Random(seed), kind=kind)
    if label.code[at] != wrong:
        damaged = label.code[:at] + wrong + label.code[at + 1 :]
        # A digit in the first place has not the form of a code; all else is told by the check character.
        expected = {"label.malformed"} if at == 0 and wrong.isdigit() else {"label.wrong_check"}
        assert {refusal(parse, damaged), refusal(parse, damaged + label.tail)} == expected


@given(seeds, kinds, kinds)
@settings(deadline=None)
def test_the_check_character_covers_the_prefix(seed: int, kind: Kind, other: Kind) -> None:
    label = draw(random.Random(seed), kind=kind)
    if other is not kind:
        assert refusal(parse, PREFIXES[other] + label.text[1:]) == "label.wrong_check"
        assert refusal(parse, PREFIXES[other] + label.code[1:]) == "label.wrong_check"


@given(seeds, st.sampled_from([kind for kind in Kind if kind is not Kind.WEAPON]))
@settings(deadline=None)
def test_no_other_kind_is_taken_for_a_weapon_even_without_its_prefix(seed: int, kind: Kind) -> None:
    label = draw(random.Random(seed), kind=kind)
    assert refusal(parse_scanned, label.text) == refusal(parse_typed, label.printed) == "label.wrong_prefix"
    assert refusal(parse, label.code[1:]) == "label.wrong_check"


def test_a_true_code_of_an_unknown_prefix_is_no_kind_of_ours() -> None:
    body = "Q" + "7M3ZP0W4QX"
    assert refusal(parse, body + check_character(body)) == "label.wrong_prefix"


def test_each_kind_that_is_not_wanted_is_refused_by_its_own_code() -> None:
    check_kind(Kind.STORE, Kind.RACK, Kind.STORE)
    refusals = {refusal(lambda _, found=kind: check_kind(found), "") for kind in Kind}
    assert refusals == {"label.of_weapon", "label.of_store", "label.of_rack", "label.of_person", "label.training"}


def test_training_and_real_weapons_are_kept_apart_and_places_and_persons_serve_in_both() -> None:
    assert refusal(lambda _: check_mode(Kind.TRAINING, training=False), "") == "label.training"
    assert refusal(lambda _: check_mode(Kind.WEAPON, training=True), "") == "label.not_training"
    for mode, kind in ((False, Kind.WEAPON), (True, Kind.TRAINING)):
        for passed in (kind, Kind.STORE, Kind.RACK, Kind.PERSON):
            check_mode(passed, training=mode)


@given(st.text(max_size=24))
@settings(deadline=None)
def test_any_text_at_all_is_read_or_refused_with_a_stable_code(text: str) -> None:
    for read in (parse, parse_scanned, parse_typed, parse_registry_number):
        code = None
        try:
            read(text)
        except LabelError as refused:
            code = refused.code
        assert code is None or code in ERROR_CODES


@given(st.sampled_from(["BF", "ML", "NE"]), st.integers(1, 9_999_999))
@settings(deadline=None)
def test_a_registry_number_is_read_back_as_people_type_it(country: str, serial: int) -> None:
    number = registry_number(country, serial)
    assert number[-1] == check_character(number.replace("-", "")[:-1])
    typed = number[:3] + number[3:10].replace("0", "o").replace("1", "I") + number[10:]
    for text in (number, number.lower(), number.replace("-", ""), number.replace("-", " "), typed):
        assert parse_registry_number(text) == number


def test_every_single_substitution_in_a_registry_number_is_detected() -> None:
    for serial in range(1, 4000, 97):
        number = registry_number("ML", serial).replace("-", "")
        for place, character in enumerate(number):
            alphabet = string.digits if 2 <= place <= 8 else ALL
            for other in set(alphabet) - {character}:
                with pytest.raises(LabelError):
                    parse_registry_number(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "BF", "BF-123-K", "BF-0000000-3", "B-0000123-K", "BFA-0000123-K", "BF-00001234-K"]
)
def test_what_cannot_be_a_registry_number_is_malformed(text: str) -> None:
    assert refusal(parse_registry_number, text) == "registry_number.malformed"


def test_a_wrong_check_character_is_named() -> None:
    number = registry_number("NE", 123)
    wrong = "A" if number[-1] != "A" else "B"
    assert refusal(parse_registry_number, number[:-1] + wrong) == "registry_number.wrong_check"


@pytest.mark.parametrize(("country", "serial"), [("bf", 1), ("BFA", 1), ("BF", 0), ("BF", 10_000_000), ("", 5)])
def test_a_registry_number_is_not_made_of_what_the_caller_should_not_have(country: str, serial: int) -> None:
    with pytest.raises(ValueError, match="no registry number"):
        registry_number(country, serial)
