"""`/aujourdhui/ordres/nouveau`: the commander's order on paper recorded by who acts on it, with its photo."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.routes.transfers import post_paper_approval
from salw.custody.schemas import PaperApprovalIn
from salw.documents.files.routes import put_file
from salw.documents.orders.routes import put_order
from salw.documents.orders.rules import CONSTRAINTS, OLDEST
from salw.documents.orders.schemas import PaperOrderIn
from salw.web.counter import AT_COUNTER, PICTURED, placed
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill, parse_day
from salw.web.views import orders as views

router = APIRouter(include_in_schema=False)

PLACES = {
    "unit.not_found": "unit",
    "person.not_found": "signatory",
    "order.own": "signatory",
    "order.signatory_gives_none": "signatory",
    "document.in_the_future": "dated_on",
    "order.too_old": "dated_on",
}


class OrderTyped(BaseModel):
    """An order on paper as it is typed; `file` is its photo once it is kept, `approval` the id of what it approves."""

    id: UUID
    approval: UUID
    unit: str = ""
    number: str = ""
    dated_on: str = ""
    signatory: str = ""
    transfer: str = ""
    file: str = ""


@router.get("/aujourdhui/ordres/nouveau")
def get_order_form(request: Request, language: Asked, transfer: str = "") -> Response:
    """Ask what stands on the paper, and what it covers."""
    return _form(request, language, OrderTyped(id=new_id(), approval=new_id(), transfer=transfer))


def _form(request: Request, language: Language, typed: OrderTyped, wrong: dict[str, str] | None = None) -> Response:
    with open_desk(request, Permission.ORDER_RECORD, language) as desk:
        context = views.form(desk)
    return show(request, language, "order_new.html", {**context, "typed": typed.model_dump(mode="json")}, errors=wrong)


@router.post("/aujourdhui/ordres/nouveau", openapi_extra=PICTURED)
def post_order(
    request: Request,
    language: Asked,
    typed: Annotated[OrderTyped, Form()],
    picture: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep the photo, record the order, and the approval that it gives where a mutation was chosen.

    Each is recorded once whatever comes between: a form sent again goes on where the first one stopped.
    """
    try:
        _keep_picture(request, language, typed, picture.file.read() if picture is not None else b"")
        body, wrong = _read(request, language, typed)
        if body is None:
            return _form(request, language, typed, wrong)
        with friendly({**AT_COUNTER, **CONSTRAINTS}), open_desk(request, Permission.ORDER_RECORD, language) as desk:
            put_order(typed.id, body, desk)
    except DomainError as error:
        otherwise = "picture" if error.code.startswith("file.") else "number"
        return _form(request, language, typed, placed(error, PLACES, language, otherwise))
    if typed.transfer:
        try:
            with friendly(AT_COUNTER), open_desk(request, Permission.TRANSFER_DISPATCH, language) as desk:
                approval = PaperApprovalIn(id=typed.approval, order=typed.id)
                post_paper_approval(UUID(typed.transfer), approval, desk)
        except DomainError as error:
            return _form(request, language, typed, placed(error, {}, language, "transfer"))
    return lead_to("/aujourdhui/ordres?done=recorded", language)


def _keep_picture(request: Request, language: Language, typed: OrderTyped, content: bytes) -> None:
    """Keep the photo before anything else, so that it is not chosen again where another field is wrong."""
    unit = views.uuid_or_none(typed.unit)
    if content and unit is not None:
        with friendly(AT_COUNTER), open_desk(request, Permission.FILE_KEEP, language) as desk:
            typed.file = str(put_file(new_id(), content, unit, desk).id)


def _read(request: Request, language: Language, typed: OrderTyped) -> tuple[PaperOrderIn | None, dict[str, str]]:
    day = typed.dated_on.strip()
    with open_desk(request, Permission.ORDER_RECORD, language) as desk:
        today, dated = desk.actor.today, parse_day(day)
        # Of a day that no order can bear, who commanded then is not the question: the day is refused.
        on = dated if dated is None or today - OLDEST <= dated <= today else today
        signatory, wrong_signatory = views.find_signatory(desk, typed.signatory, typed.unit, on)
        covered = dict(views.form(desk)["transfers"])
    values: dict[str, Any] = {
        "unit": typed.unit or None,
        "number": typed.number.strip() or None,
        "dated_on": (parse_day(day) or day) if day else None,
        "signatory": signatory,
        "file": typed.file or None,
    }
    body, wrong = fill(PaperOrderIn, values, language)
    if wrong_signatory:
        wrong["signatory"] = wrong_signatory
    if wrong.pop("file", None) or not typed.file:
        wrong["picture"] = translate("web.slip.no_picture", language)
    if typed.transfer and typed.transfer not in covered:
        wrong["transfer"] = translate("web.orders.not_awaiting", language)
    return (None if wrong else body), wrong
