"""`/access/factors`, `/access/recovery-codes`: what one proves oneself with, at the first log-in and later."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from salw.access.factors import queries, rules, schemas
from salw.access.factors.operations import enrolment, recovery
from salw.access.factors.operations.enrolment import Enrolled
from salw.access.factors.routes import OurParty
from salw.access.guard import Desk, hand_over
from salw.access.rules import Permission
from salw.core.errors import DomainError, NotFound
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.web.desks import Asked, lead_to, next_page, open_desk, show
from salw.web.forms import at_field, fill
from salw.web.navigation import home_for

router = APIRouter(include_in_schema=False)

OWN = Permission.SESSION_OWN
NEW = "/access/factors/new"


def _check_may_change(desk: Desk) -> str | None:
    """Ask who is inside for a fresh proof; of half a session return the page of its step, where that is another."""
    if desk.credential.is_full:
        desk.require_proof()
        return None
    page = next_page(desk)
    return None if page == NEW else page or "/"


@router.get("/access/factors/new")
def get_new(request: Request, language: Asked) -> Response:
    """Offer the two kinds of second factors."""
    return _new_page(request, language)


@router.post("/access/factors/new")
def post_new(
    request: Request,
    language: Asked,
    party: OurParty,
    factor_id: Annotated[UUID, Form(alias="id")],
    name: Annotated[str, Form()] = "",
) -> Response:
    """Begin with a generator of codes: its secret as a QR symbol and in letters, and the field of its first code.

    The id is the one of the page before, so that a page sent twice shows one secret.
    """
    body, wrong = fill(schemas.TotpIn, {"id": factor_id, "name": name.strip()}, language)
    if body is None:
        return _new_page(request, language, name=name, errors={"name": wrong.get("name", "")}, status=422)
    with open_desk(request, OWN, language, half=True) as desk:
        elsewhere = _check_may_change(desk)
        if elsewhere:
            return lead_to(elsewhere, language)
        return _generator_page(request, language, party, desk, body.id, body.name)


@router.get("/access/factors/confirmation")
def get_confirmation(language: Asked) -> Response:
    """Lead back to the choice whoever reopens the address that a code was sent to: the secret is shown to nobody."""
    return lead_to(NEW, language)


@router.post("/access/factors/confirmation")
def post_confirmation(
    request: Request,
    language: Asked,
    party: OurParty,
    factor_id: Annotated[UUID, Form(alias="id")],
    name: Annotated[str, Form()] = "",
    code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Let a generator count by its first code; with the first factor come recovery codes, shown this once."""
    body, _ = fill(schemas.FactorConfirmationIn, {"code": code.strip()}, language)
    errors = {"code": translate("web.code_form", language)}
    with open_desk(request, OWN, language, half=True) as desk:
        elsewhere = _check_may_change(desk)
        if elsewhere:
            return lead_to(elsewhere, language)
        if body is not None:
            try:
                enrolled = enrolment.confirm_totp(
                    desk.db,
                    actor=desk.actor,
                    now=desk.now,
                    session_id=desk.credential.id,
                    is_full=desk.credential.is_full,
                    party=party,
                    factor_id=factor_id,
                    digits=body.code,
                )
            except DomainError as error:
                errors = at_field(error, {"session.wrong_proof": "code"}, language, wrong_proof="web.wrong_code")
            else:
                return _enrolled(request, language, enrolled, desk)
        return _generator_page(request, language, party, desk, factor_id, name, errors=errors)


@router.get("/access/factors/{factor_id}/removal")
def get_removal(request: Request, language: Asked, factor_id: UUID) -> Response:
    """Show which factor is about to be removed."""
    with open_desk(request, OWN, language) as desk:
        desk.require_proof()
        factor = next((f for f in queries.list_factors(desk.db, desk.actor) if f["id"] == factor_id), None)
    if factor is None:
        raise NotFound("factor.not_found")
    kind = translate(f"factor_kind.{factor['kind']}", language)
    return show(
        request,
        language,
        "act.html",
        {
            "title": "web.remove_factor",
            "sentence": translate("web.remove_factor_says", language, kind=kind, name=factor["name"]),
            "button": "web.remove",
            "back": "/access",
        },
    )


@router.post("/access/factors/{factor_id}/removal")
def post_removal(request: Request, language: Asked, factor_id: UUID) -> Response:
    """Remove a factor of one's own; the last one stays."""
    with open_desk(request, OWN, language) as desk:
        desk.require_proof()
        enrolment.remove_factor(
            desk.db, actor=desk.actor, now=desk.now, session_id=desk.credential.id, factor_id=factor_id
        )
    return lead_to("/access?done=factor_removed", language)


@router.get("/access/recovery-codes")
def get_recovery_codes(request: Request, language: Asked) -> Response:
    """Say what new recovery codes do to the old ones."""
    with open_desk(request, OWN, language) as desk:
        desk.require_proof()
    return show(
        request,
        language,
        "act.html",
        {
            "title": "web.renew_codes",
            "sentence": translate("web.renew_codes_says", language, count=rules.RECOVERY_CODES),
            "button": "web.renew_codes",
            "back": "/access",
        },
    )


@router.post("/access/recovery-codes")
def post_recovery_codes(request: Request, language: Asked) -> Response:
    """Make ten new codes in the place of the old ones, and show them once."""
    with open_desk(request, OWN, language) as desk:
        desk.require_proof()
        codes = recovery.renew_codes(desk.db, actor=desk.actor, now=desk.now)
    return _codes_page(request, language, codes, "/access")


def _new_page(
    request: Request,
    language: Language,
    *,
    name: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, OWN, language, half=True) as desk:
        elsewhere = _check_may_change(desk)
        if elsewhere:
            return lead_to(elsewhere, language)
        context = {
            "half": not desk.credential.is_full,
            "generator_id": new_id(),
            "key_id": new_id(),
            "name": name,
            "on": home_for(desk.actor.roles) if not desk.credential.is_full else "/access?done=factor_added",
        }
    return show(request, language, "factor_new.html", context, errors=errors, status=status)


def _generator_page(
    request: Request,
    language: Language,
    party: rules.Party,
    desk: Desk,
    factor_id: UUID,
    name: str,
    errors: dict[str, str] | None = None,
) -> Response:
    made = enrolment.begin_totp(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        is_full=desk.credential.is_full,
        party=party,
        factor_id=factor_id,
        name=name,
    )
    groups = [made.secret[at : at + 4] for at in range(0, len(made.secret), 4)]
    context = {
        "half": not desk.credential.is_full,
        "id": factor_id,
        "name": name,
        "secret": groups,
        "symbol": schemas.qr_svg(made.uri),
    }
    return show(request, language, "generator.html", context, errors=errors)


def _enrolled(request: Request, language: Language, enrolled: Enrolled, desk: Desk) -> Response:
    session = enrolled.session
    on = "/access?done=factor_added" if session is None else home_for(desk.actor.roles)
    if enrolled.recovery_codes:
        response = _codes_page(request, language, enrolled.recovery_codes, on)
    else:
        response = lead_to(on, language)
    if session is not None:
        hand_over(request, response, session)
    return response


def _codes_page(request: Request, language: Language, codes: list[str], on: str) -> Response:
    return show(request, language, "codes.html", {"codes": codes, "on": on})
