"""The oracle: who may draw, what is asked back, what was overridden, and what was withdrawn and why."""

import drawing_recipes as recipes
from access_recipes import act_on
from asks import listing, reading
from oracle.table import EMPTY, PERSON, UNIT, Line

_AUTHORISATION, _CONTRACT = "authorisation.not_found", "contract.not_found"
_OVERRIDE, _SUSPENSION = "override.not_found", "suspension.not_found"
_SUSPENSION_END = act_on("/suspensions/{}/end", recipes.suspension, text="Essai")
_REASON = reading("/suspensions/{}/reason", recipes.suspension)

LINES: tuple[Line, ...] = (
    Line("PUT /v1/authorisations/{request_id}", "authorisation:give", recipes.authorise, PERSON),
    Line(
        "POST /v1/authorisations/end",
        "authorisation:give",
        recipes.ending("/authorisations/end", recipes.authorisation),
        _AUTHORISATION,
    ),
    Line("GET /v1/authorisations", "authorisation:read", listing("/authorisations", recipes.authorisation), EMPTY),
    Line("PUT /v1/contracts/{request_id}", "contract:record", recipes.engage, PERSON),
    Line("POST /v1/contracts/end", "contract:record", recipes.ending("/contracts/end", recipes.contract), _CONTRACT),
    Line("GET /v1/contracts", "authorisation:read", listing("/contracts", recipes.contract), EMPTY),
    Line("PUT /v1/units/{unit_id}/draw-rule", "authorisation:give", recipes.rule, UNIT),
    Line("GET /v1/draw-rules", "draw:read", recipes.rules, EMPTY),
    Line("GET /v1/draw-standings", "draw:read", recipes.standing, PERSON),
    Line("GET /v1/recalls", "draw:read", listing("/recalls", recipes.recalled), EMPTY),
    Line("GET /v1/overrides", "override:read", listing("/overrides", recipes.overridden), EMPTY),
    Line("POST /v1/overrides/{issue_id}/acknowledgement", "override:acknowledge", recipes.acknowledgement, _OVERRIDE),
    Line("PUT /v1/suspensions/{suspension_id}", "suspension:record", recipes.withdraw, PERSON),
    Line("POST /v1/suspensions/{suspension_id}/end", "suspension:record", _SUSPENSION_END, _SUSPENSION),
    Line("GET /v1/suspensions", "suspension:read", listing("/suspensions", recipes.suspension), EMPTY),
    Line("GET /v1/suspensions/{suspension_id}/reason", "suspension:read", _REASON, _SUSPENSION),
)
