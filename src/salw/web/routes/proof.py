"""`/proof`: proving again who one is before an act that asks for it, and going on to where one was going."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from salw.access.factors import schemas
from salw.access.factors.operations import proving
from salw.access.factors.routes import OurParty
from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.language import Language, translate
from salw.web.desks import Asked, lead_to, open_desk, show
from salw.web.forms import at_field, fill, safe_next, typed_fields
from salw.web.routes.log_in import FORMS, PASSWORD_MAX, Wanted, factors_of, go_on, onward

router = APIRouter(include_in_schema=False)

OWN = Permission.SESSION_OWN


@router.get("/proof")
def get_proof(request: Request, language: Asked, wanted: Wanted = None) -> Response:
    """Ask for the password and a code, or for a passkey or security key."""
    return _proof_page(request, language, wanted)


@router.post("/proof")
def post_proof(
    request: Request,
    language: Asked,
    party: OurParty,
    wanted: Wanted = None,
    password: Annotated[str, Form(max_length=PASSWORD_MAX)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    recovery_code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Prove anew by password and code; the session goes on under a new token."""
    at = "recovery_code" if recovery_code.strip() else "code"
    codes = typed_fields({"code": code, "recovery_code": recovery_code})
    body, _ = fill(schemas.ProofIn, {"password": password or None, **codes}, language)
    if body is None:
        return _proof_page(request, language, wanted, {at: translate(FORMS[at], language)}, 422)
    given = schemas.given_of(body)
    own_place = "password" if given is None or not password else at
    try:
        with open_desk(request, OWN, language) as desk:
            who: dict[str, Any] = {"actor": desk.actor, "now": desk.now, "session_id": desk.credential.id}
            challenge = proving.begin_proof(desk.db, **who, password=body.password, given=given)
            desk.keep()
            session = proving.prove_again(
                desk.db, **who, party=party, password=body.password, given=given, challenge=challenge
            )
    except DomainError as error:
        places = dict.fromkeys(("session.wrong_proof", "session.proof_incomplete"), own_place)
        places["session.too_many_attempts"] = own_place
        wrong = at_field(error, places, language, wrong_proof="web.wrong_password" + (f"_or_{at}" if given else ""))
        return _proof_page(request, language, wanted, wrong, error.status)
    return go_on(request, language, session, _goal(wanted))


@router.get("/proof/done")
def get_done(request: Request, language: Asked, wanted: Wanted = None) -> Response:
    """Offer the file that was asked for: one that is saved and not shown would leave the form before the reader."""
    with open_desk(request, OWN, language):
        address = safe_next(wanted)
    if address is None:
        return lead_to("/", language)
    return show(request, language, "proven.html", {"file": address})


def _goal(wanted: str | None) -> str:
    address = safe_next(wanted)
    return onward(address) if address else "/"


def _proof_page(
    request: Request,
    language: Language,
    wanted: str | None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, OWN, language) as desk:
        context = {**factors_of(desk), "next": safe_next(wanted) or "/", "on": _goal(wanted)}
    return show(request, language, "proof.html", context, errors=errors, status=status)
