"""`/perceptions/{slip}`: a bon with who acknowledged it, and one more acknowledgement with its picture."""

from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.acknowledgements.routes import put_acknowledgement
from salw.custody.acknowledgements.rules import AcknowledgementKind
from salw.custody.acknowledgements.schemas import AcknowledgementIn
from salw.documents.files.routes import put_file
from salw.web.counter import AT_COUNTER, PICTURED, placed
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill
from salw.web.views import issuing as views

router = APIRouter(include_in_schema=False)

DONE = ("issued", "returned", "signed")
PLACES = {
    "pin.wrong": "proof",
    "card.not_his": "proof",
    "session.too_many_attempts": "proof",
    "acknowledgement.witness_is_party": "proof",
    "person.not_found": "person",
    "acknowledgement.not_a_party": "person",
    "acknowledgement.kind_not_valid": "kind",
}
PICTURED_KINDS = (AcknowledgementKind.DRAWN, AcknowledgementKind.PAPER)


@router.get("/perceptions/{slip_id}")
def get_slip(request: Request, language: Asked, slip_id: UUID, done: str = "") -> Response:
    """Show a bon de perception or de réintégration."""
    return _slip(request, language, slip_id, done=done)


def _slip(
    request: Request,
    language: Language,
    slip_id: UUID,
    *,
    done: str = "",
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    with open_desk(request, Permission.DOCUMENT_READ, language) as desk:
        context = views.slip_page(desk, slip_id)
    context |= {"done": done if done in DONE else "", "typed": typed or {}, "act_id": str(new_id())}
    return show(request, language, "slip_page.html", context, errors=wrong)


@router.post("/perceptions/{slip_id}/emargement/tous", openapi_extra=PICTURED)
def post_signed_sheet(
    request: Request,
    language: Asked,
    slip_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    sheet: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Record one photo of the sheet that all signed for everybody who has not acknowledged it yet, all or nobody.

    A form sent twice finds nobody left; one sent at the same moment makes the same acknowledgements.
    """
    content = sheet.file.read() if sheet is not None else b""
    if not content:
        return _slip(request, language, slip_id, wrong={"sheet": translate("web.slip.no_picture", language)})
    try:
        with open_desk(request, Permission.ACKNOWLEDGEMENT_RECORD, language) as desk:
            unit = views.unit_of_slip(desk, slip_id)
        with friendly(AT_COUNTER), open_desk(request, Permission.FILE_KEEP, language) as desk:
            kept = put_file(new_id(), content, unit, desk).id
        with friendly(AT_COUNTER), open_desk(request, Permission.ACKNOWLEDGEMENT_RECORD, language) as desk:
            for person in views.unsigned(desk, slip_id):
                part = AcknowledgementIn(slip=slip_id, person=person, kind=AcknowledgementKind.PAPER, file=kept)
                put_acknowledgement(uuid5(act_id, str(person)), part, desk)
    except DomainError as error:
        return _slip(request, language, slip_id, wrong=placed(error, {}, language, "sheet"))
    return lead_to(f"/perceptions/{slip_id}?done=signed", language)


@router.post("/perceptions/{slip_id}/emargement", openapi_extra=PICTURED)
def post_acknowledgement(
    request: Request,
    language: Asked,
    slip_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    person: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    proof: Annotated[str, Form()] = "",
    picture: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Record who acknowledged a bon and how; a picture is kept first, in the unit whose bon it is."""
    typed = {"person": person, "kind": kind}
    content = picture.file.read() if picture is not None else b""
    part: dict[str, Any] = {"slip": slip_id, "kind": kind or None}
    try:
        with open_desk(request, Permission.ACKNOWLEDGEMENT_RECORD, language) as desk:
            found, wrong_person = views.find_one(desk, person)
            wrong = {"person": wrong_person} if wrong_person else {}
            part["person"] = found["id"] if found else None
            if kind == AcknowledgementKind.WITNESS.value:
                witness, wrong_witness = views.find_one(desk, proof)
                wrong |= {"proof": wrong_witness} if wrong_witness else {}
                part["witness"] = witness["id"] if witness else None
            elif kind in (AcknowledgementKind.PIN.value, AcknowledgementKind.CARD.value):
                part[kind] = proof.strip() or None
            elif kind and not content:
                wrong["picture"] = translate("web.slip.no_picture", language)
            unit = views.unit_of_slip(desk, slip_id)
        if not wrong and kind in PICTURED_KINDS:
            with friendly(AT_COUNTER), open_desk(request, Permission.FILE_KEEP, language) as desk:
                part["file"] = put_file(new_id(), content, unit, desk).id
        body, more = (None, wrong) if wrong else fill(AcknowledgementIn, part, language)
        if body is None:
            return _slip(request, language, slip_id, typed=typed, wrong={**more, **wrong})
        with friendly(AT_COUNTER), open_desk(request, Permission.ACKNOWLEDGEMENT_RECORD, language) as desk:
            put_acknowledgement(act_id, body, desk)
    except DomainError as error:
        otherwise = "picture" if error.code.startswith("file.") else "kind"
        return _slip(request, language, slip_id, typed=typed, wrong=placed(error, PLACES, language, otherwise))
    return lead_to(f"/perceptions/{slip_id}?done=signed", language)
