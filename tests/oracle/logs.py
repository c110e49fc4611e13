"""The oracle: a country's log as others mirror it, and the proof of one event."""

import log_recipes
from oracle.table import ABROAD, ANYWHERE, COUNTRY, FORCE, SISTER, Line
from salw.access.rules import Role

_NOT_WHOLE = "403 ledger.whole_country_only"
_LOG = "/v1/logs/{country}/{number}"

LINES: tuple[Line, ...] = (
    Line(f"GET {_LOG}/checkpoint", None, log_recipes.checkpoint, ANYWHERE),
    Line(f"GET {_LOG}/tile/{{level}}/{{path}}", None, log_recipes.tile, ANYWHERE),
    Line(f"GET {_LOG}/inclusion", None, log_recipes.inclusion, ANYWHERE),
    Line(f"GET {_LOG}/consistency", None, log_recipes.consistency, ANYWHERE),
    # The events of the whole country: a unit stands beside these nations, so nobody here has it all in his scope. Who
    # has is asked in `tests/features/test_logs.py`.
    Line(
        f"GET {_LOG}/tile/entries/{{path}}",
        "ledger:mirror",
        log_recipes.entries,
        "log.not_found",
        reach=COUNTRY,
        inside={Role.AUDITOR: _NOT_WHOLE},
    ),
    Line(
        f"GET {_LOG}/proof/{{event_id}}",
        "ledger:read",
        log_recipes.proof,
        {SISTER: "event.not_found", FORCE: "event.not_found", ABROAD: "log.not_found"},
    ),
)
