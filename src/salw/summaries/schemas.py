"""What the routes of summaries take and give."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.shapes import In, Out, example
from salw.custody.rules import State
from salw.summaries.rules import Detail, Share, Totals


class PublicationIn(In):
    """A publication; the id is the client's, so that a repeat gives the first answer."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c7")

    id: UUID


class PublicationOut(Out):
    """What was published; forces switched on that show their commission nothing are in `left_out`, without figures."""

    id: UUID
    country: str
    quarter: str
    number: int
    forces: list[str]
    left_out: Annotated[list[str], Field(default_factory=list)]  # answers kept from before name none
    cells: int


class SettingIn(In):
    """How much of a force is published: nothing, counts rounded to 5 without those under 10, or counts."""

    model_config = example(detail="rounded")

    detail: Detail


class SettingOut(Out):
    """A force of one's own country and what is published of it, as far as it shows that to its commission.

    Without `counts_shown` nothing is published of it, without `marking_shown` no marking and no labels.
    """

    code: str
    name_fr: str
    name_en: str
    detail: Detail
    counts_shown: bool
    marking_shown: bool


class SettingsOut(Out):
    """Every force of one's own country."""

    items: list[SettingOut]


class ShareOut(Out):
    """A rate with what it was made of; null where nothing was counted."""

    count: int
    among: int
    rate: float | None


class TotalsOut(Out):
    """Sums of published cells; `hidden` counts were too small to publish and are in no sum.

    `partial` names the sums that leave some of them out: such a figure means "at least". The rates are of the forces
    that show marking; `among` is how many weapons these have.
    """

    weapons: int
    in_stock: int
    marked: ShareOut
    labelled: ShareOut
    losses: int
    recoveries: int
    hidden: int
    partial: list[str]


class CellOut(Out):
    """A published cell; null is a count of 1 to 9 in a force published rounded, or marking that its force hides."""

    force: str
    class_code: str
    state: State
    weapons: int | None
    marked: int | None
    labelled: int | None
    losses: int | None
    recoveries: int | None


class ForceOut(Out):
    """A published force with its totals; without `marking` nothing of marking and labels is published of it."""

    code: str
    name_fr: str | None
    name_en: str | None
    detail: Detail
    marking: bool
    totals: TotalsOut


class OmittedForceOut(Out):
    """A force that its commission would publish and that shows it nothing: its name, and no figure."""

    code: str
    name_fr: str | None
    name_en: str | None


class ReleaseOut(Out):
    """The release that is shown: provisional while the quarter runs, else custody at a sealed log size.

    The size itself stands in the country's own log, in the event of the publication.
    """

    id: UUID
    number: int
    provisional: bool
    published_at: datetime


class CountryOut(Out):
    """A country; without `release` it has published nothing for the quarter. No total knows of what is `left_out`."""

    code: str
    name_fr: str
    name_en: str
    published: bool
    release: ReleaseOut | None
    forces: list[ForceOut]
    left_out: list[OmittedForceOut]
    cells: list[CellOut]
    totals: TotalsOut


class RowOut(Out):
    """A class in a state, side by side; null for a country is "not published", not zero.

    `hidden` cells of the row were too small to publish and are in no number of it.
    """

    class_code: str
    state: State
    weapons: dict[str, int | None]
    total: int
    hidden: int


class CrossBorderOut(Out):
    """The countries side by side."""

    quarter: str
    countries: list[CountryOut]
    side_by_side: list[RowOut]
    totals: TotalsOut


def totals_out(totals: Totals) -> TotalsOut:
    """Return totals as they go out."""
    return TotalsOut(
        weapons=totals.weapons,
        in_stock=totals.in_stock,
        marked=_share(totals.marked),
        labelled=_share(totals.labelled),
        losses=totals.losses,
        recoveries=totals.recoveries,
        hidden=totals.hidden,
        partial=list(totals.partial),
    )


def _share(share: Share) -> ShareOut:
    return ShareOut(count=share.count, among=share.among, rate=share.rate)


def known_sum(counts: Iterable[int | None]) -> int | None:
    """Return the sum of what was published, or None where nothing was."""
    known = [n for n in counts if n is not None]
    return sum(known) if known else None
