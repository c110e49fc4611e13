"""Which weapons an invented army has: families and shares, serials, marks."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from salw.core.ids import new_id
from salw.registry.classification import ClassCode
from salw.registry.rules import MarkKind, NewMark, NewWeapon

PREFIX = "DEMO-"  # reserved: no maker begins a serial like this, so that no demo weapon can be taken for one
MARKED = 0.60
UNREADABLE = 0.025
DUPLICATE = 0.008
PARTLY_READ = 0.01

# Families of the catalogue with their share in percent, as far as anything is known of such holdings.
_SHARES: tuple[tuple[float, tuple[str, ...]], ...] = (
    (56.0, ("ak",)),
    (15.0, ("makarov", "tokarev", "mac50", "beretta92", "glock", "sp2022", "hp35")),
    (8.0, ("fal", "g3", "ar15", "sg540", "galil")),
    (6.0, ("mas36", "mas49-56", "aa52", "frf1")),
    (5.0, ("pk", "rpk", "rpd")),
    (3.0, ("mat49", "uzi", "pm12", "mp5")),
    (4.0, ("rpg7", "spg9")),
    (2.0, ("dshk", "m2", "w85")),
    (1.0, ("mortar60", "mortar81", "mortar82")),
)
# What one man carries: the rest needs a crew, or stays in the store until there is a task for it.
CARRIED = frozenset(
    {ClassCode.PISTOL, ClassCode.RIFLE, ClassCode.CARBINE, ClassCode.ASSAULT_RIFLE, ClassCode.SUB_MACHINE_GUN}
)
MODELS_OF_A_KIND = 2  # in one store: an armoury has a dozen models, not the whole catalogue
_CYRILLIC = "АБВГДЕКМНПРСТ"
_LATIN = "ABCDEFGHJKLMNPRSTUVXYZ"


@dataclass(frozen=True, slots=True)
class Model:
    """A line of the shipped catalogue."""

    code: str
    class_code: ClassCode
    family: str
    made_in: str


def models() -> dict[str, list[Model]]:
    """Return the models of the shipped catalogue by family, in its order."""
    found: dict[str, list[Model]] = {}
    text = files("salw.registry").joinpath("catalogue", "models.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        model = Model(row["code"], ClassCode(row["class"]), row["family"], row["country"])
        found.setdefault(model.family, []).append(model)
    return found


class Arsenal:
    """Draws the weapons of one country; serials are unique but for the few that are meant not to be."""

    def __init__(self, chance: random.Random, country: str) -> None:
        self._chance = chance
        self._country = country
        catalogue = models()
        self._kinds = [[model for family in families for model in catalogue.get(family, [])] for _, families in _SHARES]
        self._weights = [share for share, _ in _SHARES]
        self._number = 0
        self._last_serial = ""

    def draw(self, count: int, force_code: str) -> Iterator[NewWeapon]:
        """Return `count` new weapons for one store of a force."""
        kinds = [self._chance.sample(kind, min(MODELS_OF_A_KIND, len(kind))) for kind in self._kinds]
        for _ in range(count):
            (kind,) = self._chance.choices(kinds, self._weights)
            yield self._weapon(self._chance.choice(kind), force_code)

    def mark_of_unregistered(self, force_code: str) -> NewWeapon:
        """Return a weapon that bears a national mark and stands in no register; it is only ever seen."""
        self._number += 1
        return self._weapon(self._chance.choice(self._kinds[0]), force_code, readable=True, marked=True)

    def _weapon(
        self, model: Model, force_code: str, *, readable: bool = False, marked: bool | None = None
    ) -> NewWeapon:
        chance = self._chance
        self._number += 1
        year = chance.randint(1950, 2012)
        marks = [NewMark(MarkKind.FACTORY_SERIAL, self._serial(model), "carcasse")]
        if not readable:
            marks = [self._worn(marks[0])]
        if marked if marked is not None else chance.random() < MARKED:
            made_on = date(chance.randint(2012, 2025), chance.randint(1, 12), chance.randint(1, 28))
            raw = f"{self._country} {force_code} {made_on:%y} {PREFIX}{self._number:06d}"
            marks.append(NewMark(MarkKind.NATIONAL, raw, "carcasse, côté droit", None, made_on))
        if chance.random() < 0.1:
            marks.append(NewMark(MarkKind.PROOF, chance.choice("★△◇"), "canon"))
        return NewWeapon(
            id=new_id(),
            class_code=model.class_code,
            model_code=model.code,
            made_in=model.made_in if len(model.made_in) == 2 else None,
            made_year=year,
            marks=tuple(marks),
        )

    def _serial(self, model: Model) -> str:
        chance = self._chance
        if self._last_serial and chance.random() < DUPLICATE:
            return self._last_serial  # two makers, one number: it happens, and the register must live with it
        letters = _CYRILLIC if model.made_in == "SU" and chance.random() < 0.3 else _LATIN
        body = f"{self._number:06d}{chance.randint(0, 9)}"
        if chance.random() < 0.5:
            body = chance.choice(letters) + chance.choice(letters) + body
        self._last_serial = PREFIX + body
        return self._last_serial

    def _worn(self, mark: NewMark) -> NewMark:
        """Return the mark as time left it: most often legible, sometimes in part, now and then not at all."""
        fate = self._chance.random()
        if fate < UNREADABLE / 2:
            return NewMark(mark.kind, f"{PREFIX}??????", mark.place, "illegible")
        if fate < UNREADABLE:
            return NewMark(mark.kind, f"{PREFIX}(meulé)", mark.place, "removed")
        if fate < UNREADABLE + PARTLY_READ:
            return NewMark(mark.kind, mark.raw[:-3] + "?" + mark.raw[-2:], mark.place, "partial")
        return mark
