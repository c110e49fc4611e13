"""The oracle: who is let in where, for every route. Written by hand; nothing here is computed by the service.

What is expected of a request follows from three things that stand below: `HOLDERS` (which roles hold a permission),
`REACH` (which places lie in the scope of a post) and the line of the route. Of a line:

    no session          -> 401 `session.required`
    role without it     -> 403 `access.not_permitted`, the same wherever the thing is
    place out of reach  -> what `outside` says: the code of a 404, or `EMPTY`; word for word as for what never existed
    place in reach      -> 2xx, or the code in `inside` where a rule of the feature refuses that role

**A new route** needs a line here, or `tests/contract/test_access_oracle.py` fails:

1. its permission in `HOLDERS`, if it is new: the roles that hold it, in the words of `docs/permissions.md`;
2. a `Line`: the route as the OpenAPI document names it, the permission, a recipe (`tests/asks.py`, `tests/recipes.py`)
   for one request that would succeed, and what it answers `outside` one's scope. What belongs to no place (a catalogue,
   one's own session) has `outside=ANYWHERE`. A second line of a route says what else may be asked of it (`about`).

An exception to the table is a line of its own with `reach` or a dictionary as `outside`, and a comment that says why.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import recipes
import writes
from asks import Recipe, listed, listing, mixed, of, plain, reading, searching, used_id
from recipes import report_of, scanning
from salw.access.rules import Role

OWN, SISTER, FORCE, ABROAD = "own unit", "sister unit", "other force", "other country"
PLACES = (OWN, SISTER, FORCE, ABROAD)
COUNTRY = frozenset({OWN, SISTER, FORCE})

# Which places lie below a post: in a unit, at the head of its force, at the head of the state.
REACH: Mapping[str, frozenset[str]] = {
    "unit": frozenset({OWN}),
    "force": frozenset({OWN, SISTER}),
    "state": COUNTRY,
}

_ALL = {*Role}
_ORDERER, _ACCOUNTANT, _KEEPER = Role.ORDERING_AUTHORITY, Role.ACCOUNTANT, Role.STOREKEEPER
_ARMOURER, _COMMANDER, _AUDITOR = Role.ARMOURER, Role.UNIT_COMMANDER, Role.AUDITOR
_COMMISSION = {Role.COMMISSION_READER, Role.COMMISSION_OFFICER}
_BOOKS = {_ORDERER, _ACCOUNTANT, _KEEPER, _ARMOURER, _COMMANDER, _AUDITOR}

# A frozen copy of who may what. It changes by a decision, together with the service, and never from it.
HOLDERS: Mapping[str, Collection[Role]] = {
    "assignment:record": {_KEEPER, _COMMANDER},
    "disposal:approve": {_COMMANDER},
    "disposal:propose": {_ORDERER},
    "disposal:read": _BOOKS,
    "incident:close": {_ORDERER, _COMMANDER},
    "incident:open": _BOOKS - {_AUDITOR},
    "incident:read": _BOOKS,
    "issue:record": {_KEEPER},
    "label:make": {_ACCOUNTANT, _KEEPER},
    "model:read": _BOOKS | _COMMISSION,
    "organisation:read": _BOOKS | {Role.ADMINISTRATOR},
    "relief:record": {_KEEPER, _COMMANDER},
    "report:export": _BOOKS,
    "report:read": _BOOKS,
    "return:record": {_KEEPER},
    "scan:read": _BOOKS,
    "session:own": _ALL,
    "stocktake:close": {_COMMANDER, _AUDITOR},
    "stocktake:count": {_KEEPER, _ARMOURER, _AUDITOR},
    "stocktake:open": {_COMMANDER, _AUDITOR},
    "stocktake:read": _BOOKS,
    "summary:publish": {Role.COMMISSION_OFFICER},
    "summary:read": _COMMISSION,
    "transfer:approve": {_COMMANDER},
    "transfer:cancel": {_ORDERER, _COMMANDER},
    "transfer:dispatch": {_KEEPER},
    "transfer:order": {_ORDERER},
    "transfer:read": _BOOKS,
    "transfer:receive": {_KEEPER},
    "weapon:read": _BOOKS,
    "weapon:register": {_ACCOUNTANT, _KEEPER},
}

# What may come of a request, beside the codes of refusals.
ANSWERS = "2xx"
EMPTY = "2xx, as if it had never existed"
MENTIONED = "2xx, and says of it no more than that there is one"
NO_SESSION = "401 session.required"
REFUSED = "403 access.not_permitted"
ANYWHERE = ANSWERS

WEAPON, STORE, PERSON, HOLDER = "weapon.not_found", "store.not_found", "person.not_found", "holder.not_found"
UNIT, TRANSFER, DISPOSAL = "unit.not_found", "transfer.not_found", "disposal.not_found"
INCIDENT, STOCKTAKE, SCAN = "incident.not_found", "stocktake.not_found", "scan.unknown"


@dataclass(frozen=True)
class Line:
    """What is expected of one route, or of one of the things that may be asked of it."""

    route: str
    permission: str | None
    recipe: Recipe
    outside: str | Mapping[str, str]
    about: str = ""
    inside: Mapping[Role, str] = field(default_factory=dict)
    reach: frozenset[str] = frozenset()  # places in reach of every post, whatever `REACH` says
    posts: tuple[str, ...] = tuple(REACH)

    def __str__(self) -> str:
        return f"{self.route} {self.about}".strip()

    def expected(self, post: str, role: Role | None, place: str) -> str:
        """Return what becomes of the request of a role at a post about a place."""
        if self.permission is None:
            return str(self.outside)
        if role is None or role not in HOLDERS[self.permission]:
            return REFUSED
        if place in REACH[post] | self.reach:
            return self.inside.get(role, ANSWERS)
        outside = self.outside if isinstance(self.outside, str) else self.outside[place]
        return outside if outside in (ANSWERS, EMPTY, MENTIONED) or " " in outside else f"404 {outside}"

    @property
    def mixes(self) -> bool:
        """Say whether the request is about one's own things as well."""
        return self.posts == _MIXED

    @property
    def reads(self) -> bool:
        """Say whether the route changes nothing, so that the same request may be sent by everybody."""
        return self.route.startswith(("GET ", "POST /v1/scans"))


# A request that mixes one's own things with one of another's is asked at one's own unit alone: above it, what comes of
# the mixture is for the feature's own tests.
_MIXED = ("unit",)


LINES: tuple[Line, ...] = (
    # --- access
    Line("POST /v1/sessions", None, recipes.wrong_password, "401 session.wrong_credentials"),
    Line("DELETE /v1/sessions/current", "session:own", recipes.log_out, ANYWHERE),
    Line("GET /v1/me", "session:own", plain("GET", "/me"), ANYWHERE),
    Line("GET /v1/stores", "organisation:read", listing("/stores", lambda s: s.there.store_alpha), EMPTY),
    Line("GET /v1/people", "organisation:read", listing("/people", recipes.soldier), EMPTY),
    Line(
        "GET /v1/people",
        "organisation:read",
        searching("/people", "matricule", recipes.matricule_of),
        EMPTY,
        about="by matricule",
    ),
    # --- weapons
    Line("PUT /v1/weapons/{weapon_id}", "weapon:register", of(writes.register), STORE),
    Line(
        "PUT /v1/weapons/{weapon_id}",
        "weapon:register",
        recipes.register_found,
        EMPTY,
        about="with the serial of theirs",
        posts=_MIXED,
    ),
    Line("GET /v1/weapons", "weapon:read", listing("/weapons", recipes.weapon), EMPTY),
    Line("GET /v1/weapons", "weapon:read", searching("/weapons", "q", recipes.serial_of), EMPTY, about="by serial"),
    Line("GET /v1/weapons", "weapon:read", searching("/weapons", "q", recipes.number_of), EMPTY, about="by number"),
    Line("GET /v1/weapons", "weapon:read", recipes.of_store("/weapons"), STORE, about="of a store"),
    Line("GET /v1/weapons/{weapon_id}", "weapon:read", reading("/weapons/{}", recipes.weapon), WEAPON),
    # A weapon on its way is seen, and may be taken in, by the unit that awaits it.
    Line(
        "GET /v1/weapons/{weapon_id}",
        "weapon:read",
        reading("/weapons/{}", lambda s: recipes.transit(s).weapon_id),
        WEAPON,
        about="on its way to us",
        reach=COUNTRY,
    ),
    Line(
        "GET /v1/weapons/{weapon_id}",
        "weapon:read",
        reading("/weapons/{}", recipes.given_up),
        WEAPON,
        about="that we gave up",
    ),
    Line("GET /v1/weapons/{weapon_id}/history", "weapon:read", reading("/weapons/{}/history", recipes.weapon), WEAPON),
    # A unit that gave a weapon up keeps the movements that it was party to.
    Line(
        "GET /v1/weapons/{weapon_id}/history",
        "weapon:read",
        reading("/weapons/{}/history", recipes.given_up),
        WEAPON,
        about="that we gave up",
        reach=COUNTRY,
    ),
    Line("POST /v1/scans", "scan:read", scanning(recipes.label_of, typed=False), SCAN, about="of a label"),
    Line(
        "POST /v1/scans",
        "scan:read",
        scanning(recipes.eye_line_of, typed=True),
        SCAN,
        about="of the line under a label",
    ),
    Line("POST /v1/scans", "scan:read", scanning(recipes.number_of, typed=True), SCAN, about="of a number"),
    Line("POST /v1/scans", "scan:read", scanning(recipes.serial_of, typed=True), SCAN, about="of a serial"),
    # --- catalogue and labels
    Line("GET /v1/models", "model:read", plain("GET", "/models"), ANYWHERE),
    Line("POST /v1/label-batches", "label:make", recipes.labels, WEAPON),
    Line(
        "GET /v1/label-batches/{batch_id}/sheet.pdf",
        "label:make",
        reading("/label-batches/{}/sheet.pdf", recipes.batch),
        "label_batch.not_found",
    ),
    # --- holders, assignments, reliefs
    Line("GET /v1/holders", "weapon:read", listing("/holders", lambda s: s.there.post_alpha), EMPTY),
    Line("PUT /v1/holders/{holder_id}", "relief:record", of(writes.open_holder), UNIT),
    Line(
        "PUT /v1/holders/{holder_id}",
        "relief:record",
        mixed(writes.open_holder, recipes.soldier, lambda x: {"answerable": str(x)}),
        PERSON,
        about="answered for by theirs",
        posts=_MIXED,
    ),
    Line("PUT /v1/reliefs/{relief_id}", "relief:record", of(writes.relieve), HOLDER),
    Line(
        "PUT /v1/reliefs/{relief_id}",
        "relief:record",
        mixed(writes.relieve, lambda s: s.there["armourer"].person_id, lambda x: {"incoming": str(x)}),
        PERSON,
        about="by theirs",
        posts=_MIXED,
    ),
    Line("PUT /v1/assignments/{assignment_id}", "assignment:record", of(writes.assign), PERSON),
    Line("PUT /v1/assignments/{assignment_id}", "assignment:record", of(writes.unassign), WEAPON, about="ended"),
    Line(
        "PUT /v1/assignments/{assignment_id}",
        "assignment:record",
        mixed(writes.assign, recipes.a_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=_MIXED,
    ),
    # --- issues and returns
    Line("PUT /v1/issues/{issue_id}", "issue:record", of(writes.issue), STORE),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        used_id(writes.issue),
        STORE,
        about="under an id that is used",
        inside={_KEEPER: "request.id_reused"},
    ),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        mixed(writes.issue, recipes.a_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=_MIXED,
    ),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        mixed(writes.issue, recipes.soldier, lambda x: {"to": {"person": str(x)}}),
        PERSON,
        about="to a person of theirs",
        posts=_MIXED,
    ),
    Line(
        "PUT /v1/issues/{issue_id}",
        "issue:record",
        mixed(writes.issue, lambda s: s.there.post_alpha, lambda x: {"to": {"holder": str(x)}}),
        HOLDER,
        about="to a post of theirs",
        posts=_MIXED,
    ),
    Line("PUT /v1/returns/{return_id}", "return:record", of(writes.return_), STORE),
    Line(
        "PUT /v1/returns/{return_id}",
        "return:record",
        mixed(writes.return_, recipes.issued_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=_MIXED,
    ),
    # --- transfers
    Line("PUT /v1/transfers/{transfer_id}", "transfer:order", of(writes.order), STORE),
    Line(
        "PUT /v1/transfers/{transfer_id}",
        "transfer:order",
        mixed(writes.order, recipes.a_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=_MIXED,
    ),
    # Weapons may be ordered to any store of the country, whoever keeps it; it is only named, and takes them in itself.
    Line(
        "PUT /v1/transfers/{transfer_id}",
        "transfer:order",
        mixed(writes.order, lambda s: recipes.new_store(s.there), lambda x: {"to_store": str(x)}),
        STORE,
        about="to a store of theirs",
        reach=COUNTRY,
        posts=_MIXED,
    ),
    Line("POST /v1/transfers/{transfer_id}/approval", "transfer:approve", of(writes.approve), TRANSFER),
    # The receiving side reads a mutation (below) and takes no step of the sender's.
    Line(
        "POST /v1/transfers/{transfer_id}/approval",
        "transfer:approve",
        recipes.step_of_sender,
        TRANSFER,
        about="of what is coming to us",
    ),
    Line("POST /v1/transfers/{transfer_id}/cancellation", "transfer:cancel", of(writes.cancel), TRANSFER),
    Line("POST /v1/transfers/{transfer_id}/dispatch", "transfer:dispatch", of(writes.dispatch), TRANSFER),
    Line("POST /v1/transfers/{transfer_id}/receipt", "transfer:receive", recipes.receipt, TRANSFER),
    Line("GET /v1/transfers", "transfer:read", listing("/transfers", recipes.made(writes.order)), EMPTY),
    Line(
        "GET /v1/transfers/{transfer_id}",
        "transfer:read",
        reading("/transfers/{}", recipes.made(writes.order)),
        TRANSFER,
    ),
    # Both sides read a mutation.
    Line(
        "GET /v1/transfers/{transfer_id}",
        "transfer:read",
        reading("/transfers/{}", lambda s: recipes.last_part(writes.done(s.client, writes.order(s.client, s.pair)))),
        TRANSFER,
        about="that is coming to us",
        reach=COUNTRY,
    ),
    # --- disposals
    Line("PUT /v1/disposals/{disposal_id}", "disposal:propose", of(writes.propose), STORE),
    Line(
        "PUT /v1/disposals/{disposal_id}",
        "disposal:propose",
        mixed(writes.propose, recipes.a_weapon, listed),
        WEAPON,
        about="of theirs",
        posts=_MIXED,
    ),
    Line("POST /v1/disposals/{disposal_id}/approval", "disposal:approve", of(writes.destroy), DISPOSAL),
    Line(
        "GET /v1/disposals/{disposal_id}",
        "disposal:read",
        reading("/disposals/{}", recipes.made(writes.propose)),
        DISPOSAL,
    ),
    # --- incidents
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
        posts=_MIXED,
    ),
    Line("POST /v1/incidents/{incident_id}/weapons", "incident:open", of(writes.itemise), INCIDENT),
    Line(
        "POST /v1/incidents/{incident_id}/weapons",
        "incident:open",
        mixed(writes.itemise, recipes.a_weapon, listed),
        WEAPON,
        about="with theirs",
        posts=_MIXED,
    ),
    Line("POST /v1/incidents/{incident_id}/outcome", "incident:close", of(writes.write_off), INCIDENT),
    Line(
        "POST /v1/incidents/{incident_id}/outcome",
        "incident:close",
        mixed(writes.recover, lambda s: recipes.new_store(s.there), lambda x: {"store": str(x)}),
        STORE,
        about="into a store of theirs",
        posts=_MIXED,
    ),
    Line("GET /v1/incidents", "incident:read", listing("/incidents", recipes.made(writes.report)), EMPTY),
    Line(
        "GET /v1/incidents/{incident_id}",
        "incident:read",
        reading("/incidents/{}", recipes.made(writes.report)),
        INCIDENT,
    ),
    # --- checks
    Line("PUT /v1/stocktakes/{stocktake_id}", "stocktake:open", recipes.opening, STORE),
    Line("POST /v1/stocktakes/{stocktake_id}/counts", "stocktake:count", recipes.counts, STOCKTAKE),
    Line(
        "POST /v1/stocktakes/{stocktake_id}/counts",
        "stocktake:count",
        recipes.count_of_theirs(recipes.label_of, "scan"),
        EMPTY,
        about="of a label of theirs",
        posts=_MIXED,
    ),
    Line(
        "POST /v1/stocktakes/{stocktake_id}/counts",
        "stocktake:count",
        recipes.count_of_theirs(recipes.serial_of, "typed"),
        EMPTY,
        about="of a serial of theirs",
        posts=_MIXED,
    ),
    Line("POST /v1/stocktakes/{stocktake_id}/closure", "stocktake:close", recipes.ending("closure"), STOCKTAKE),
    Line(
        "POST /v1/stocktakes/{stocktake_id}/discontinuation",
        "stocktake:close",
        recipes.ending("discontinuation", reason="Essai"),
        STOCKTAKE,
    ),
    Line("GET /v1/stocktakes", "stocktake:read", listing("/stocktakes", recipes.check), EMPTY),
    Line("GET /v1/stocktakes", "stocktake:read", recipes.checks_of_store, EMPTY, about="of a store"),
    Line("GET /v1/stocktakes/{stocktake_id}", "stocktake:read", reading("/stocktakes/{}", recipes.check), STOCKTAKE),
    # --- reports
    *(
        Line(
            f"GET /v1/{path}/{{{name}}}/reconciliation.{form if form == 'json' else '{form}'}",
            "report:read" if form == "json" else "report:export",
            report_of(f"/{path}/{{}}/reconciliation.{form}", thing, period=path != "stocktakes"),
            outside,
            about="" if form == "json" else f"as {form}",
            posts=tuple(REACH) if form == "json" else ("unit",),
        )
        for path, name, thing, outside in (
            ("stores", "store_id", lambda s: s.there.store_alpha, STORE),
            ("units", "unit_id", recipes.of_unit, UNIT),
            ("stocktakes", "stocktake_id", recipes.closed_check, STOCKTAKE),
        )
        for form in ("json", "csv", "xlsx", "pdf")
    ),
    # --- summaries: what a commission decides for its own country, and what countries published
    Line("GET /v1/summaries/cross-border", "summary:read", plain("GET", "/summaries/cross-border"), ANYWHERE),
    Line("POST /v1/summaries/{quarter}/publication", "summary:publish", recipes.publication, ANYWHERE),
    Line("GET /v1/publication-settings", "summary:read", plain("GET", "/publication-settings"), ANYWHERE),
    Line(
        "PUT /v1/publication-settings/{force}",
        "summary:publish",
        plain("PUT", "/publication-settings/GN", {"detail": "off"}),
        ANYWHERE,
    ),
)
