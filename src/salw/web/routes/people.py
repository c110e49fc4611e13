"""`/detenteurs` and `/personnes/{id}`: who has what, who may draw, and the acts of those who decide it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import Conflict, DomainError, NotFound
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.authorisations import queries, suspension_routes
from salw.custody.authorisations import routes as authorisations
from salw.custody.authorisations.operations.suspensions import read_reasons
from salw.custody.authorisations.rules import CONSTRAINTS, ContractKind, SuspensionReason
from salw.custody.authorisations.schemas import AuthorisationsIn, ContractsIn, EndIn, SuspensionEndIn, SuspensionIn
from salw.registry.classification import ClassCode
from salw.web.desks import Asked, friendly, lead_to, open_desk, show, visit
from salw.web.forms import at_field, fill, typed_days, typed_fields
from salw.web.views import people as views

router = APIRouter(include_in_schema=False)

DRAW_PLACES = {"draw.backwards": "last_day", "draw.over": "last_day", "contract.too_long": "last_day"}


@router.get("/detenteurs")
def get_people(
    request: Request,
    language: Asked,
    q: Annotated[str, Query(max_length=100)] = "",
    unit: str = "",
    cursor: Annotated[str | None, Query(max_length=1_000)] = None,
) -> Response:
    """List the people of the units in scope by name."""
    chosen = _uuid(unit)
    with open_desk(request, Permission.DRAW_READ, language) as desk:
        context = views.people(desk, q.strip(), chosen, cursor)
    return show(request, language, "people.html", {**context, "q": q, "unit": unit if chosen else ""})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@router.get("/personnes/{person_id}")
def get_person(request: Request, language: Asked, person_id: UUID, done: str = "") -> Response:
    """Show a fiche de détenteur."""
    return _person(request, language, person_id, done=done)


def _person(
    request: Request,
    language: Language,
    person_id: UUID,
    *,
    done: str = "",
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    context = views.person(request, language, person_id)
    standing = _count_standing(request, language, person_id) if done in LIFTED else 0
    context |= {
        "done": _after_lifting(done, standing, context["may_draw"]) if done in LIFTED else done if done in DONE else "",
        "standing": standing,
        "typed": typed or {},
        "act_id": str(new_id()),
        "classes": [code.value for code in ClassCode],
        "kinds": [kind.value for kind in ContractKind],
    }
    return show(request, language, "holder_card.html", context, errors=wrong)


DONE = ("authorised", "authorisation_ended", "contract", "contract_ended", "suspended")
LIFTED = ("restored", "lifted_before")
STANDING_MOST = 20  # withdrawals of one person that a page shows


def _count_standing(request: Request, language: Language, person_id: UUID) -> int | None:
    """Return how many withdrawals stand, None to whom nothing is told of them."""
    with visit(request, Permission.SUSPENSION_READ, language) as desk:
        if desk is None:
            return None
        return len(queries.list_open_suspensions(desk.db, desk.actor, person_id, limit=STANDING_MOST))


def _after_lifting(done: str, standing: int | None, may_draw: bool) -> str:
    """Return what to say once a withdrawal was lifted: the right is back where no other stands, and nothing lacks."""
    if standing is None:
        return ""
    if standing:
        return f"{done}_but"
    return done if may_draw else f"{done}_lacks"


@router.post("/personnes/{person_id}/autorisations")
def post_authorisation(
    request: Request,
    language: Asked,
    person_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    covers: Annotated[str, Form()] = "",
    first_day: Annotated[str, Form()] = "",
    last_day: Annotated[str, Form()] = "",
    reference: Annotated[str, Form()] = "",
) -> Response:
    """Authorise somebody to draw."""
    typed = {"covers": covers, "first_day": first_day, "last_day": last_day, "reference": reference}
    body, wrong = fill(AuthorisationsIn, {"people": [person_id], **typed_days(typed)}, language)
    if body is None:
        return _person(request, language, person_id, typed=typed, wrong=wrong)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.AUTHORISATION_GIVE, language) as desk:
            authorisations.put_authorisations(act_id, body, desk)
    except DomainError as error:
        return _person(request, language, person_id, typed=typed, wrong=at_field(error, DRAW_PLACES, language))
    return lead_to(f"/personnes/{person_id}?done=authorised", language)


@router.post("/personnes/{person_id}/autorisations/fin")
def post_authorisation_end(
    request: Request,
    language: Asked,
    person_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    which: Annotated[UUID, Form()],
) -> Response:
    """End an authorisation today."""
    with friendly(CONSTRAINTS), open_desk(request, Permission.AUTHORISATION_GIVE, language) as desk:
        authorisations.post_authorisations_end(EndIn(id=act_id, which=[which]), desk)
    return lead_to(f"/personnes/{person_id}?done=authorisation_ended", language)


@router.post("/personnes/{person_id}/contrats")
def post_contract(
    request: Request,
    language: Asked,
    person_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    kind: Annotated[str, Form()] = "",
    c_first_day: Annotated[str, Form()] = "",
    c_last_day: Annotated[str, Form()] = "",
    c_reference: Annotated[str, Form()] = "",
) -> Response:
    """Record a contract."""
    typed = {"kind": kind, "first_day": c_first_day, "last_day": c_last_day, "reference": c_reference}
    kept = {"kind": kind, "c_first_day": c_first_day, "c_last_day": c_last_day, "c_reference": c_reference}
    body, wrong = fill(ContractsIn, {"people": [person_id], **typed_days(typed)}, language)
    if body is None:
        return _person(request, language, person_id, typed=kept, wrong=_of_contract(wrong))
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.CONTRACT_RECORD, language) as desk:
            authorisations.put_contracts(act_id, body, desk)
    except DomainError as error:
        wrong = _of_contract(at_field(error, DRAW_PLACES, language))
        return _person(request, language, person_id, typed=kept, wrong=wrong)
    return lead_to(f"/personnes/{person_id}?done=contract", language)


def _of_contract(wrong: dict[str, str]) -> dict[str, str]:
    """Return what is wrong by the names that the fields of a contract have beside those of an authorisation."""
    return {name if name == "kind" else f"c_{name}": text for name, text in wrong.items()}


@router.post("/personnes/{person_id}/contrats/fin")
def post_contract_end(
    request: Request,
    language: Asked,
    person_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    which: Annotated[UUID, Form()],
) -> Response:
    """End a contract today."""
    with friendly(CONSTRAINTS), open_desk(request, Permission.CONTRACT_RECORD, language) as desk:
        authorisations.post_contracts_end(EndIn(id=act_id, which=[which]), desk)
    return lead_to(f"/personnes/{person_id}?done=contract_ended", language)


@router.get("/personnes/{person_id}/retrait")
def get_suspension(request: Request, language: Asked, person_id: UUID) -> Response:
    """Ask for the reason of a retrait conservatoire, under those that stand, to the two roles that read them."""
    return _suspension(request, language, person_id)


def _suspension(
    request: Request,
    language: Language,
    person_id: UUID,
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
    *,
    ended: tuple[UUID, str] | None = None,
    warns: bool = False,
) -> Response:
    with open_desk(request, Permission.SUSPENSION_READ, language) as desk:
        rows = queries.list_open_suspensions(desk.db, desk.actor, person_id, limit=STANDING_MOST)
        zone = desk.actor.time_zone
        reasons = read_reasons(desk.db, actor=desk.actor, suspension_ids=[row["id"] for row in rows])
        standing = [
            {
                **row,
                **reasons[row["id"]],
                "act_id": str(new_id()),
                "typed": ended[1] if ended and ended[0] == row["id"] else "",
            }
            for row in rows
        ]
    if ended and wrong:
        places = [f"text_{n}" for n, row in enumerate(rows, 1) if row["id"] == ended[0]]
        wrong = dict(zip(places, wrong.values(), strict=False))
    context = {
        "name": views.name_of(request, language, person_id),
        "id": person_id,
        "standing": standing,
        "warns": warns,
        "reasons": [one.value for one in SuspensionReason],
        "zone": zone,
        "typed": typed or {},
        "act_id": str(new_id()),
    }
    return show(request, language, "suspension.html", context, errors=wrong)


@router.post("/personnes/{person_id}/retrait")
def post_suspension(
    request: Request,
    language: Asked,
    person_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    reason: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    known: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    """Withdraw somebody's right to draw, at once; where that was done already, who did not see it is asked first."""
    typed = {"reason": reason, "text": text}
    body, wrong = fill(SuspensionIn, {"person": person_id, **typed_fields(typed)}, language)
    if body is None:
        return _suspension(request, language, person_id, typed, wrong)
    with open_desk(request, Permission.SUSPENSION_READ, language) as desk:
        rows = queries.list_open_suspensions(desk.db, desk.actor, person_id, limit=STANDING_MOST)
    standing = {str(row["id"]) for row in rows}
    if str(act_id) not in standing and standing - set(known.split()):
        wrong = {"another": translate("web.suspension.another_stands", language)}
        return _suspension(request, language, person_id, typed, wrong, warns=True)
    with friendly(CONSTRAINTS), open_desk(request, Permission.SUSPENSION_RECORD, language) as desk:
        suspension_routes.put_suspension(act_id, body, desk)
    return lead_to(f"/personnes/{person_id}?done=suspended", language)


@router.post("/personnes/{person_id}/retrait/fin")
def post_suspension_end(
    request: Request,
    language: Asked,
    person_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    which: Annotated[UUID, Form()],
    text: Annotated[str, Form()] = "",
) -> Response:
    """Lift one withdrawal; what another has lifted meanwhile is said where it leads back to."""
    with open_desk(request, Permission.SUSPENSION_READ, language) as desk:
        if queries.get_suspension(desk.db, desk.actor, which)["person"] != person_id:
            raise NotFound("suspension.not_found", suspension=str(which))
    body, wrong = fill(SuspensionEndIn, {"id": act_id, **typed_fields({"text": text})}, language)
    if body is None:
        return _suspension(request, language, person_id, wrong=wrong, ended=(which, text))
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.SUSPENSION_RECORD, language) as desk:
            suspension_routes.post_end(which, body, desk)
    except Conflict as error:
        if error.code != "suspension.over":
            raise
        return lead_to(f"/personnes/{person_id}?done=lifted_before", language)
    return lead_to(f"/personnes/{person_id}?done=restored", language)
