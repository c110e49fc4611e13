"""What the tables of the oracle are made of: places, posts, who holds which permission, and a line."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from asks import Recipe
from salw.access.rules import Role

OWN, SISTER, FORCE, ABROAD = "own unit", "sister unit", "other force", "other country"
PLACES = (OWN, SISTER, FORCE, ABROAD)
ARMY = frozenset({OWN, SISTER})
COUNTRY = frozenset({OWN, SISTER, FORCE})

# Which places lie below a post: in a unit, at the head of its force, at the head of the state.
REACH: Mapping[str, frozenset[str]] = {"unit": frozenset({OWN}), "force": ARMY, "state": COUNTRY}

_ALL = {*Role}
_ORDERER, _ACCOUNTANT, _KEEPER = Role.ORDERING_AUTHORITY, Role.ACCOUNTANT, Role.STOREKEEPER
_ARMOURER, _COMMANDER, _AUDITOR = Role.ARMOURER, Role.UNIT_COMMANDER, Role.AUDITOR
_ADMINISTRATOR, _OFFICER = Role.ADMINISTRATOR, Role.COMMISSION_OFFICER
AUTHORITIES = {_ORDERER, _COMMANDER}
COMMISSION = {Role.COMMISSION_READER, _OFFICER}
_BOOKS = {_ORDERER, _ACCOUNTANT, _KEEPER, _ARMOURER, _COMMANDER, _AUDITOR}

# A frozen copy of who may what. It changes by a decision, together with the service, and never from it.
HOLDERS: Mapping[str, Collection[Role]] = {
    "account:manage": {_ADMINISTRATOR},
    "account:read": {_ADMINISTRATOR},
    "acknowledgement:record": {_KEEPER},
    "acknowledgement:set": AUTHORITIES,
    "assignment:record": {_KEEPER, _COMMANDER},
    "attempt:read": {_ADMINISTRATOR, _AUDITOR},
    "authorisation:give": {_COMMANDER},
    "authorisation:read": AUTHORITIES | {_AUDITOR},
    "commission:read": COMMISSION,
    "contract:record": {_COMMANDER, _ADMINISTRATOR},
    "derogation:grant": AUTHORITIES,
    "derogation:read": _BOOKS,
    "device:manage": {_ACCOUNTANT, _COMMANDER},
    "device:read": _BOOKS,
    "device:report": {_KEEPER, _ARMOURER, _AUDITOR},
    "disclosure:read": {_ORDERER, _ACCOUNTANT, _COMMANDER, _AUDITOR} | COMMISSION,
    "disclosure:set": AUTHORITIES,
    "disposal:approve": {_COMMANDER},
    "disposal:propose": {_ORDERER},
    "disposal:read": _BOOKS,
    "draw:read": _BOOKS,
    "document:read": _BOOKS,
    "emergency:acknowledge": AUTHORITIES,
    "emergency:end": AUTHORITIES | {_AUDITOR},
    "emergency:open": AUTHORITIES | {_AUDITOR},
    "emergency:read": AUTHORITIES | {_AUDITOR},
    "entitlement:set": {_ACCOUNTANT},
    "erasure:approve": {_COMMANDER},
    "erasure:order": {_ORDERER},
    "erasure:read": {_ORDERER, _COMMANDER, _AUDITOR},
    "file:keep": _BOOKS - {_AUDITOR},
    "file:read": _BOOKS,
    "incident:close": {_ORDERER, _COMMANDER},
    "incident:open": _BOOKS - {_AUDITOR},
    "incident:read": _BOOKS,
    "issue:record": {_KEEPER},
    "label_alarm:close": {_ORDERER, _COMMANDER},
    "label_alarm:read": _BOOKS,
    "label:make": {_ACCOUNTANT, _KEEPER},
    "ledger:bundle": AUTHORITIES | {_AUDITOR},
    "ledger:mirror": {_AUDITOR},
    "ledger:read": {_COMMANDER, _AUDITOR} | COMMISSION,
    "maintenance:plan": AUTHORITIES,
    "maintenance:read": _BOOKS,
    "maintenance:record": {_ARMOURER},
    "model:read": _BOOKS | COMMISSION,
    "muster:record": {_KEEPER, _ARMOURER, _COMMANDER, _AUDITOR},
    "nominal_list:record": {_KEEPER, _COMMANDER},
    "order:confirm": AUTHORITIES,
    "order:record": {_KEEPER},
    "organisation:read": _BOOKS | {_ADMINISTRATOR},
    "organisation:record": {_ADMINISTRATOR},
    "override:acknowledge": AUTHORITIES,
    "override:read": AUTHORITIES | {_AUDITOR},
    "paper:record": {_ACCOUNTANT, _KEEPER},
    "person:record": {_ADMINISTRATOR},
    "photo:record": {_KEEPER, _ARMOURER, _ACCOUNTANT},
    "posting:manage": {_ADMINISTRATOR},
    "reform:decide": AUTHORITIES,
    "reform:propose": {_KEEPER, _ARMOURER},
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
    "summary:publish": {_OFFICER},
    "summary:read": COMMISSION,
    "suspension:read": AUTHORITIES,
    "suspension:record": AUTHORITIES,
    "token:create": _BOOKS | COMMISSION,
    "token:own": _BOOKS | COMMISSION,
    "token:revoke": {_ADMINISTRATOR},
    "transfer:approve": {_COMMANDER},
    "transfer:cancel": {_ORDERER, _COMMANDER},
    "transfer:dispatch": {_KEEPER},
    "transfer:order": {_ORDERER},
    "transfer:read": _BOOKS,
    "transfer:receive": {_KEEPER},
    "weapon:read": _BOOKS,
    "weapon:register": {_ACCOUNTANT, _KEEPER},
    "workshop:record": {_KEEPER},
}

# One's own session is not a matter of postings: who has none yet logs out and changes his password like everybody.
WITHOUT_POSTING = "session:own"

# The routes that ask for no permission, each with the reason.
OPEN: Mapping[str, str] = {
    "POST /v1/sessions": "a person with a password has no session yet",
    "POST /v1/devices": "a device with a one-time code never has one",
    "GET /v1/logs/{country}/{number}/checkpoint": "what a log publishes: a size, a hash and signatures",
    "GET /v1/logs/{country}/{number}/tile/{level}/{path}": "hashes of random ids and salted commitments",
    "GET /v1/logs/{country}/{number}/inclusion": "worked out from those hashes",
    "GET /v1/logs/{country}/{number}/consistency": "worked out from those hashes",
    "POST /v1/witness/add-checkpoint": "a neighbour's log is known by its signature (C2SP tlog-witness)",
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
ACCOUNT, POSTING, TOKEN, FACTOR = "account.not_found", "posting.not_found", "token.not_found", "factor.not_found"
DEROGATION, DEVICE, EMERGENCY = "derogation.not_found", "device.not_found", "emergency.not_found"
NOMINAL_LIST = "nominal_list.not_found"
DOCUMENT, PAPER_BOOK = "document.not_found", "paper_book.not_found"
ERASURE, NAMED_FORCE = "erasure.not_found", "force.not_found"
FILE, PHOTO, ORDER = "file.not_found", "photo.not_found", "order.not_found"

# A request that mixes one's own things with one of another's is asked at one's own unit alone: above it, what comes of
# the mixture is for the feature's own tests.
MIXED = ("unit",)


@dataclass(frozen=True)
class Line:
    """What is expected of one route, or of one of the things that may be asked of it."""

    route: str
    permission: str | None
    recipe: Recipe
    outside: str | Mapping[str, str]
    about: str = ""
    inside: Mapping[Role, str] = field(default_factory=dict)
    # Places in reach of every post, or of these roles at every post, whatever `REACH` says.
    reach: frozenset[str] | Mapping[Role, frozenset[str]] = frozenset()
    posts: tuple[str, ...] = tuple(REACH)  # at which it is asked; another line asks at the others
    personal: bool = False  # the thing is one person's of the place, whom nobody else reaches, be he above him

    def __str__(self) -> str:
        return f"{self.route} {self.about}".strip()

    def in_reach(self, post: str, role: Role | None) -> frozenset[str]:
        """Return the places whose things a role at a post reaches by this route."""
        if self.personal or self.permission is None:
            return frozenset()
        if isinstance(self.reach, frozenset):
            return REACH[post] | self.reach
        return REACH[post] | (self.reach.get(role, frozenset()) if role else frozenset())

    def expected(self, post: str, role: Role | None, place: str) -> str:
        """Return what becomes of the request of a role at a post about a place."""
        if self.permission is None:
            return str(self.outside)
        if self.permission != WITHOUT_POSTING and (role is None or role not in HOLDERS[self.permission]):
            return REFUSED
        if place in self.in_reach(post, role):
            return self.inside.get(role, ANSWERS) if role else ANSWERS
        outside = self.outside if isinstance(self.outside, str) else self.outside[place]
        return outside if outside in (ANSWERS, EMPTY, MENTIONED) or " " in outside else f"404 {outside}"

    def shown(self, post: str, role: Role | None) -> frozenset[str]:
        """Return the places of which an answer to a role at a post may say something."""
        answered = {place for place in PLACES if self.expected(post, role, place) == ANSWERS}
        return self.in_reach(post, role) | answered

    @property
    def places(self) -> tuple[str, ...]:
        """Return the places to ask about: what belongs to none is asked once."""
        return (OWN,) if self.outside == ANYWHERE else PLACES

    @property
    def mixes(self) -> bool:
        """Say whether the request is about one's own things as well."""
        return self.posts == MIXED

    @property
    def reads(self) -> bool:
        """Say whether the route changes nothing, so that the same request may be sent by everybody."""
        return self.route.startswith(("GET ", "POST /v1/scans"))
