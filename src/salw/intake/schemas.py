"""What the routes of intake take and give."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from salw.core.shapes import Day, In, Instant, Out
from salw.custody.rules import MovementKind
from salw.custody.schemas import OrderIn
from salw.incidents.schemas import OpenLossMatchOut
from salw.registry.classification import ClassCode
from salw.registry.rules import MarkKind, NewMark, NewWeapon

Short = Annotated[str, Field(max_length=200)]
CountryCode = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Year = Annotated[int, Field(ge=1850, le=2100)]


class Origin(StrEnum):
    """Where a weapon came from when it entered the books."""

    OPENING_BALANCE = "opening_balance"
    PURCHASE = "purchase"
    GIFT = "gift"
    SEIZURE = "seizure"
    FOUND = "found"
    SURRENDERED = "surrendered"

    @property
    def movement(self) -> MovementKind:
        """Return the kind of the first movement."""
        return MovementKind(self.value)


# Origins of weapons that may be somebody's loss (R11, R12).
FOUND_ORIGINS = frozenset({Origin.SEIZURE, Origin.FOUND, Origin.SURRENDERED})


class Legibility(StrEnum):
    """How well a mark reads."""

    LEGIBLE = "legible"
    PARTIAL = "partial"
    ILLEGIBLE = "illegible"
    ABSENT = "absent"
    REMOVED = "removed"


class MarkIn(In):
    """A mark as engraved; never rejected for its form."""

    kind: MarkKind
    raw: Annotated[str, Field(min_length=1, max_length=200)]
    place: Short | None = None
    legibility: Legibility | None = None
    seen_on: Day | None = None


class WeaponIn(In):
    """A weapon taken on charge in a store."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "store": "019aa000-0000-7000-8000-0000000000aa",
                    "origin": "purchase",
                    "class_code": "SA-ASR",
                    "model": "akm-izhevsk-su",
                    "made_year": 1974,
                    "marks": [{"kind": "factory_serial", "raw": "ЖК 1234", "place": "boîte de culasse"}],
                    "order": {"reference": "PV de réception n° 12", "dated_on": "2026-11-20"},
                }
            ]
        }
    )

    store: UUID
    origin: Origin
    class_code: ClassCode
    model: Short | None = Field(None, description="A code of GET /v1/models, if the model is known.")
    maker_text: Short | None = None
    model_text: Short | None = None
    calibre_text: Short | None = None
    made_in: CountryCode | None = None
    made_year: Year | None = None
    import_country: CountryCode | None = None
    import_year: Year | None = None
    marks: Annotated[tuple[MarkIn, ...], Field(max_length=30)] = ()
    occurred_at: Instant | None = None
    order: OrderIn = OrderIn()


class SameSerialOut(Out):
    """Another weapon in scope with the same normalised serial."""

    weapon: UUID
    registry_number: str


class RegisteredOut(Out):
    """A weapon now on the books."""

    id: UUID
    registry_number: str
    version: int
    document_number: str
    unidentified: bool
    open_loss_matches: list[OpenLossMatchOut] = Field(
        description="Open losses whose marks equal those of a weapon seized, found or surrendered (R12)."
    )
    same_serial: list[SameSerialOut] = Field(
        description="Weapons in scope with the same serial: another factory's, or this one entered twice (R1)."
    )


def new_weapon(weapon_id: UUID, body: WeaponIn) -> NewWeapon:
    """Return the weapon as the operation wants it."""
    return NewWeapon(
        id=weapon_id,
        class_code=body.class_code,
        model_code=body.model,
        maker=body.maker_text,
        model=body.model_text,
        calibre=body.calibre_text,
        made_in=body.made_in,
        made_year=body.made_year,
        import_country=body.import_country,
        import_year=body.import_year,
        marks=tuple(
            NewMark(m.kind, m.raw, m.place, m.legibility.value if m.legibility else None, m.seen_on) for m in body.marks
        ),
    )
