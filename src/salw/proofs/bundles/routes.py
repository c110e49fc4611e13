"""`GET /v1/ledger/bundles`: proofs to take away; `GET /v1/ledger/verifier.html`: the page that checks them."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from salw.access.guard import Desk, requires
from salw.access.rules import Permission
from salw.core.errors import Unacceptable
from salw.core.shapes import Day
from salw.proofs.bundles.gathering import Asked, bundle_stocktake, bundle_store, bundle_weapon
from salw.proofs.bundles.page import make_page

router = APIRouter(tags=["ledger"])

From = Annotated[Day | None, Query(alias="from", description="Of a store: first day, in the country's time.")]
To = Annotated[Day | None, Query(alias="to", description="Of a store: last day, included.")]


@router.get(
    "/ledger/bundles",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": {"type": "string"}}}}},
)
def get_bundle(
    request: Request,
    desk: Desk = requires(Permission.LEDGER_BUNDLE),
    weapon: UUID | None = None,
    store: UUID | None = None,
    stocktake: UUID | None = None,
    from_date: From = None,
    to_date: To = None,
    names: Annotated[bool, Query(description="With the names and texts in the reader's scope.")] = False,
    log_size: Annotated[int | None, Query(ge=0, le=2**53, description="Size that a report stands on.")] = None,
) -> Response:
    """Return the events of a weapon, a store or a check with their proofs, as one file that needs no service."""
    asked = Asked(names, log_size, request.app.state.witnessing.policy.witnesses)
    days = from_date is not None or to_date is not None
    if sum(s is not None for s in (weapon, store, stocktake)) != 1 or (days and store is None):
        raise Unacceptable("bundle.one_subject")
    if weapon is not None:
        content = bundle_weapon(desk.db, actor=desk.actor, weapon_id=weapon, asked=asked)
    elif stocktake is not None:
        content = bundle_stocktake(desk.db, actor=desk.actor, stocktake_id=stocktake, asked=asked)
    else:
        assert store is not None  # noqa: S101 - one of the three is given
        content = bundle_store(
            desk.db, actor=desk.actor, store_id=store, from_date=from_date, to_date=to_date, asked=asked
        )
    name = f"dossier-de-preuve-{weapon or store or stocktake}.zip"
    return Response(
        content, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get(
    "/ledger/verifier.html",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
def get_verifier(desk: Desk = requires(Permission.SESSION_OWN)) -> Response:  # noqa: ARG001 - the gate of every route
    """Return the page that checks bundles without a network, to be kept; its SHA-256 is its entity tag."""
    page = make_page()
    headers = {
        "Content-Disposition": 'attachment; filename="VERIFIER.html"',
        "ETag": f'"{hashlib.sha256(page).hexdigest()}"',
    }
    return Response(page, media_type="text/html", headers=headers)
