"""The oracle: who is let in where, for every route. Written by hand; nothing here is computed by the service.

What is expected of a request follows from three things that stand in `table.py` and below: `HOLDERS` (which roles hold
a permission), `REACH` (which places lie in the scope of a post) and the line of the route. Of a line:

    no session          -> 401 `session.required`
    role without it     -> 403 `access.not_permitted`, the same wherever the thing is
    place out of reach  -> what `outside` says: the code of a 404, or `EMPTY`; word for word as for what never existed
    place in reach      -> 2xx, or the code in `inside` where a rule of the feature refuses that role

**A new route** needs a line in the table of its feature, or `tests/contract/test_access_oracle.py` fails:

1. its permission in `HOLDERS`, if it is new: the roles that hold it, in the words of `docs/permissions.md`;
2. a `Line`: the route as the OpenAPI document names it, the permission, a recipe (`tests/asks.py`, `tests/recipes.py`
   and those beside it) for one request that would succeed, and what it answers `outside` one's scope. What belongs to
   no place (a catalogue, one's own session) has `outside=ANYWHERE`. A second line of a route says what else may be
   asked of it (`about`).

A route without a permission stands in `OPEN` with the reason. An exception to the table is a line of its own with
`reach`, `personal` or a dictionary as `outside`, and a comment that says why.
"""

from oracle import (
    access,
    acknowledgements,
    bundles,
    checks,
    commission,
    custody,
    devices,
    drawing,
    duties,
    files,
    incidents,
    labels,
    logs,
    maintenance,
    own,
    transfers,
    weapons,
)
from oracle.table import Line

LINES: tuple[Line, ...] = (
    *own.LINES,
    *access.LINES,
    *duties.LINES,
    *devices.LINES,
    *weapons.LINES,
    *labels.LINES,
    *files.LINES,
    *acknowledgements.LINES,
    *custody.LINES,
    *drawing.LINES,
    *transfers.LINES,
    *maintenance.LINES,
    *incidents.LINES,
    *checks.LINES,
    *bundles.LINES,
    *commission.LINES,
    *logs.LINES,
)
