"""The addresses of the pages, one file a page or a few that belong together."""

from fastapi import APIRouter

from salw.web.routes import (
    access,
    administration,
    devices,
    emergency,
    factors,
    first,
    history,
    issuing,
    journal,
    log_in,
    people,
    proof,
    slips,
    today,
    transfers,
    weapons,
)

router = APIRouter()
for part in (
    first,
    log_in,
    factors,
    proof,
    access,
    administration,
    devices,
    emergency,
    weapons,
    history,
    journal,
    today,
    issuing,
    slips,
    people,
    transfers,
):
    router.include_router(part.router)
