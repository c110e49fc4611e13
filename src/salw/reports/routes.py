"""`GET .../reconciliation.{json,pdf,xlsx,csv}` of a store, of a unit, and of a check."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from salw.access.guard import Desk, requires
from salw.access.rules import Permission
from salw.core.shapes import Day
from salw.reports import reconciliations
from salw.reports.rendering.formats import (
    MEDIA_TYPES,
    PrintedFormat,
    file_name,
    find_checkpoint,
    make_json,
    print_report,
)
from salw.reports.rules import Reconciliation, Sealed, seal
from salw.reports.schemas import ReconciliationOut

router = APIRouter(tags=["reports"])

From = Annotated[Day, Query(alias="from", description="First day (YYYY-MM-DD), in the country's time.")]
To = Annotated[Day, Query(alias="to", description="Last day (YYYY-MM-DD), included; not after today.")]
Language = Annotated[
    str | None, Query(description="Language of the words: fr (by default) or en.", pattern="^(fr|en)$")
]
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report as a file.",
        "content": {media.split(";")[0]: {"schema": {"type": "string"}} for media in MEDIA_TYPES.values()},
    }
}


@router.get("/stores/{store_id}/reconciliation.json", response_model=ReconciliationOut)
def get_store_reconciliation(
    store_id: UUID,
    from_date: From,
    to_date: To,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the état de rapprochement of a store over a period."""
    return _as_json(
        desk,
        reconciliations.reconcile_store(
            desk.db, actor=desk.actor, store_id=store_id, from_date=from_date, to_date=to_date
        ),
    )


@router.get("/stores/{store_id}/reconciliation.{form}", response_class=Response, responses=FILES)
def print_store_reconciliation(
    store_id: UUID,
    form: PrintedFormat,
    from_date: From,
    to_date: To,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the état de rapprochement of a store over a period as a file."""
    report = reconciliations.reconcile_store(
        desk.db, actor=desk.actor, store_id=store_id, from_date=from_date, to_date=to_date
    )
    return _as_file(desk, report, form)


@router.get("/units/{unit_id}/reconciliation.json", response_model=ReconciliationOut)
def get_unit_reconciliation(
    unit_id: UUID,
    from_date: From,
    to_date: To,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the état de rapprochement of a unit and all below it; what moves inside it cancels out."""
    return _as_json(
        desk,
        reconciliations.reconcile_unit(
            desk.db, actor=desk.actor, unit_id=unit_id, from_date=from_date, to_date=to_date
        ),
    )


@router.get("/units/{unit_id}/reconciliation.{form}", response_class=Response, responses=FILES)
def print_unit_reconciliation(
    unit_id: UUID,
    form: PrintedFormat,
    from_date: From,
    to_date: To,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the état de rapprochement of a unit and all below it as a file."""
    report = reconciliations.reconcile_unit(
        desk.db, actor=desk.actor, unit_id=unit_id, from_date=from_date, to_date=to_date
    )
    return _as_file(desk, report, form)


@router.get("/stocktakes/{stocktake_id}/reconciliation.json", response_model=ReconciliationOut)
def get_stocktake_reconciliation(
    stocktake_id: UUID,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the état de rapprochement of a closed check."""
    return _as_json(desk, reconciliations.reconcile_stocktake(desk.db, actor=desk.actor, stocktake_id=stocktake_id))


@router.get("/stocktakes/{stocktake_id}/reconciliation.{form}", response_class=Response, responses=FILES)
def print_stocktake_reconciliation(
    stocktake_id: UUID,
    form: PrintedFormat,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the état de rapprochement of a closed check as a file."""
    report = reconciliations.reconcile_stocktake(desk.db, actor=desk.actor, stocktake_id=stocktake_id)
    return _as_file(desk, report, form)


def _as_json(desk: Desk, report: Reconciliation) -> Response:
    sealed = seal(report)
    content = make_json(
        sealed, desk.actor.language, find_checkpoint(desk.db, sealed.report.country, sealed.report.log_size)
    )
    return Response(content, media_type="application/json", headers=_named(desk, sealed, "json"))


def _as_file(desk: Desk, report: Reconciliation, form: PrintedFormat) -> Response:
    sealed = seal(report)
    content = print_report(desk.db, actor=desk.actor, now=desk.now, sealed=sealed, form=form)
    return Response(content, media_type=MEDIA_TYPES[form], headers=_named(desk, sealed, form.value))


def _named(desk: Desk, sealed: Sealed, extension: str) -> dict[str, str]:
    return {"Content-Disposition": f'inline; filename="{file_name(sealed, extension, desk.actor.language)}"'}
