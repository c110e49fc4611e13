"""The situation d'armement of a day, by model: what ought to be there, what is, and in what state. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import quote
from uuid import UUID

from salw.custody.situation import Column
from salw.reports.balances import Model, by_class, place_of
from salw.reports.rules import UNSEALED, Subject


@dataclass(frozen=True, slots=True)
class Figures:
    """One row: `on_hand` (réalisé) is the sum of its columns, `difference` what it lacks or has beyond `entitled`.

    `entitled` is None where no entitlement is fixed: all that is there is then beyond it. `difference` is None where
    it is not asked: no entitlement is on record at all, or the class of a model is entitled as a whole.
    """

    entitled: int | None
    on_hand: int
    columns: dict[Column, int]
    difference: int | None


@dataclass(frozen=True, slots=True)
class SituationLine:
    """A model of the unit's book, or of its entitlements; `address` lists its weapons as they are now."""

    model: Model
    figures: Figures
    address: str | None


@dataclass(frozen=True, slots=True)
class SituationClass:
    """The lines of a class and their sum. A class may be entitled as a whole."""

    class_code: str
    models: tuple[SituationLine, ...]
    subtotal: Figures
    address: str | None


@dataclass(frozen=True, slots=True)
class Situation:
    """A situation d'armement at a log size: that of the end of `day`, or of now on the day itself (`at`).

    Addresses list the weapons of a line as they are now, a column by `&situation=` and its name after them: there are
    none for a past day. `lost_by_count` weapons were declared lost by number alone and are still counted.
    """

    country: str
    subject: Subject
    day: date
    time_zone: str
    log_size: int
    provisional: bool
    demo: bool
    classes: tuple[SituationClass, ...]
    total: Figures
    lost_by_count: int
    address: str | None
    at: datetime = field(metadata={UNSEALED: True})


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What one unit ought to hold of a model, or of a class as a whole (`model` None)."""

    unit_id: int
    class_code: str
    model: Model | None
    quantity: int


def make_classes(
    stock: Mapping[Model, Mapping[Column, int]], entitled: Iterable[Entitlement], list_of: "Addresses"
) -> tuple[tuple[SituationClass, ...], Figures]:
    """Return the rows by class and model, and their total.

    A class is entitled to what its units are: of a unit whose class is entitled as a whole that figure, which its
    models are part of; of another the sum of its models. Differences add up, but for models of such a class: what
    they have beyond nothing is part of what the class has.
    """
    rows = list(entitled)
    whole = {row.class_code for row in rows if row.model is None}
    of_model: dict[Model, int] = {}
    for row in rows:
        if row.model is not None:
            of_model[row.model] = of_model.get(row.model, 0) + row.quantity
    of_class = _by_class(rows)
    lines = [
        SituationLine(
            model,
            _figures(
                stock.get(model, {}),
                of_model.get(model),
                asked=bool(rows) and (model in of_model or model.class_code not in whole),
            ),
            list_of(model.class_code, model),
        )
        for model in sorted({*stock, *of_model}, key=place_of)
    ]
    grouped = by_class(lines)
    classes = []
    for code in sorted({*grouped, *of_class}, key=lambda c: (not c, c)):
        models = grouped.get(code, ())
        counted = {column: sum(line.figures.columns[column] for line in models) for column in Column}
        classes.append(
            SituationClass(code, models, _figures(counted, of_class.get(code), asked=bool(rows)), list_of(code, None))
        )
    return tuple(classes), add_figures(c.subtotal for c in classes)


def _by_class(rows: Iterable[Entitlement]) -> dict[str, int]:
    whole: dict[tuple[int, str], int] = {}
    parts: dict[tuple[int, str], int] = {}
    for row in rows:
        key = (row.unit_id, row.class_code)
        if row.model is None:
            whole[key] = row.quantity
        else:
            parts[key] = parts.get(key, 0) + row.quantity
    found: dict[str, int] = {}
    for key, quantity in {**parts, **whole}.items():
        found[key[1]] = found.get(key[1], 0) + quantity
    return found


def add_figures(rows: Iterable[Figures]) -> Figures:
    """Return the sum of rows; without an entitlement in any of them there is none, and no difference."""
    every = list(rows)
    fixed = [row.entitled for row in every if row.entitled is not None]
    counted = {column: sum(row.columns[column] for row in every) for column in Column}
    return _figures(counted, sum(fixed) if fixed else None, asked=bool(fixed))


def _figures(columns: Mapping[Column, int], entitled: int | None, *, asked: bool) -> Figures:
    counted = {column: columns.get(column, 0) for column in Column}
    on_hand = sum(counted.values())
    return Figures(entitled, on_hand, counted, on_hand - (entitled or 0) if asked else None)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the weapons of a row are listed: of a unit, with those below it or alone; nowhere for a past day."""

    unit: UUID | None
    below: bool

    def __call__(self, class_code: str | None, model: Model | None) -> str | None:
        """Return the address of a row's weapons; of all of them where no class is named."""
        if self.unit is None:
            return None
        said = {"unit": str(self.unit), "below": str(self.below).lower(), "on_book": "true"}
        if class_code is not None:
            said["class"] = class_code
        if model is not None:
            said |= {"model": model.code} if model.code else {"model_name": model.name}
        return "/v1/weapons?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in said.items())
