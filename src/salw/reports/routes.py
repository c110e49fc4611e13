"""`GET .../reconciliation.{json,pdf,xlsx,csv}` of a store, of a unit, and of a check."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter

from salw.access.guard import Desk
from salw.reports import reconciliations
from salw.reports.offers import Draw, From, To, offer
from salw.reports.rendering.formats import PrintedFormat, file_name, find_checkpoint, make_json, print_report
from salw.reports.rules import Reconciliation, seal
from salw.reports.schemas import ReconciliationOut

router = APIRouter(tags=["reports"])


def _of_store(store_id: UUID, from_date: From, to_date: To) -> Draw[Reconciliation]:
    """Return the état de rapprochement of a store over a period."""
    return lambda desk: reconciliations.reconcile_store(
        desk.db, actor=desk.actor, store_id=store_id, from_date=from_date, to_date=to_date
    )


def _of_unit(unit_id: UUID, from_date: From, to_date: To) -> Draw[Reconciliation]:
    """Return the état de rapprochement of a unit and all below it; what moves inside it cancels out."""
    return lambda desk: reconciliations.reconcile_unit(
        desk.db, actor=desk.actor, unit_id=unit_id, from_date=from_date, to_date=to_date
    )


def _of_stocktake(stocktake_id: UUID) -> Draw[Reconciliation]:
    """Return the état de rapprochement of a closed check."""
    return lambda desk: reconciliations.reconcile_stocktake(desk.db, actor=desk.actor, stocktake_id=stocktake_id)


def _write(desk: Desk, report: Reconciliation, form: PrintedFormat | None) -> tuple[bytes, str]:
    sealed = seal(report)
    name = file_name(sealed, form.value if form else "json", desk.actor.language)
    if form is None:
        checkpoint = find_checkpoint(desk.db, report.country, report.log_size)
        return make_json(sealed, desk.actor.language, checkpoint), name
    return print_report(desk.db, actor=desk.actor, now=desk.now, sealed=sealed, form=form), name


_offer = partial(offer, router, shape=ReconciliationOut, write=_write)
_offer("/stores/{store_id}/reconciliation", "store_reconciliation", _of_store)
_offer("/units/{unit_id}/reconciliation", "unit_reconciliation", _of_unit)
_offer("/stocktakes/{stocktake_id}/reconciliation", "stocktake_reconciliation", _of_stocktake)
