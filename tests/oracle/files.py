"""The oracle: files, and the photos of weapons."""

import filing
import recipes
from asks import reading
from oracle.table import FILE, MIXED, PHOTO, UNIT, WEAPON, Line

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
    Line("POST /v1/photos/{photo_id}/hiding", "photo:record", filing.hiding, PHOTO),
    Line("GET /v1/weapons/{weapon_id}/photos", "weapon:read", reading("/weapons/{}/photos", recipes.weapon), WEAPON),
)
