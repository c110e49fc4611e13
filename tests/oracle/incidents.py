"""The oracle: incidents."""

import recipes
import writes
from asks import listed, listing, mixed, of, reading
from oracle.table import ABROAD, EMPTY, FORCE, INCIDENT, MENTIONED, MIXED, SISTER, STORE, UNIT, WEAPON, Line

LINES: tuple[Line, ...] = (
    Line("PUT /v1/incidents/{incident_id}", "incident:open", of(writes.report), WEAPON),
    Line("PUT /v1/incidents/{incident_id}", "incident:open", of(writes.retrieve), STORE, about="retrieved"),
    Line("PUT /v1/incidents/{incident_id}", "incident:open", of(writes.find), STORE, about="found"),
    Line("PUT /v1/incidents/{incident_id}", "incident:open", recipes.loss_by_count, UNIT, about="of a unit"),
    # What is found is compared with the open losses of the whole country (R12), which say nothing of themselves.
    Line(
        "PUT /v1/incidents/{incident_id}",
        "incident:open",
        recipes.find,
        {SISTER: MENTIONED, FORCE: MENTIONED, ABROAD: EMPTY},
        about="found, with the serial of one lost",
        posts=MIXED,
    ),
    Line("POST /v1/incidents/{incident_id}/weapons", "incident:open", of(writes.itemise), INCIDENT),
    Line(
        "POST /v1/incidents/{incident_id}/weapons",
        "incident:open",
        mixed(writes.itemise, recipes.a_weapon, listed),
        WEAPON,
        about="with theirs",
        posts=MIXED,
    ),
    Line("POST /v1/incidents/{incident_id}/outcome", "incident:close", of(writes.write_off), INCIDENT),
    Line(
        "POST /v1/incidents/{incident_id}/outcome",
        "incident:close",
        mixed(writes.recover, lambda s: recipes.new_store(s.there), lambda x: {"store": str(x)}),
        STORE,
        about="into a store of theirs",
        posts=MIXED,
    ),
    Line("GET /v1/incidents", "incident:read", listing("/incidents", recipes.made(writes.report)), EMPTY),
    Line(
        "GET /v1/incidents/{incident_id}",
        "incident:read",
        reading("/incidents/{}", recipes.made(writes.report)),
        INCIDENT,
    ),
)
