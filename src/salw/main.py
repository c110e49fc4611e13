"""The service: `create_app()` puts routers, error handlers and engines together. No logic."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from salw.access.devices.routes import router as devices
from salw.access.duties.routes import router as derogations
from salw.access.emergency.routes import router as emergency
from salw.access.erasure.routes import router as erasures
from salw.access.factors.routes import router as factors
from salw.access.factors.rules import Party
from salw.access.routes.accounts import router as accounts
from salw.access.routes.attempts import router as attempts
from salw.access.routes.organisation import router as organisation
from salw.access.routes.sessions import router as sessions
from salw.access.tokens.routes import router as tokens
from salw.access.traces import Recorder, refused
from salw.commission.routes import router as commission
from salw.constraints import CONSTRAINTS
from salw.core.db import make_engine
from salw.core.http import describe_problems, install
from salw.core.migrate import current, head
from salw.custody.acknowledgements.routes import router as acknowledgements
from salw.custody.authorisations.routes import router as authorisations
from salw.custody.authorisations.suspension_routes import router as suspensions
from salw.custody.entitlements.routes import router as entitlements
from salw.custody.musters.routes import router as musters
from salw.custody.nominal_lists.routes import router as nominal_lists
from salw.custody.paper.routes import router as paper
from salw.custody.routes.disposals import router as disposals
from salw.custody.routes.holders import router as holders
from salw.custody.routes.issues import router as issues
from salw.custody.routes.transfers import router as transfers
from salw.documents.files.routes import router as files
from salw.documents.orders.routes import router as orders
from salw.incidents.routes import router as incidents
from salw.intake.routes import router as intake
from salw.ledger.witnessing import NO_WITNESS, Witnessing
from salw.maintenance.routes import router as maintenance
from salw.proofs.bundles.routes import router as bundles
from salw.proofs.logs.routes import router as logs
from salw.proofs.witness import router as witness
from salw.registry.labels.routes import router as labels
from salw.registry.labels.stock_routes import router as label_stocks
from salw.registry.labels.watching import Watch
from salw.registry.photos.routes import router as photos
from salw.registry.routes import router as registry
from salw.reports.desk_routes import router as desk_reports
from salw.reports.routes import router as reports
from salw.reports.slips.routes import router as slips
from salw.scanning.alarms.operations import record_seen
from salw.scanning.alarms.routes import router as alarms
from salw.scanning.routes import router as scanning
from salw.stocktakes.routes import router as stocktakes
from salw.summaries.routes import router as summaries
from salw.web.problems import problem_page
from salw.web.routes import router as web

# A path is held against one route after the other, which took a seventh of a scan at the end of the list: what an
# armoury does all day comes first.
ROUTERS = (
    scanning,
    authorisations,
    suspensions,
    issues,
    transfers,
    sessions,
    accounts,
    attempts,
    organisation,
    emergency,
    factors,
    tokens,
    devices,
    derogations,
    erasures,
    acknowledgements,
    files,
    orders,
    photos,
    disposals,
    holders,
    nominal_lists,
    musters,
    maintenance,
    paper,
    incidents,
    intake,
    stocktakes,
    summaries,
    commission,
    registry,
    labels,
    label_stocks,
    alarms,
    entitlements,
    reports,
    slips,
    desk_reports,
    bundles,
    logs,
    witness,
)
PREFIX = "/v1"
SIGNED_PATHS = frozenset({f"{PREFIX}/witness/add-checkpoint"})
POOL_SIZES = defaultdict(lambda: 2, app=16, traces=1)  # connections a process; PostgreSQL has 60 for everybody
# A request holds its connection while it waits for a lock: without a limit, one lock held too long (a register being
# imported holds its office's counter) would take every connection from all countries of the node.
LOCK_WAIT_S = 5
# What was refused is written on a connection of its own, so that a flood of refusals takes none from who works.
ENGINES = {"app": "salw_app", "traces": "salw_app", "exchange": "salw_exchange", "publisher": "salw_publisher"}


def create_app(urls: Mapping[str, str], party: Party, witnessing: Witnessing = NO_WITNESS) -> FastAPI:
    """Return the service on the databases of `urls` (database role -> SQLAlchemy URL).

    `party` is its address and the key of its second factors; `witnessing` is what it attests others' logs with.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.traces.flush()
        app.state.watch.flush()
        for engine in app.state.engines.values():
            engine.dispose()

    app = FastAPI(
        title="salw",
        version="1",
        summary="Register of the small arms and light weapons of Burkina Faso, Mali and Niger",
        lifespan=lifespan,
        docs_url=None,  # the interactive pages would fetch scripts from elsewhere
        redoc_url=None,
    )
    app.state.engines = {
        name: make_engine(urls[role], pool_size=POOL_SIZES[name], lock_wait_s=LOCK_WAIT_S)
        for name, role in ENGINES.items()
    }
    app.state.party = party
    app.state.witnessing = witnessing
    app.state.traces = Recorder(app.state.engines["traces"])
    app.state.watch = Watch(app.state.engines["traces"], record_seen)
    install(app, CONSTRAINTS, problem_page, refused, SIGNED_PATHS)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(web)
    app.add_api_route("/healthz", healthz, methods=["GET"], tags=["service"])
    app.add_api_route("/readyz", readyz, methods=["GET"], tags=["service"], response_model=None)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


def readyz(request: Request) -> JSONResponse:
    """Say whether the database answers and has the schema this program needs."""
    try:
        with request.app.state.engines["app"].connect() as db:
            db.execute(text("select 1"))
            schema = current(db)
    except (DBAPIError, PoolTimeoutError):
        return JSONResponse({"status": "database unreachable"}, status_code=503)
    if schema != head():
        return JSONResponse({"status": "database not migrated", "schema": schema}, status_code=503)
    return JSONResponse({"status": "ok", "schema": schema})


def permission_of(route: APIRoute) -> str | None:
    """Return the permission a route names, or None."""
    for dependency in route.dependant.dependencies:
        permission = getattr(dependency.call, "permission", None)
        if permission is not None:
            return str(permission.value)
    return None


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the permission of each route as `x-permission`."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        schema.setdefault("components", {})["securitySchemes"] = {
            "session": {"type": "http", "scheme": "bearer", "description": "The token of POST /v1/sessions."}
        }
        schema["security"] = [{"session": []}]
        for path, route in api_routes():
            permission = permission_of(route)
            for method in (route.methods or ()) if permission else ():
                schema["paths"][path][method.lower()]["x-permission"] = permission
        describe_problems(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def api_routes() -> list[tuple[str, APIRoute]]:
    """Return every route under `/v1` with its full path."""
    return [
        (PREFIX + route.path_format, route)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
    ]
