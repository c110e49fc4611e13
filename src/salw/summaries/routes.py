"""`/v1/summaries` and `/v1/publication-settings`: what crosses a border, and who decides that it does."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.summaries import queries
from salw.summaries.cross_border import cross_border
from salw.summaries.operations import publish_quarter, set_publication
from salw.summaries.rules import QUARTER_PATTERN, parse_quarter, quarter_of
from salw.summaries.schemas import (
    CrossBorderOut,
    PublicationIn,
    PublicationOut,
    SettingIn,
    SettingOut,
    SettingsOut,
)

router = APIRouter(tags=["summaries"])

QuarterPath = Annotated[str, Path(pattern=QUARTER_PATTERN, description="A calendar quarter, `2026Q4`.")]
QuarterQuery = Annotated[
    str | None, Query(pattern=QUARTER_PATTERN, description="A calendar quarter, `2026Q4`; the present one if absent.")
]
ForcePath = Annotated[str, Path(max_length=20, description="A code of the country's forces, `AT`.")]


@router.get("/summaries/cross-border")
def get_cross_border(
    quarter: QuarterQuery = None, desk: Desk = requires(Permission.SUMMARY_READ, engine="exchange")
) -> CrossBorderOut:
    """Show the countries side by side, from published cells only: force x class x state, rates, losses."""
    asked = parse_quarter(quarter) if quarter else quarter_of(desk.now, desk.actor.time_zone)
    return cross_border(desk.db, asked)


@router.post("/summaries/{quarter}/publication")
def post_publication(
    quarter: QuarterPath,
    body: PublicationIn,
    desk: Desk = requires(Permission.SUMMARY_PUBLISH, engine="publisher"),
) -> PublicationOut:
    """Publish a quarter of one's own country. Publishing again makes a new release; the newest is shown.

    A force goes out as far as it shows itself to its commission now; one that shows nothing is in `left_out`.
    """

    def work() -> PublicationOut:
        number = publish_quarter(
            desk.db, actor=desk.actor, now=desk.now, release_id=body.id, quarter=parse_quarter(quarter)
        )
        told = queries.describe_release(desk.db, desk.actor, body.id)
        return PublicationOut(
            id=body.id,
            country=desk.actor.country,
            quarter=quarter,
            number=number,
            **told,
        )

    return answer_once(desk, f"publication {quarter}", body.id, body, PublicationOut, work)


@router.get("/publication-settings")
def get_settings(desk: Desk = requires(Permission.SUMMARY_READ)) -> SettingsOut:
    """List the forces of one's own country and what is published of each."""
    return SettingsOut(items=[SettingOut(**row) for row in queries.list_settings(desk.db, desk.actor)])


@router.put("/publication-settings/{force}")
def put_setting(force: ForcePath, body: SettingIn, desk: Desk = requires(Permission.SUMMARY_PUBLISH)) -> SettingOut:
    """Say how much of a force is published from the next release on. Off until said otherwise.

    For a force that does not show its counts (`counts_shown`) it is kept, and without effect until it shows them.
    """
    set_publication(desk.db, actor=desk.actor, now=desk.now, force_code=force, detail=body.detail)
    row = next(row for row in queries.list_settings(desk.db, desk.actor) if row["code"] == force)
    return SettingOut(**row)
