"""The oracle: weapons, scans, the catalogue and labels."""

import recipes
import writes
from asks import listing, of, plain, reading, searching
from oracle.table import ANYWHERE, COUNTRY, EMPTY, MIXED, SCAN, STORE, WEAPON, Line
from recipes import scanning

LINES: tuple[Line, ...] = (
    # --- weapons
    Line("PUT /v1/weapons/{weapon_id}", "weapon:register", of(writes.register), STORE),
    Line(
        "PUT /v1/weapons/{weapon_id}",
        "weapon:register",
        recipes.register_found,
        EMPTY,
        about="with the serial of theirs",
        posts=MIXED,
    ),
    Line("GET /v1/weapons", "weapon:read", listing("/weapons", recipes.weapon), EMPTY),
    Line("GET /v1/weapons", "weapon:read", searching("/weapons", "q", recipes.serial_of), EMPTY, about="by serial"),
    Line("GET /v1/weapons", "weapon:read", searching("/weapons", "q", recipes.number_of), EMPTY, about="by number"),
    Line("GET /v1/weapons", "weapon:read", recipes.of_store("/weapons"), STORE, about="of a store"),
    Line("GET /v1/weapons/{weapon_id}", "weapon:read", reading("/weapons/{}", recipes.weapon), WEAPON),
    # A weapon on its way is seen, and may be taken in, by the unit that awaits it.
    Line(
        "GET /v1/weapons/{weapon_id}",
        "weapon:read",
        reading("/weapons/{}", lambda s: recipes.transit(s).weapon_id),
        WEAPON,
        about="on its way to us",
        reach=COUNTRY,
    ),
    Line(
        "GET /v1/weapons/{weapon_id}",
        "weapon:read",
        reading("/weapons/{}", recipes.given_up),
        WEAPON,
        about="that we gave up",
    ),
    Line("GET /v1/weapons/{weapon_id}/history", "weapon:read", reading("/weapons/{}/history", recipes.weapon), WEAPON),
    # A unit that gave a weapon up keeps the movements that it was party to.
    Line(
        "GET /v1/weapons/{weapon_id}/history",
        "weapon:read",
        reading("/weapons/{}/history", recipes.given_up),
        WEAPON,
        about="that we gave up",
        reach=COUNTRY,
    ),
    Line("POST /v1/scans", "scan:read", scanning(recipes.label_of, typed=False), SCAN, about="of a label"),
    Line(
        "POST /v1/scans",
        "scan:read",
        scanning(recipes.eye_line_of, typed=True),
        SCAN,
        about="of the line under a label",
    ),
    Line("POST /v1/scans", "scan:read", scanning(recipes.number_of, typed=True), SCAN, about="of a number"),
    Line("POST /v1/scans", "scan:read", scanning(recipes.serial_of, typed=True), SCAN, about="of a serial"),
    # --- how far the logs are proven
    Line("GET /v1/logs", "ledger:read", plain("GET", "/logs"), ANYWHERE),
    # --- catalogue and labels
    Line("GET /v1/models", "model:read", plain("GET", "/models"), ANYWHERE),
    Line("POST /v1/label-batches", "label:make", recipes.labels, WEAPON),
    Line(
        "GET /v1/label-batches/{batch_id}/sheet.pdf",
        "label:make",
        reading("/label-batches/{}/sheet.pdf", recipes.batch),
        "label_batch.not_found",
    ),
)
