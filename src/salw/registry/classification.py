"""The class codes of the register and what each counts as in the two international lists. Pure.

A model stores its code and its bore; its UN 1997 and UNROCA classes are derived from them, never stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

# A/52/298 and the tracing instrument (A/60/88) take in mortars of less than 100 mm.
MORTAR_UN1997_LIMIT_MM: Final = Decimal(100)
# UNROCA: a mortar of 75 mm and above is large-calibre artillery (category III), below it a light weapon.
MORTAR_UNROCA_LIMIT_MM: Final = Decimal(75)


class ClassCode(StrEnum):
    """The class of a weapon. The values are stored and printed: they are never renamed."""

    PISTOL = "SA-PIS"
    REVOLVER = "SA-REV"
    RIFLE = "SA-RIF"
    CARBINE = "SA-CAR"
    ASSAULT_RIFLE = "SA-ASR"
    SUB_MACHINE_GUN = "SA-SMG"
    LIGHT_MACHINE_GUN = "SA-LMG"
    SNIPER_RIFLE = "SA-SNP"
    SHOTGUN = "SA-SHG"
    OTHER_SMALL_ARM = "SA-OTH"
    GENERAL_PURPOSE_MACHINE_GUN = "LW-GPM"
    HEAVY_MACHINE_GUN = "LW-HMG"
    UNDER_BARREL_GRENADE_LAUNCHER = "LW-UGL"
    AUTOMATIC_GRENADE_LAUNCHER = "LW-AGL"
    ANTI_AIRCRAFT_GUN = "LW-AAG"
    RECOILLESS_RIFLE = "LW-RCL"
    ANTI_TANK_ROCKET_LAUNCHER = "LW-ATR"
    ANTI_TANK_MISSILE_LAUNCHER = "LW-ATM"
    ANTI_AIRCRAFT_MISSILE_LAUNCHER = "LW-MPD"
    MORTAR = "LW-MOR"
    OTHER_LIGHT_WEAPON = "LW-OTH"
    CRAFT = "CR"


class Un1997Class(StrEnum):
    """The list of the 1997 panel of experts (A/52/298), and two lines for what it does not name."""

    REVOLVERS_AND_SELF_LOADING_PISTOLS = "revolvers_and_self_loading_pistols"
    RIFLES_AND_CARBINES = "rifles_and_carbines"
    ASSAULT_RIFLES = "assault_rifles"
    SUB_MACHINE_GUNS = "sub_machine_guns"
    LIGHT_MACHINE_GUNS = "light_machine_guns"
    OTHER_SMALL_ARMS = "other_small_arms"
    HEAVY_MACHINE_GUNS = "heavy_machine_guns"
    GRENADE_LAUNCHERS = "grenade_launchers"
    PORTABLE_ANTI_AIRCRAFT_GUNS = "portable_anti_aircraft_guns"
    PORTABLE_ANTI_TANK_GUNS_AND_RECOILLESS_RIFLES = "portable_anti_tank_guns_and_recoilless_rifles"
    PORTABLE_ANTI_TANK_LAUNCHERS = "portable_anti_tank_launchers"
    PORTABLE_ANTI_AIRCRAFT_MISSILE_LAUNCHERS = "portable_anti_aircraft_missile_launchers"
    MORTARS_BELOW_100_MM = "mortars_below_100_mm"
    OTHER_LIGHT_WEAPONS = "other_light_weapons"


class UnrocaClass(StrEnum):
    """The lines of the UN Register of Conventional Arms ("7+1") that weapons of this register fall into.

    `small_arms_N` and `light_weapons_N` are the numbered lines of the form on small arms and light weapons;
    the two categories are those of the seven main ones. Line 3 of the light weapons (portable anti-tank guns)
    has no class code of its own: such a gun is recorded as LW-OTH.
    """

    SMALL_ARMS_1 = "small_arms_1"
    SMALL_ARMS_2 = "small_arms_2"
    SMALL_ARMS_3 = "small_arms_3"
    SMALL_ARMS_4 = "small_arms_4"
    SMALL_ARMS_5 = "small_arms_5"
    SMALL_ARMS_6 = "small_arms_6"
    LIGHT_WEAPONS_1 = "light_weapons_1"
    LIGHT_WEAPONS_2 = "light_weapons_2"
    LIGHT_WEAPONS_4 = "light_weapons_4"
    LIGHT_WEAPONS_5 = "light_weapons_5"
    LIGHT_WEAPONS_6 = "light_weapons_6"
    LIGHT_WEAPONS_7 = "light_weapons_7"
    CATEGORY_III = "category_iii"
    CATEGORY_VII = "category_vii"


@dataclass(frozen=True, slots=True)
class Name:
    """What a class is called on forms, in French and in English."""

    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class WeaponClass:
    """One class code with its names and its place in both lists; mortars are settled by their bore."""

    code: ClassCode
    name: Name
    un1997: Un1997Class
    unroca: UnrocaClass


_U, _R = Un1997Class, UnrocaClass

# A general-purpose machine gun (PKM, MAG) has a line in neither list: on its bipod it would be a light
# machine gun, on a tripod or a vehicle a heavy one. The mount changes from day to day and is not recorded, so
# one answer is fixed: heavy machine gun in both lists, which keeps it among the light weapons, as its code
# says, and under the stricter rules. A state that reports it as light must move the whole class.
_CLASSES: tuple[tuple[ClassCode, str, str, Un1997Class, UnrocaClass], ...] = (
    (
        ClassCode.PISTOL,
        "pistolet automatique",
        "pistol",
        _U.REVOLVERS_AND_SELF_LOADING_PISTOLS,
        _R.SMALL_ARMS_1,
    ),
    (ClassCode.REVOLVER, "revolver", "revolver", _U.REVOLVERS_AND_SELF_LOADING_PISTOLS, _R.SMALL_ARMS_1),
    (ClassCode.RIFLE, "fusil", "rifle", _U.RIFLES_AND_CARBINES, _R.SMALL_ARMS_2),
    (ClassCode.CARBINE, "carabine", "carbine", _U.RIFLES_AND_CARBINES, _R.SMALL_ARMS_2),
    (ClassCode.ASSAULT_RIFLE, "fusil d'assaut", "assault rifle", _U.ASSAULT_RIFLES, _R.SMALL_ARMS_4),
    (
        ClassCode.SUB_MACHINE_GUN,
        "pistolet-mitrailleur",
        "sub-machine gun",
        _U.SUB_MACHINE_GUNS,
        _R.SMALL_ARMS_3,
    ),
    (
        ClassCode.LIGHT_MACHINE_GUN,
        "fusil-mitrailleur, mitrailleuse légère",
        "light machine gun",
        _U.LIGHT_MACHINE_GUNS,
        _R.SMALL_ARMS_5,
    ),
    (ClassCode.SNIPER_RIFLE, "fusil de précision", "sniper rifle", _U.RIFLES_AND_CARBINES, _R.SMALL_ARMS_2),
    (ClassCode.SHOTGUN, "fusil à canon lisse", "shotgun", _U.OTHER_SMALL_ARMS, _R.SMALL_ARMS_6),
    (
        ClassCode.OTHER_SMALL_ARM,
        "autre arme de petit calibre",
        "other small arm",
        _U.OTHER_SMALL_ARMS,
        _R.SMALL_ARMS_6,
    ),
    (
        ClassCode.GENERAL_PURPOSE_MACHINE_GUN,
        "mitrailleuse polyvalente",
        "general-purpose machine gun",
        _U.HEAVY_MACHINE_GUNS,
        _R.LIGHT_WEAPONS_1,
    ),
    (
        ClassCode.HEAVY_MACHINE_GUN,
        "mitrailleuse lourde",
        "heavy machine gun",
        _U.HEAVY_MACHINE_GUNS,
        _R.LIGHT_WEAPONS_1,
    ),
    (
        ClassCode.UNDER_BARREL_GRENADE_LAUNCHER,
        "lance-grenades individuel",
        "under-barrel grenade launcher",
        _U.GRENADE_LAUNCHERS,
        _R.LIGHT_WEAPONS_2,
    ),
    (
        ClassCode.AUTOMATIC_GRENADE_LAUNCHER,
        "lance-grenades automatique",
        "automatic grenade launcher",
        _U.GRENADE_LAUNCHERS,
        _R.LIGHT_WEAPONS_2,
    ),
    (
        ClassCode.ANTI_AIRCRAFT_GUN,
        "canon antiaérien portatif",
        "portable anti-aircraft gun",
        _U.PORTABLE_ANTI_AIRCRAFT_GUNS,
        _R.LIGHT_WEAPONS_7,
    ),
    (
        ClassCode.RECOILLESS_RIFLE,
        "canon sans recul",
        "recoilless rifle",
        _U.PORTABLE_ANTI_TANK_GUNS_AND_RECOILLESS_RIFLES,
        _R.LIGHT_WEAPONS_4,
    ),
    (
        ClassCode.ANTI_TANK_ROCKET_LAUNCHER,
        "lance-roquettes antichar",
        "anti-tank rocket launcher",
        _U.PORTABLE_ANTI_TANK_LAUNCHERS,
        _R.LIGHT_WEAPONS_5,
    ),
    (
        ClassCode.ANTI_TANK_MISSILE_LAUNCHER,
        "lance-missiles antichar",
        "anti-tank missile launcher",
        _U.PORTABLE_ANTI_TANK_LAUNCHERS,
        _R.LIGHT_WEAPONS_5,
    ),
    (
        ClassCode.ANTI_AIRCRAFT_MISSILE_LAUNCHER,
        "lance-missiles antiaérien portatif",
        "portable anti-aircraft missile launcher",
        _U.PORTABLE_ANTI_AIRCRAFT_MISSILE_LAUNCHERS,
        _R.CATEGORY_VII,
    ),
    (ClassCode.MORTAR, "mortier", "mortar", _U.MORTARS_BELOW_100_MM, _R.LIGHT_WEAPONS_6),
    (
        ClassCode.OTHER_LIGHT_WEAPON,
        "autre arme légère",
        "other light weapon",
        _U.OTHER_LIGHT_WEAPONS,
        _R.LIGHT_WEAPONS_7,
    ),
    (ClassCode.CRAFT, "arme artisanale", "craft-made weapon", _U.OTHER_SMALL_ARMS, _R.SMALL_ARMS_6),
)

CLASSES: Final[Mapping[ClassCode, WeaponClass]] = MappingProxyType(
    {
        code: WeaponClass(code=code, name=Name(fr, en), un1997=un1997, unroca=unroca)
        for code, fr, en, un1997, unroca in _CLASSES
    }
)

UN1997_NAMES: Final[Mapping[Un1997Class, Name]] = MappingProxyType(
    {
        _U.REVOLVERS_AND_SELF_LOADING_PISTOLS: Name(
            "revolvers et pistolets à chargement automatique", "revolvers and self-loading pistols"
        ),
        _U.RIFLES_AND_CARBINES: Name("fusils et carabines", "rifles and carbines"),
        _U.ASSAULT_RIFLES: Name("fusils d'assaut", "assault rifles"),
        _U.SUB_MACHINE_GUNS: Name("pistolets-mitrailleurs", "sub-machine guns"),
        _U.LIGHT_MACHINE_GUNS: Name("mitrailleuses légères", "light machine guns"),
        _U.OTHER_SMALL_ARMS: Name("autres armes de petit calibre", "other small arms"),
        _U.HEAVY_MACHINE_GUNS: Name("mitrailleuses lourdes", "heavy machine guns"),
        _U.GRENADE_LAUNCHERS: Name(
            "lance-grenades portatifs, amovibles ou montés",
            "hand-held under-barrel and mounted grenade launchers",
        ),
        _U.PORTABLE_ANTI_AIRCRAFT_GUNS: Name("canons antiaériens portatifs", "portable anti-aircraft guns"),
        _U.PORTABLE_ANTI_TANK_GUNS_AND_RECOILLESS_RIFLES: Name(
            "canons antichars portatifs et canons sans recul", "portable anti-tank guns and recoilless rifles"
        ),
        _U.PORTABLE_ANTI_TANK_LAUNCHERS: Name(
            "lance-missiles et lance-roquettes antichars portatifs",
            "portable launchers of anti-tank missile and rocket systems",
        ),
        _U.PORTABLE_ANTI_AIRCRAFT_MISSILE_LAUNCHERS: Name(
            "lance-missiles antiaériens portatifs", "portable launchers of anti-aircraft missile systems"
        ),
        _U.MORTARS_BELOW_100_MM: Name("mortiers de calibre inférieur à 100 mm", "mortars of calibres below 100 mm"),
        _U.OTHER_LIGHT_WEAPONS: Name("autres armes légères", "other light weapons"),
    }
)

UNROCA_NAMES: Final[Mapping[UnrocaClass, Name]] = MappingProxyType(
    {
        _R.SMALL_ARMS_1: Name("revolvers et pistolets à chargement automatique", "revolvers and self-loading pistols"),
        _R.SMALL_ARMS_2: Name("fusils et carabines", "rifles and carbines"),
        _R.SMALL_ARMS_3: Name("pistolets-mitrailleurs", "sub-machine guns"),
        _R.SMALL_ARMS_4: Name("fusils d'assaut", "assault rifles"),
        _R.SMALL_ARMS_5: Name("mitrailleuses légères", "light machine guns"),
        _R.SMALL_ARMS_6: Name("armes de petit calibre : autres", "small arms: others"),
        _R.LIGHT_WEAPONS_1: Name("mitrailleuses lourdes", "heavy machine guns"),
        _R.LIGHT_WEAPONS_2: Name(
            "lance-grenades portatifs, amovibles ou montés",
            "hand-held under-barrel and mounted grenade launchers",
        ),
        _R.LIGHT_WEAPONS_4: Name("canons sans recul", "recoilless rifles"),
        _R.LIGHT_WEAPONS_5: Name(
            "lance-missiles et lance-roquettes antichars portatifs",
            "portable anti-tank missile launchers and rocket systems",
        ),
        _R.LIGHT_WEAPONS_6: Name("mortiers de calibre inférieur à 75 mm", "mortars of calibres less than 75 mm"),
        _R.LIGHT_WEAPONS_7: Name("armes légères : autres", "light weapons: others"),
        _R.CATEGORY_III: Name(
            "catégorie III : systèmes d'artillerie de gros calibre",
            "category III: large-calibre artillery systems",
        ),
        _R.CATEGORY_VII: Name(
            "catégorie VII : missiles et lanceurs de missiles", "category VII: missiles and missile launchers"
        ),
    }
)


def un1997_class(code: str, calibre_mm: Decimal | None = None) -> Un1997Class | None:
    """Return the class of A/52/298, or None for a mortar of 100 mm or more, which that list leaves out.

    `calibre_mm` matters for mortars alone; without it a mortar is taken as one of the list. Raises ValueError
    for a code that is not a `ClassCode`.
    """
    return CLASSES[ClassCode(code)].un1997 if is_salw(code, calibre_mm) else None


def unroca_class(code: str, calibre_mm: Decimal | None) -> UnrocaClass | None:
    """Return the line of the UN Register ("7+1"), or None for a mortar whose bore is not known.

    A mortar below 75 mm is a light weapon, from 75 mm on artillery (category III); portable anti-aircraft
    missile launchers stand in category VII. `calibre_mm` matters for mortars alone. Raises ValueError for a
    code that is not a `ClassCode`.
    """
    known = ClassCode(code)
    if known is not ClassCode.MORTAR:
        return CLASSES[known].unroca
    if calibre_mm is None:
        return None
    return UnrocaClass.LIGHT_WEAPONS_6 if calibre_mm < MORTAR_UNROCA_LIMIT_MM else UnrocaClass.CATEGORY_III


def is_salw(code: str, calibre_mm: Decimal | None) -> bool:
    """Say whether the weapon is a small arm or light weapon under A/52/298 and the tracing instrument.

    Everything with a class code is, except a mortar of 100 mm or more: an 82 mm mortar is (though artillery
    for UNROCA), a 120 mm mortar is not. A mortar of unknown bore counts as one, so that it stays controlled.
    Raises ValueError for a code that is not a `ClassCode`.
    """
    return ClassCode(code) is not ClassCode.MORTAR or calibre_mm is None or calibre_mm < MORTAR_UN1997_LIMIT_MM
