"""What the pages of entitlements show, and what their form comes to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.language import Language, translate
from salw.custody.entitlements.queries import list_entitlements
from salw.registry.classification import ClassCode
from salw.registry.queries import list_models
from salw.reports.queries import get_log_size_before
from salw.reports.situation import Addresses, make_classes
from salw.reports.situation_queries import count_situation, get_unit_alone, list_entitled
from salw.web.forms import whole_number

SHOWN = 200
MODELS_SHOWN = 1_000  # the whole catalogue, which is reference data of a few hundred
BLANKS = ("1", "2", "3")
QUANTITY_MAX = 1_000_000

_QUANTITY = re.compile(r"quantity-(?P<what>.+)")


@dataclass(frozen=True, slots=True)
class Known:
    """A class or a model that the unit has, or is entitled to: what the form asks a new figure for."""

    code: str
    name: str
    on_hand: int
    entitled: int | None


def in_force(desk: Desk, unit: Row | None, day: date) -> dict[str, Any]:
    """Return what a unit ought to hold on a day, and from later days on; of a long list the first lines."""
    rows: list[Row] = []
    later: list[Row] = []
    if unit is not None:
        rows = list_entitlements(desk.db, desk.actor, unit=unit["id"], day=day, limit=SHOWN + 1)
        later = list_entitlements(desk.db, desk.actor, unit=unit["id"], ahead_of=desk.actor.today, limit=SHOWN + 1)
    names = _model_names(desk)

    def named(found: list[Row]) -> list[Row]:
        return [{**row, "model_name": names.get(row["model"], row["model"])} for row in found[:SHOWN]]

    return {
        "lines": sorted(named(rows), key=lambda row: (row["class_code"], row["model"] or "")),
        "later": sorted(named(later), key=lambda row: (row["from_day"], row["class_code"], row["model"] or "")),
        "more": len(rows) > SHOWN or len(later) > SHOWN,
        "sets": desk.also_holds(Permission.ENTITLEMENT_SET),
    }


def known_to(desk: Desk, unit: Row | None, language: Language) -> list[Known]:
    """Return what a unit alone has or is entitled to, each class before its models of the catalogue."""
    if unit is None:
        return []
    _, books = get_unit_alone(desk.db, desk.actor, unit["id"])
    size = get_log_size_before(desk.db, desk.actor, desk.actor.today + timedelta(days=1))
    entitled = list_entitled(desk.db, desk.actor, books, desk.actor.today)
    classes, _ = make_classes(count_situation(desk.db, books, size), entitled, Addresses(None, below=False))
    known = []
    for group in classes:
        if not group.class_code:
            continue
        whole = translate("web.whole_class", language, name=translate(f"class.{group.class_code}", language))
        known.append(Known(group.class_code, whole, group.subtotal.on_hand, group.subtotal.entitled))
        known += [
            Known(line.model.code, line.model.name, line.figures.on_hand, line.figures.entitled)
            for line in group.models
            if line.model.code
        ]
    return known


def below_its_models(
    desk: Desk, unit: UUID, day: date, lines: Sequence[Mapping[str, Any]]
) -> list[tuple[str, int, int]]:
    """Return each class that would be entitled as a whole to less than its models are together, from a day on.

    (class, its own figure, the sum of its models); `lines` are those of the decision, as a body holds them.
    """
    classes = {row["code"]: row["class_code"] for row in _models(desk)}
    rows = list_entitlements(desk.db, desk.actor, unit=unit, day=day, limit=SHOWN)
    after = {(row["class_code"], row["model"]): row["quantity"] for row in rows}
    for line in lines:
        model = line.get("model")
        after[(classes.get(model, "") if model else line["class_code"], model)] = line["quantity"]
    sums: dict[str, int] = {}
    for (class_code, model), quantity in after.items():
        if model is not None:
            sums[class_code] = sums.get(class_code, 0) + quantity
    own = {class_code: quantity for (class_code, model), quantity in after.items() if model is None}
    touched = {classes.get(line.get("model"), line.get("class_code")) for line in lines}
    return [
        (code, own[code], total)
        for code, total in sums.items()
        if code in own and own[code] < total and code in touched
    ]


def catalogue(desk: Desk, language: Language) -> list[tuple[str, str]]:
    """Return what may be typed: (code, name) of every class and every model."""
    classes = [(code.value, translate(f"class.{code.value}", language)) for code in ClassCode]
    return classes + list(_model_names(desk).items())


def read_lines(typed: Mapping[str, str], language: Language) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the lines that were filled in, as a body holds them, and what is wrong by field."""
    lines: list[dict[str, Any]] = []
    wrong: dict[str, str] = {}
    for field, text in typed.items():
        found = _QUANTITY.fullmatch(field)
        if found is None:
            continue
        place = found["what"]
        code = typed.get(f"what-{place}", "").strip() if place in BLANKS else place
        if not text.strip():
            if place in BLANKS and code:
                wrong[field] = translate("web.quantity_missing", language)
            continue
        quantity = whole_number(text)
        if not isinstance(quantity, int) or quantity > QUANTITY_MAX:
            wrong[field] = translate("web.quantity_unreadable", language)
        elif not code:
            wrong[f"what-{place}"] = translate("web.what_missing", language)
        else:
            of_class = code in {c.value for c in ClassCode}
            lines.append({"class_code" if of_class else "model": code, "quantity": quantity})
    if not lines and not wrong:
        wrong["what-1"] = translate("web.no_quantity", language)
    return lines, wrong


def _model_names(desk: Desk) -> dict[str, str]:
    return {row["code"]: f"{row['name']} ({row['maker']}, {row['made_in']})" for row in _models(desk)}


def _models(desk: Desk) -> list[Row]:
    return list_models(desk.db, q=None, class_code=None, after=None, limit=MODELS_SHOWN)
