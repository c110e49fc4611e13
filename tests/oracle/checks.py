"""The oracle: checks and reconciliations."""

import re
from collections.abc import Callable

import recipes
from asks import Scene, listing, reading
from oracle.table import EMPTY, HOLDER, MIXED, PERSON, REACH, STOCKTAKE, STORE, UNIT, Line
from recipes import report_of

# Where each register of the desk is asked for, of what, what whoever may not see that is told, and its parameters.
_TODAY = {"from": recipes.this_day(), "to": recipes.this_day()}
_DESK: tuple[tuple[str, Callable[[Scene], object], str, dict[str, str]], ...] = (
    ("units/{unit_id}/situation", recipes.of_unit, UNIT, {}),
    ("units/{unit_id}/journal", recipes.of_unit, UNIT, _TODAY),
    ("stores/{store_id}/issues", lambda s: s.there.store_alpha, STORE, _TODAY),
    ("stores/{store_id}/journal", lambda s: s.there.store_alpha, STORE, _TODAY),
    ("stores/{store_id}/day", lambda s: s.there.store_alpha, STORE, {"day": recipes.this_day()}),
    ("stores/{store_id}/inventory", lambda s: s.there.store_alpha, STORE, {}),
    ("people/{person_id}/held", recipes.soldier, PERSON, {}),
    ("holders/{holder_id}/held", lambda s: s.there.post_alpha, HOLDER, {}),
)

LINES: tuple[Line, ...] = (
    # --- the situation d'armement and the registers: as JSON, and as files, which all come by one way
    *(
        Line(
            f"GET /v1/{path}.{'json' if form == 'json' else '{form}'}",
            "report:read" if form == "json" else "report:export",
            reading(f"/{re.sub('{[a-z_]+}', '{}', path)}.{form}", thing, **params),
            outside,
            about="" if form == "json" else f"as {form}",
            posts=tuple(REACH) if form == "json" else ("unit",),
        )
        for path, thing, outside, params in _DESK
        for form in ("json", "csv")
    ),
    # --- checks
    Line("PUT /v1/stocktakes/{stocktake_id}", "stocktake:open", recipes.opening, STORE),
    Line("POST /v1/stocktakes/{stocktake_id}/counts", "stocktake:count", recipes.counts, STOCKTAKE),
    Line(
        "POST /v1/stocktakes/{stocktake_id}/counts",
        "stocktake:count",
        recipes.count_of_theirs(recipes.label_of, "scan"),
        EMPTY,
        about="of a label of theirs",
        posts=MIXED,
    ),
    Line(
        "POST /v1/stocktakes/{stocktake_id}/counts",
        "stocktake:count",
        recipes.count_of_theirs(recipes.serial_of, "typed"),
        EMPTY,
        about="of a serial of theirs",
        posts=MIXED,
    ),
    Line("POST /v1/stocktakes/{stocktake_id}/closure", "stocktake:close", recipes.ending("closure"), STOCKTAKE),
    Line(
        "POST /v1/stocktakes/{stocktake_id}/discontinuation",
        "stocktake:close",
        recipes.ending("discontinuation", reason="Essai"),
        STOCKTAKE,
    ),
    Line("GET /v1/stocktakes", "stocktake:read", listing("/stocktakes", recipes.check), EMPTY),
    Line("GET /v1/stocktakes", "stocktake:read", recipes.checks_of_store, EMPTY, about="of a store"),
    Line("GET /v1/stocktakes/{stocktake_id}", "stocktake:read", reading("/stocktakes/{}", recipes.check), STOCKTAKE),
    # --- reports
    *(
        Line(
            f"GET /v1/{path}/{{{name}}}/reconciliation.{form if form == 'json' else '{form}'}",
            "report:read" if form == "json" else "report:export",
            report_of(f"/{path}/{{}}/reconciliation.{form}", thing, period=path != "stocktakes"),
            outside,
            about="" if form == "json" else f"as {form}",
            posts=tuple(REACH) if form == "json" else ("unit",),
        )
        for path, name, thing, outside in (
            ("stores", "store_id", lambda s: s.there.store_alpha, STORE),
            ("units", "unit_id", recipes.of_unit, UNIT),
            ("stocktakes", "stocktake_id", recipes.closed_check, STOCKTAKE),
        )
        for form in ("json", "csv", "xlsx", "pdf")
    ),
)
