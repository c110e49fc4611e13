"""`/mutations`: ordered, approved, sent and received at the desk, each by whom it is for."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from salw.access.rules import Permission
from salw.core.errors import DomainError, NotFound
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.routes import transfers as steps
from salw.custody.schemas import StepIn
from salw.custody.transfer_queries import Which
from salw.custody.transfer_schemas import DispatchIn, ReceiptIn, TransferIn
from salw.scanning.lines import split_lines
from salw.web.counter import AT_COUNTER, Codes, Typed, in_store, placed, read_codes, versions_of, versions_text
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill, parse_day
from salw.web.late import order_choices, order_named
from salw.web.views import transfers as views

router = APIRouter(include_in_schema=False)

DONE = ("ordered", "approval", "expedition", "reception", "cancellation")
ORDER_PLACES = {
    "store.not_found": "to_store",
    "transfer.same_store": "to_store",
    "document.in_the_future": "dated_on",
    "transfer.due_in_past": "due_on",
}
PLAIN_STEPS = {
    "approval": (Permission.TRANSFER_APPROVE, steps.post_approval),
    "cancellation": (Permission.TRANSFER_CANCEL, steps.post_cancellation),
}
NOT_ARRIVED = {"transfer.not_short": "why_rest", "transfer.shortfall_twice": "why_rest"}
ON_ORDER = {"order.not_found": "order", "order.contested": "order", **NOT_ARRIVED}
SCANNED_STEPS = {"expedition": Permission.TRANSFER_DISPATCH, "reception": Permission.TRANSFER_RECEIVE}


class OrderTyped(Typed):
    """An order of mutation as it is typed."""

    id: UUID
    from_store: str = ""
    to_store: str = ""
    due_on: str = ""
    reference: str = ""
    dated_on: str = ""


class StepTyped(Typed):
    """A step that reads weapons, as it is typed."""

    id: UUID
    complete: str = ""
    order: str = ""
    why: tuple[str, ...] = ()
    why_rest: str = ""
    why_text: str = ""


@router.get("/mutations")
def get_transfers(
    request: Request,
    language: Asked,
    which: str = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List the mutations of which either side is in scope."""
    chosen = Which(which) if which in set(Which) else None
    with open_desk(request, Permission.TRANSFER_READ, language) as desk:
        context = views.transfers(desk, chosen, cursor)
    context |= {"which": chosen.value if chosen else "", "choices": [one.value for one in Which]}
    return show(request, language, "transfers.html", context)


@router.get("/mutations/nouvelle")
def get_order_form(request: Request, language: Asked, from_store: str = "", codes: Codes = "") -> Response:
    """Ask which weapons go from where to where, and by when."""
    return _order_form(request, language, OrderTyped(id=new_id(), from_store=from_store, codes=codes).but())


def _order_form(
    request: Request, language: Language, typed: dict[str, Any], wrong: dict[str, str] | None = None
) -> Response:
    with open_desk(request, Permission.TRANSFER_ORDER, language) as desk:
        context = views.order_form(desk)
    return show(request, language, "transfer_new.html", {**context, "typed": typed}, errors=wrong)


@router.post("/mutations/nouvelle")
def post_order(request: Request, language: Asked, typed: Annotated[OrderTyped, Form()]) -> Response:
    """Show what will be ordered, or order what was shown."""
    if typed.act == "edit":
        return _order_form(request, language, typed.but())
    with open_desk(request, Permission.TRANSFER_ORDER, language) as desk:
        stores = dict(views.order_form(desk)["stores"])
        wrong = {
            name: translate("web.desk.choose_store", language)
            for name in ("from_store", "to_store")
            if getattr(typed, name) not in stores
        }
        due = parse_day(typed.due_on.strip())
        if due is None:
            wrong["due_on"] = translate("web.day_missing", language)
        elif due < desk.actor.today:
            wrong["due_on"] = translate("transfer.due_in_past", language, due_on=due)
        dated = parse_day(typed.dated_on.strip()) if typed.dated_on.strip() else None
        if typed.dated_on.strip() and dated is None:
            wrong["dated_on"] = translate("web.day_unreadable", language, typed=typed.dated_on.strip()[:40])
        elif dated is not None and dated > desk.actor.today:
            wrong["dated_on"] = translate("document.in_the_future", language, dated_on=dated)
        if not wrong and typed.from_store == typed.to_store:
            wrong["to_store"] = translate("transfer.same_store", language)
        weapons: list[Any] = []
        if typed.act != "order" and "from_store" not in wrong:
            weapons, wrong_codes = read_codes(
                desk, typed.codes, in_store(UUID(typed.from_store)), UUID(typed.from_store)
            )
            wrong |= {"codes": wrong_codes} if wrong_codes else {}
    if wrong:
        return _order_form(request, language, typed.but(), wrong)
    if typed.act != "order":
        names = {"from_name": stores[typed.from_store], "to_name": stores[typed.to_store], "due": due}
        context = {"typed": typed.but(weapons=versions_text(weapons)), "weapons": weapons, **names}
        return show(request, language, "transfer_check.html", context)
    values = {
        "from_store": typed.from_store,
        "to_store": typed.to_store,
        "due_on": due,
        "weapons": versions_of(typed.weapons),
        "order": {"reference": typed.reference.strip() or None, "dated_on": dated},
    }
    body, wrong = fill(TransferIn, values, language)
    if body is None:
        return _order_form(request, language, typed.but(), wrong)
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.TRANSFER_ORDER, language) as desk:
            steps.put_transfer(typed.id, body, desk)
    except DomainError as error:
        return _order_form(request, language, typed.but(), placed(error, ORDER_PLACES, language, "codes"))
    return lead_to(f"/mutations/{typed.id}?done=ordered", language)


@router.get("/mutations/{transfer_id}")
def get_transfer(request: Request, language: Asked, transfer_id: UUID, done: str = "") -> Response:
    """Show a mutation with both sides, its lines and the next step."""
    return _transfer(request, language, transfer_id, done=done if done in DONE else "")


def _transfer(
    request: Request, language: Language, transfer_id: UUID, *, done: str = "", wrong: dict[str, str] | None = None
) -> Response:
    with open_desk(request, Permission.TRANSFER_READ, language) as desk:
        context = views.transfer(desk, transfer_id)
    return show(request, language, "transfer.html", {**context, "done": done, "act_id": str(new_id())}, errors=wrong)


@router.post("/mutations/{transfer_id}/etape/{step}")
def post_step(
    request: Request, language: Asked, transfer_id: UUID, step: str, act_id: Annotated[UUID, Form(alias="id")]
) -> Response:
    """Approve or cancel an order."""
    if step not in PLAIN_STEPS:
        raise NotFound("request.no_such_address")
    permission, take = PLAIN_STEPS[step]
    try:
        with friendly(AT_COUNTER), open_desk(request, permission, language) as desk:
            take(transfer_id, StepIn(id=act_id), desk)
    except DomainError as error:
        return _transfer(request, language, transfer_id, wrong=placed(error, {}, language, "steps"))
    return lead_to(f"/mutations/{transfer_id}?done={step}", language)


@router.get("/mutations/{transfer_id}/{step}")
def get_scanned_step(request: Request, language: Asked, transfer_id: UUID, step: str) -> Response:
    """Ask which weapons are sent out, or are there."""
    return _scan(request, language, transfer_id, step, StepTyped(id=new_id()).but())


def _scan(
    request: Request,
    language: Language,
    transfer_id: UUID,
    step: str,
    typed: dict[str, Any],
    wrong: dict[str, str] | None = None,
    weapons: list[Any] | None = None,
) -> Response:
    if step not in SCANNED_STEPS:
        raise NotFound("request.no_such_address")
    with open_desk(request, Permission.TRANSFER_READ, language) as desk:
        context = views.transfer(desk, transfer_id)
        orders = order_choices(desk, typed["order"]) if step == "expedition" else []
    waits = [line for line in context["lines"] if line["status"] == views.AWAITS[step]]
    read = {weapon["id"] for weapon in weapons or ()}
    context |= {
        "step": step,
        "typed": typed,
        "waits": waits,
        "weapons": weapons,
        "orders": orders,
        "left": [line for line in waits if line["weapon"] not in read],
    }
    return show(request, language, "transfer_step.html", context, errors=wrong)


@router.post("/mutations/{transfer_id}/{step}")
def post_scanned_step(
    request: Request, language: Asked, transfer_id: UUID, step: str, typed: Annotated[StepTyped, Form()]
) -> Response:
    """Show what will be recorded of the weapons read, or record what was shown."""
    if step not in SCANNED_STEPS:
        raise NotFound("request.no_such_address")
    permission = SCANNED_STEPS[step]
    if typed.act == "edit":
        return _scan(request, language, transfer_id, step, typed.but())
    reasons = views.read_reasons(typed.why, typed.why_rest, typed.why_text)
    unexplained: dict[str, str] = {}
    if typed.act == "do" and step == "reception":
        with open_desk(request, permission, language) as desk:
            left = views.on_list(desk, transfer_id, views.AWAITS[step]) - {
                UUID(one["weapon"]) for one in versions_of(typed.weapons)
            }
        unexplained = views.unexplained(left, reasons, complete=typed.complete == "yes", language=language)
    if typed.act != "do" or unexplained:
        with open_desk(request, permission, language) as desk:
            none_came = step == "reception" and not split_lines(typed.codes)
            listed = views.on_list(desk, transfer_id, views.AWAITS[step])
            weapons, wrong = read_codes(
                desk,
                typed.codes,
                lambda w: None if w["id"] in listed else "web.transfer.not_on_list",
                transfer_id if step == "reception" else None,
            )
        if wrong and not none_came:  # that nothing arrived is asked, and said expressly on the page after
            return _scan(request, language, transfer_id, step, typed.but(), {"codes": wrong})
        shown = typed.but(weapons=versions_text(weapons))
        return _scan(request, language, transfer_id, step, shown, unexplained, weapons=weapons)
    sent = {"id": typed.id, "weapons": versions_of(typed.weapons)}
    leaves: DispatchIn | None = None
    arrives: ReceiptIn | None = None
    if step == "expedition":
        leaves, unfit = fill(DispatchIn, {**sent, "order": order_named(typed.order)}, language)
    else:
        arrives, unfit = fill(ReceiptIn, {**sent, "complete": typed.complete == "yes", "shortfalls": reasons}, language)
    if unfit:
        return _scan(request, language, transfer_id, step, typed.but(), {"codes": " ".join(unfit.values())})
    try:
        with friendly(AT_COUNTER), open_desk(request, permission, language) as desk:
            if leaves is not None:
                steps.post_dispatch(transfer_id, leaves, desk)
            elif arrives is not None:
                steps.post_receipt(transfer_id, arrives, desk)
    except DomainError as error:
        return _scan(request, language, transfer_id, step, typed.but(), placed(error, ON_ORDER, language, "codes"))
    return lead_to(f"/mutations/{transfer_id}?done={step}", language)
