"""The class codes and what each counts as for A/52/298 and for the UN Register."""

from decimal import Decimal

import pytest

from salw.registry.classification import (
    CLASSES,
    UN1997_NAMES,
    UNROCA_NAMES,
    ClassCode,
    Un1997Class,
    UnrocaClass,
    is_salw,
    un1997_class,
    unroca_class,
)


def test_every_class_code_has_names_and_a_place_in_both_lists() -> None:
    assert set(CLASSES) == set(ClassCode)
    for code, weapon_class in CLASSES.items():
        assert weapon_class.code is code
        assert weapon_class.name.fr.strip()
        assert weapon_class.name.en.strip()


def test_every_line_of_both_lists_has_names_and_is_reached() -> None:
    assert set(UN1997_NAMES) == set(Un1997Class)
    assert set(UNROCA_NAMES) == set(UnrocaClass)
    assert {weapon_class.un1997 for weapon_class in CLASSES.values()} == set(Un1997Class)
    reached = {unroca_class(code, Decimal(bore)) for code in ClassCode for bore in (60, 81)}
    assert reached == set(UnrocaClass)


def test_small_arms_and_light_weapons_fall_on_their_own_side_of_both_lists() -> None:
    small = set(list(Un1997Class)[:6])
    for code, weapon_class in CLASSES.items():
        is_small_arm = not code.startswith("LW-")
        assert (weapon_class.un1997 in small) == is_small_arm, code
        assert weapon_class.unroca.startswith("small_arms_") == is_small_arm, code


def test_names_are_not_shared_by_two_codes() -> None:
    assert len({weapon_class.name.fr for weapon_class in CLASSES.values()}) == len(CLASSES)
    assert len({weapon_class.name.en for weapon_class in CLASSES.values()}) == len(CLASSES)


@pytest.mark.parametrize(
    ("bore", "unroca", "salw"),
    [
        ("60", UnrocaClass.LIGHT_WEAPONS_6, True),
        ("74.9", UnrocaClass.LIGHT_WEAPONS_6, True),
        ("75", UnrocaClass.CATEGORY_III, True),
        ("81.4", UnrocaClass.CATEGORY_III, True),
        ("82", UnrocaClass.CATEGORY_III, True),
        ("99.9", UnrocaClass.CATEGORY_III, True),
        ("100", UnrocaClass.CATEGORY_III, False),
        ("120", UnrocaClass.CATEGORY_III, False),
    ],
)
def test_a_mortar_is_classed_by_its_bore(bore: str, unroca: UnrocaClass, salw: bool) -> None:
    calibre_mm = Decimal(bore)
    assert unroca_class("LW-MOR", calibre_mm) is unroca
    assert is_salw("LW-MOR", calibre_mm) is salw
    assert un1997_class("LW-MOR", calibre_mm) is (Un1997Class.MORTARS_BELOW_100_MM if salw else None)


def test_a_mortar_of_unknown_bore_stays_under_control_without_a_guess_for_the_un_register() -> None:
    assert is_salw("LW-MOR", None)
    assert un1997_class("LW-MOR") is Un1997Class.MORTARS_BELOW_100_MM
    assert unroca_class("LW-MOR", None) is None


def test_the_bore_changes_nothing_for_what_is_not_a_mortar() -> None:
    for code in set(ClassCode) - {ClassCode.MORTAR}:
        assert is_salw(code, Decimal(120))
        assert unroca_class(code, None) is unroca_class(code, Decimal(120))


def test_shoulder_fired_anti_aircraft_missiles_are_category_vii() -> None:
    assert unroca_class("LW-MPD", Decimal(72)) is UnrocaClass.CATEGORY_VII


def test_a_general_purpose_machine_gun_counts_as_a_heavy_one_in_both_lists() -> None:
    assert un1997_class("LW-GPM") is Un1997Class.HEAVY_MACHINE_GUNS
    assert unroca_class("LW-GPM", Decimal("7.62")) is UnrocaClass.LIGHT_WEAPONS_1


@pytest.mark.parametrize("code", ["", "sa-pis", "SA-XXX", "LW"])
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="is not a valid ClassCode"):
        un1997_class(code)
    with pytest.raises(ValueError, match="is not a valid ClassCode"):
        unroca_class(code, None)
    with pytest.raises(ValueError, match="is not a valid ClassCode"):
        is_salw(code, None)
