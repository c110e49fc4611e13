"""The oracle: acknowledgements, and what they rest on."""

import signing
from asks import plain
from oracle.table import ANYWHERE, ARMY, AUTHORITIES, DOCUMENT, EMPTY, MIXED, PERSON, Line

_NOT_THE_AUTHORITY = "403 acknowledgement.not_the_authority"

LINES: tuple[Line, ...] = (
    Line("PUT /v1/acknowledgements/{acknowledgement_id}", "acknowledgement:record", signing.acknowledging, DOCUMENT),
    Line(
        "PUT /v1/acknowledgements/{acknowledgement_id}",
        "acknowledgement:record",
        signing.witnessed_by_theirs,
        PERSON,
        about="witnessed by theirs",
        posts=MIXED,
    ),
    Line("GET /v1/acknowledgements", "document:read", signing.acknowledgements_of_slip, DOCUMENT),
    Line("GET /v1/acknowledgements/missing", "document:read", signing.missing, EMPTY),
    Line("PUT /v1/people/{person_id}/pin", "acknowledgement:record", signing.choosing_pin, PERSON),
    # The head of a force alone decides: no unit below it, and not the state above another force.
    Line(
        "PUT /v1/forces/{code}/acknowledgement-kinds",
        "acknowledgement:set",
        signing.deciding,
        _NOT_THE_AUTHORITY,
        posts=("force",),
        reach=ARMY,
    ),
    Line(
        "PUT /v1/forces/{code}/acknowledgement-kinds",
        "acknowledgement:set",
        signing.deciding,
        _NOT_THE_AUTHORITY,
        about="by who is not its head",
        inside=dict.fromkeys(AUTHORITIES, _NOT_THE_AUTHORITY),
        posts=("unit",),
    ),
    Line(
        "GET /v1/forces/{code}/acknowledgement-kinds",
        "document:read",
        plain("GET", "/forces/AT/acknowledgement-kinds"),
        ANYWHERE,
    ),
)
