"""The oracle: what is due on weapons, work, findings, plans, workshops, proposals for reform."""

import maintenance_recipes as recipes
import writes
from asks import listed, listing, mixed, of, reading
from oracle.table import EMPTY, MIXED, PERSON, STORE, UNIT, WEAPON, Line
from recipes import a_weapon, made

_REFORM, _WORKSHOP = "reform.not_found", "workshop.not_found"
_WORK, _ENTRY = "PUT /v1/maintenance/works/{work_id}", "PUT /v1/maintenance/workshop-entries/{entry_id}"
_REFORMS, _DECISION = "/maintenance/reforms", "POST /v1/maintenance/reforms/{reform_id}/decision"
_THEIR_MAN = mixed(writes.work, lambda s: s.there["soldier"].person_id, lambda x: {"by": str(x)})
_TO_THEIRS = mixed(writes.send_to_workshop, made(writes.open_workshop), lambda x: {"workshop": str(x)})
_THEIR_WEAPON = mixed(writes.send_to_workshop, a_weapon, listed)

LINES: tuple[Line, ...] = (
    Line("GET /v1/maintenance/queue", "maintenance:read", recipes.queue, EMPTY),
    Line(_WORK, "maintenance:record", of(writes.work), WEAPON),
    Line(_WORK, "maintenance:record", _THEIR_MAN, PERSON, about="by theirs", posts=MIXED),
    Line("PUT /v1/maintenance/findings/{finding_id}", "maintenance:record", of(writes.finding), WEAPON),
    Line("GET /v1/maintenance/findings", "maintenance:read", recipes.findings, EMPTY),
    Line("PUT /v1/maintenance/plans/{request_id}", "maintenance:plan", of(writes.plan), UNIT),
    Line("GET /v1/maintenance/plans", "maintenance:read", listing("/maintenance/plans", recipes.plan), EMPTY),
    Line(_ENTRY, "workshop:record", of(writes.send_to_workshop), STORE),
    Line(_ENTRY, "workshop:record", _THEIR_WEAPON, WEAPON, about="of theirs", posts=MIXED),
    Line(_ENTRY, "workshop:record", _TO_THEIRS, _WORKSHOP, about="to theirs", posts=MIXED),
    Line("PUT /v1/maintenance/workshop-exits/{exit_id}", "workshop:record", of(writes.take_from_workshop), STORE),
    Line("PUT /v1/maintenance/reforms/{reform_id}", "reform:propose", of(writes.propose_reform), WEAPON),
    Line(_DECISION, "reform:decide", of(writes.decide_reform), _REFORM),
    Line("GET /v1/maintenance/reforms", "maintenance:read", listing(_REFORMS, recipes.reform), EMPTY),
    Line(
        "GET /v1/maintenance/reforms/{reform_id}",
        "maintenance:read",
        reading(f"{_REFORMS}/{{}}", recipes.reform),
        _REFORM,
    ),
)
