"""The oracle: what a force shows its own commission, and what countries publish."""

import commission_recipes
from asks import plain
from oracle.table import ANYWHERE, ARMY, AUTHORITIES, COMMISSION, COUNTRY, EMPTY, HOLDERS, NAMED_FORCE, Line
from salw.access.rules import Role

_NOT_THE_AUTHORITY = "403 disclosure.not_the_authority"
# A force is read by whoever has any of its units in scope, and by the commission of its country from wherever it sits.
_OF_A_FORCE = {role: COUNTRY if role in COMMISSION else ARMY for role in Role if role in HOLDERS["disclosure:read"]}

LINES: tuple[Line, ...] = (
    # --- what a force shows
    # The head of a force alone decides: no unit below it, and not the state above it.
    Line(
        "PUT /v1/forces/{code}/disclosure",
        "disclosure:set",
        commission_recipes.disclose,
        _NOT_THE_AUTHORITY,
        posts=("force",),
    ),
    Line(
        "PUT /v1/forces/{code}/disclosure",
        "disclosure:set",
        commission_recipes.disclose,
        _NOT_THE_AUTHORITY,
        about="by who is not its head",
        inside=dict.fromkeys(AUTHORITIES, _NOT_THE_AUTHORITY),
        posts=("unit", "state"),
    ),
    Line(
        "GET /v1/forces/{code}/disclosure",
        "disclosure:read",
        commission_recipes.disclosure,
        NAMED_FORCE,
        reach=_OF_A_FORCE,
    ),
    # --- what the commission reads: its whole country, and of that what each force shows
    Line("GET /v1/commission/holdings", "commission:read", plain("GET", "/commission/holdings"), ANYWHERE),
    Line(
        "GET /v1/commission/holdings",
        "commission:read",
        commission_recipes.holdings_of_force,
        NAMED_FORCE,
        about="of a force",
        reach=COUNTRY,
    ),
    Line(
        "GET /v1/commission/weapons",
        "commission:read",
        commission_recipes.hidden_weapon,
        EMPTY,
        about="of a force that does not show them",
        personal=True,
    ),
    Line("GET /v1/commission/weapons", "commission:read", commission_recipes.shown_weapon, EMPTY, reach=COUNTRY),
    # --- what a commission decides for its own country, and what countries published
    Line("GET /v1/summaries/cross-border", "summary:read", plain("GET", "/summaries/cross-border"), ANYWHERE),
    Line("POST /v1/summaries/{quarter}/publication", "summary:publish", commission_recipes.publication, ANYWHERE),
    Line("GET /v1/publication-settings", "summary:read", plain("GET", "/publication-settings"), ANYWHERE),
    Line(
        "PUT /v1/publication-settings/{force}",
        "summary:publish",
        plain("PUT", "/publication-settings/GN", {"detail": "off"}),
        ANYWHERE,
    ),
)
