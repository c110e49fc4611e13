"""What the routes of checks take and give."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from salw.access.names import NAME_PARTS
from salw.core.db import Row
from salw.core.shapes import In, Instant, Out, Said, Scanned, example
from salw.registry.condition.rules import Condition
from salw.stocktakes.reconciliation import Totals
from salw.stocktakes.rules import CountAnswer, Method, NewCount, StocktakeKind, StocktakeStatus

COUNTS_MAX = 1_000


class StocktakeIn(In):
    """A check to open: of which store, of which kind, on which order of mission."""

    model_config = example(store="019aa000-0000-7000-8000-0000000000aa", kind="count", mission="OM 7/IGAS")

    store: UUID
    kind: StocktakeKind
    mission: Annotated[Said, Field(max_length=100, description="Number of the order of mission")] | None = None


class OpenedOut(Out):
    """A check now open. How many weapons are expected is told to nobody until it is closed."""

    id: UUID
    store: UUID
    kind: StocktakeKind
    status: StocktakeStatus
    mission: str | None
    opened_at: datetime
    log_size: int


class CountIn(In):
    """One thing seen. `text` is what was scanned or typed; what nobody can read has a note instead."""

    id: UUID
    method: Method
    text: (
        Annotated[
            Scanned,
            Field(
                min_length=1,
                max_length=200,
                description="`scan`: the 20 characters of the symbol. `typed`: the line printed under it, a registry "
                "number or a mark. Anything else sent as a scan is answered `malformed` and is not counted.",
            ),
        ]
        | None
    ) = None
    counted_at: Instant
    condition: Condition | None = None
    note: Annotated[Said, Field(max_length=1_000)] | None = None

    @model_validator(mode="after")
    def text_or_note(self) -> "CountIn":
        """Refuse a scan without text, and an unreadable thing without a note or with a text."""
        if self.method is Method.UNREADABLE and (self.text is not None or self.note is None):
            raise ValueError("an unreadable thing has a note and no text")
        if self.method is not Method.UNREADABLE and self.text is None:
            raise ValueError("what was read is missing")
        return self

    @property
    def new(self) -> NewCount:
        """Return the count as the operation wants it."""
        return NewCount(self.id, self.method, self.text, self.counted_at, self.condition, self.note)


class CountsIn(In):
    """What one counter hands in, in any order; each count has an id of the client's."""

    model_config = example(
        counts=[
            {
                "id": "019aa000-0000-7000-8000-000000000010",
                "method": "typed",
                "text": "K7M3-ZP0W-QXA",
                "counted_at": "2026-11-26T08:00:00Z",
            },
            {
                "id": "019aa000-0000-7000-8000-000000000011",
                "method": "unreadable",
                "note": "Boîte de culasse rouillée, ratelier 3",
                "counted_at": "2026-11-26T08:01:00Z",
            },
        ]
    )

    counts: Annotated[list[CountIn], Field(min_length=1, max_length=COUNTS_MAX)]


class CountedOut(Out):
    """What became of one count."""

    id: UUID
    answer: CountAnswer
    repeated: Annotated[bool, Field(description="It was recorded before; `answer` is the one it had.")]


class CountsOut(Out):
    """One answer a count, in the order of the list."""

    counts: list[CountedOut]


class ClosureIn(In):
    """A closure; the id is the client's, a repeat gives the first answer."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c6")

    id: UUID
    nothing_seen: Annotated[
        bool,
        Field(
            description="Nothing was counted, and that is meant: every weapon of the store becomes missing. "
            "Without it such a closure is refused (`stocktake.nothing_counted`)."
        ),
    ] = False


class TotalsOut(Out):
    """Lines by outcome, and the sums they must agree with (weapons)."""

    matched: int
    missing: int
    extra_known: int
    extra_unregistered: int
    void_label: int
    void_expected: int = 0
    unreadable: int
    moved_during_count: int
    moved_expected: int
    moved_seen: int
    expected: int
    seen: int
    lines: int


class ClosedOut(Out):
    """What a check came to, the cases opened on what is missing and on every other difference (`overage`), if any,
    and weapons found that a case was open on."""

    id: UUID
    status: StocktakeStatus
    totals: TotalsOut
    incident: UUID | None
    overage: UUID | None = None
    found_under_case: list[UUID]


class DiscontinuationIn(In):
    """The end of a check without a result; the id is the client's, a repeat gives the first answer."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c7", reason="Ouvert par erreur sur ce magasin")

    id: UUID
    reason: Annotated[Said, Field(max_length=1_000)]


class DiscontinuedOut(Out):
    """A check that ended without a result; its store is free for another one."""

    id: UUID
    status: StocktakeStatus


class OfficerOut(Out):
    """A person in the function in which he acted.

    Of a person outside the reader's scope the function is all that is told; names are null once they were erased, on
    `erased_on`: the rank stays.
    """

    id: UUID | None
    role: str
    rank: str | None
    family_name: str | None
    given_names: str | None
    erased_on: date | None


class CounterOut(Out):
    """Who counted, in what function (null where it was not kept), and how much; a person as in `OfficerOut`."""

    id: UUID | None
    role: str | None
    rank: str | None
    family_name: str | None
    given_names: str | None
    erased_on: date | None
    counts: int
    first_at: datetime
    last_at: datetime


class StocktakeOut(Out):
    """A check without what it expects or found."""

    id: UUID
    kind: StocktakeKind
    status: StocktakeStatus
    mission: str | None
    store: UUID
    store_name: str
    unit: UUID
    unit_name: str
    force: str | None
    log_size: int
    opened_at: datetime
    opened_by: OfficerOut
    closed_at: datetime | None
    closed_by: OfficerOut | None
    independent: Annotated[
        bool | None,
        Field(
            description="Whether nobody took part who kept the store then; a vérification and a remise et reprise are "
            "never independent. Null until it is closed, and for checks closed before this was kept."
        ),
    ]


class StocktakeResultOut(StocktakeOut):
    """A check with its result and who counted, which are null until it has ended (blind count).

    `reason` is why it has no result, where it was discontinued.
    """

    totals: TotalsOut | None
    incident: UUID | None
    overage: UUID | None
    counted_by: list[CounterOut] | None
    reason: str | None


def totals_out(totals: Totals) -> TotalsOut:
    """Return the totals as they go out."""
    return TotalsOut(**{name: getattr(totals, name) for name in TotalsOut.model_fields})


def header(row: Row) -> dict[str, Any]:
    """Return the fields of `StocktakeOut` from a row of `queries.get_stocktake`."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "status": row["status"],
        "mission": row["mission"],
        "store": row["store_id"],
        "store_name": row["store_name"],
        "unit": row["unit_uuid"],
        "unit_name": row["unit_name"],
        "force": row["force_code"],
        "log_size": row["log_size"],
        "opened_at": row["opened_at"],
        "opened_by": _officer(row, "opened"),
        "closed_at": row["closed_at"],
        "closed_by": _officer(row, "closed") if row["closed_by"] else None,
        "independent": row["independent"],
    }


def counter_out(row: Row) -> CounterOut:
    """Return a row of `queries.list_counters` as it goes out."""
    return CounterOut(**_person(row, "counted"), counts=row["counts"], first_at=row["first_at"], last_at=row["last_at"])


def _person(row: Row, act: str) -> dict[str, Any]:
    # A person of a unit outside the reader's scope is told by his function: his name is not the reader's to read.
    named = row[f"{act}_by_named"]
    value = (row[f"{act}_by_value"] if named else None) or {}
    names = {name: value.get(name) for name in (*NAME_PARTS, "erased_on")}
    return {"id": row[f"{act}_by"] if named else None, "role": row[f"{act}_role"], **names}


def _officer(row: Row, act: str) -> OfficerOut:
    return OfficerOut(**_person(row, act))
