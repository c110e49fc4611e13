"""The oracle: blanks, codes, reprints, voids and alarms about labels."""

import label_recipes as recipes
from asks import listing, plain, reading
from oracle.table import ANYWHERE, EMPTY, SCAN, STORE, WEAPON, Line
from recipes import batch, scanning, weapon

_LABEL = "label.not_found"

LINES: tuple[Line, ...] = (
    Line("POST /v1/label-blanks", "label:make", recipes.reserving, STORE),
    Line("POST /v1/label-codes", "label:make", recipes.coding, STORE),
    Line("POST /v1/label-attachments", "label:make", recipes.attaching, STORE),
    Line("POST /v1/label-voidings", "label:make", recipes.voiding, _LABEL),
    Line("PUT /v1/label-reprints/{reprint_id}", "label:make", recipes.reprinting, _LABEL),
    Line(
        "GET /v1/label-reprints/{reprint_id}/sheet.pdf",
        "label:make",
        reading("/label-reprints/{}/sheet.pdf", recipes.reprint),
        "label_reprint.not_found",
    ),
    Line(
        "GET /v1/label-reprints/{reprint_id}/{file}",
        "label:make",
        reading("/label-reprints/{}/preview.svg", recipes.reprint),
        "label_reprint.not_found",
    ),
    Line(
        "GET /v1/label-batches/{batch_id}/{file}",
        "label:make",
        reading("/label-batches/{}/labels.zpl", batch),
        "label_batch.not_found",
    ),
    Line("GET /v1/label-stocks", "label:make", plain("GET", "/label-stocks"), ANYWHERE),
    Line(
        "GET /v1/label-stocks/{stock}/{file}",
        "label:make",
        plain("GET", "/label-stocks/a4-weapon-20mm/preview.svg"),
        ANYWHERE,
    ),
    Line(
        "GET /v1/stores/{store_id}/label-blanks",
        "label:make",
        reading("/stores/{}/label-blanks", lambda scene: scene.there.store_alpha),
        STORE,
    ),
    Line("PUT /v1/racks/{rack_id}", "label:make", recipes.opening_rack, STORE),
    Line(
        "GET /v1/stores/{store_id}/racks",
        "organisation:read",
        reading("/stores/{}/racks", lambda scene: scene.there.store_alpha),
        STORE,
    ),
    Line("GET /v1/weapons/{weapon_id}/labels", "weapon:read", reading("/weapons/{}/labels", weapon), WEAPON),
    Line("POST /v1/scans", "scan:read", scanning(recipes.blank_of, typed=False), SCAN, about="of a blank label"),
    Line("POST /v1/scans", "scan:read", scanning(recipes.store_code_of, typed=False), SCAN, about="of a store"),
    Line("GET /v1/label-alarms", "label_alarm:read", listing("/label-alarms", recipes.alarm), EMPTY),
    Line("POST /v1/label-alarms/closure", "label_alarm:close", recipes.closing, "label_alarm.not_found"),
)
