"""Identity of a weapon from its marks, and what may be asked of labels: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Unacceptable
from salw.registry.classification import ClassCode
from salw.registry.texts import legibility_of, normalise_mark, script_of
from salw_labels import STOCKS, Kind, LabelError, Stock, Use

LABELS_MAX = 10_000
_USES = {Kind.STORE: Use.PLACE, Kind.RACK: Use.PLACE, Kind.PERSON: Use.PERSON}


class MarkKind(StrEnum):
    """What a mark is (R2)."""

    FACTORY_SERIAL = "factory_serial"
    PROOF = "proof"
    IMPORT = "import"
    NATIONAL = "national"
    SECURITY = "security"
    PART = "part"
    REGISTRY = "registry"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NewMark:
    """A mark as somebody read it; script, normalised text and legibility follow from the raw text."""

    kind: MarkKind
    raw: str
    place: str | None = None
    legibility: str | None = None
    seen_on: date | None = None

    @property
    def normalised(self) -> str:
        """Return the text by which this mark is searched and compared."""
        return normalise_mark(self.raw)

    @property
    def script(self) -> str:
        """Return the script it is engraved in."""
        return script_of(self.raw)

    @property
    def read(self) -> str:
        """Return how well it reads: as said, else as the text itself says ("illisible", "meulé")."""
        return self.legibility or legibility_of(self.raw)


@dataclass(frozen=True, slots=True)
class NewWeapon:
    """A weapon to be registered: ITI identity as far as it is known, and every mark on it."""

    id: UUID
    class_code: ClassCode
    model_code: str | None = None
    maker: str | None = None
    model: str | None = None
    calibre: str | None = None
    made_in: str | None = None
    made_year: int | None = None
    import_country: str | None = None
    import_year: int | None = None
    marks: tuple[NewMark, ...] = field(default=())

    @property
    def serial_mark(self) -> NewMark | None:
        """Return the mark that serves as serial: the first factory serial that can be read at all."""
        for mark in self.marks:
            if mark.kind is MarkKind.FACTORY_SERIAL and mark.read in ("legible", "partial") and mark.normalised:
                return mark
        return None

    @property
    def unidentified(self) -> bool:
        """Say whether no serial can be read; the registry number then identifies the record (R1)."""
        return self.serial_mark is None

    @property
    def nationally_marked(self) -> bool:
        """Say whether it bears a legible national mark (R14: marking and registration are two things)."""
        return any(m.kind is MarkKind.NATIONAL and m.read in ("legible", "partial") for m in self.marks)


def check_weapons(weapons: list[NewWeapon]) -> None:
    """Refuse a list with a repeated id. Raises `registry.weapon_repeated`."""
    if len({w.id for w in weapons}) != len(weapons):
        raise Unacceptable("registry.weapon_repeated")


def label_refusal(error: LabelError) -> Unacceptable:
    """Return an error of the label library as one of the domain, with the same code."""
    return Unacceptable(error.code)


def check_stock(name: str, start: int, kind: Kind = Kind.WEAPON) -> Stock:
    """Return the sheets of that name, for labels of a kind.

    Raises `label_batch.unknown_stock`, `label_sheet.wrong_stock`, `label_sheet.start_outside`.
    """
    stock = STOCKS.get(name)
    if stock is None:
        raise Unacceptable("label_batch.unknown_stock", stock=name, known=", ".join(sorted(STOCKS)))
    if stock.use is not _USES.get(kind, Use.WEAPON):
        raise Unacceptable("label_sheet.wrong_stock")
    if not 0 <= start < stock.per_page:
        raise Unacceptable("label_sheet.start_outside")
    return stock


def check_label_weapons(weapon_ids: Sequence[UUID]) -> None:
    """Refuse an empty, too long or repeating list. Raises `label_sheet.empty`, `label_batch.too_many`,
    `registry.weapon_repeated`."""
    if not weapon_ids:
        raise Unacceptable("label_sheet.empty")
    if len(weapon_ids) > LABELS_MAX:
        raise Unacceptable("label_batch.too_many", count=len(weapon_ids), most=LABELS_MAX)
    if len(set(weapon_ids)) != len(weapon_ids):
        raise Unacceptable("registry.weapon_repeated")


def check_identity(weapon: NewWeapon, *, model_class: str | None, this_year: int) -> None:
    """Refuse an identity that contradicts itself: a model of another class, years to come or out of order.

    `model_class` is the catalogue's class of the model, None where no model is named. Raises
    `registry.class_contradicts_model`, `registry.years_contradict`.
    """
    if model_class is not None and model_class != weapon.class_code:
        raise Unacceptable(
            "registry.class_contradicts_model",
            model=weapon.model_code,
            expected=model_class,
            given=weapon.class_code.value,
        )
    years = [year for year in (weapon.made_year, weapon.import_year) if year is not None]
    if years != sorted(years) or any(year > this_year for year in years):
        raise Unacceptable("registry.years_contradict")


def check_marks(marks: Iterable[NewMark], today: date) -> None:
    """Refuse a mark read on a day that has not come yet. Raises `registry.seen_in_future`."""
    for mark in marks:
        if mark.seen_on is not None and mark.seen_on > today:
            raise Unacceptable("registry.seen_in_future", seen_on=mark.seen_on)


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_weapon": (Conflict, "request.id_reused"),
    "pk_label_batch": (Conflict, "request.id_reused"),
    # Two draws of the same ten random characters: the next draw is another.
    "pk_label": (Conflict, "request.try_again"),
    # Two people labelled one weapon at once: one of them finds it labelled when he looks again.
    "uq_label_valid": (Conflict, "request.try_again"),
    "fk_weapon_model_code": (Unacceptable, "registry.unknown_model"),
}
