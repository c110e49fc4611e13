"""The addresses of the pages, one file a page or a few that belong together."""

from fastapi import APIRouter

from salw.web.routes import (
    access,
    administration,
    books,
    checks,
    comparison,
    devices,
    emergency,
    entitlements,
    factors,
    first,
    history,
    issuing,
    journal,
    label_making,
    labels,
    log_in,
    nominal,
    orders,
    paper,
    people,
    posts,
    proof,
    rights,
    search,
    slips,
    today,
    transfers,
    weapons,
)

router = APIRouter()
PARTS = (
    first,
    log_in,
    factors,
    proof,
    access,
    administration,
    devices,
    emergency,
    weapons,
    search,
    books,
    entitlements,
    checks,
    comparison,
    history,
    journal,
    labels,  # before the jobs, whose address takes any word
    label_making,
    today,
    issuing,
    slips,
    people,
    posts,
    nominal,
    orders,
    paper,
    rights,
    transfers,
)
for part in PARTS:
    router.include_router(part.router)
