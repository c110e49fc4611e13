"""The oracle: files, and the photos of weapons."""

import filing
import recipes
from asks import listing, reading
from oracle.table import EMPTY, FILE, MIXED, ORDER, PHOTO, TRANSFER, UNIT, WEAPON, Line
from salw.access.rules import Role

LINES: tuple[Line, ...] = (
    Line("PUT /v1/files/{file_id}", "file:keep", filing.keeping, UNIT),
    Line("GET /v1/files/{file_id}", "file:read", reading("/files/{}", filing.kept), FILE),
    Line("PUT /v1/weapons/{weapon_id}/photos/{photo_id}", "photo:record", filing.photographing, WEAPON),
    Line(
        "PUT /v1/weapons/{weapon_id}/photos/{photo_id}",
        "photo:record",
        filing.photographing_with_theirs,
        FILE,
        about="with a picture of theirs",
        posts=MIXED,
    ),
    Line("PUT /v1/paper-orders/{order_id}", "order:record", filing.recording_order, UNIT),
    Line(
        "POST /v1/paper-orders/{order_id}/confirmation",
        "order:confirm",
        filing.deciding_order("confirmation"),
        ORDER,
        inside={Role.ORDERING_AUTHORITY: "403 order.not_yours"},
    ),
    Line(
        "POST /v1/paper-orders/{order_id}/contestation",
        "order:confirm",
        filing.deciding_order("contestation", reason="Jamais signé"),
        ORDER,
        inside={Role.ORDERING_AUTHORITY: "403 order.not_yours"},
    ),
    Line("GET /v1/paper-orders", "document:read", listing("/paper-orders", filing.recorded_order), EMPTY),
    Line("POST /v1/transfers/{transfer_id}/paper-approval", "transfer:dispatch", filing.approving_on_paper, TRANSFER),
    Line("POST /v1/photos/{photo_id}/hiding", "photo:record", filing.hiding, PHOTO),
    Line("GET /v1/weapons/{weapon_id}/photos", "weapon:read", reading("/weapons/{}/photos", recipes.weapon), WEAPON),
)
