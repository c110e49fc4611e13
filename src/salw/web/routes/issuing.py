"""`/perceptions/nouvelle` and `/reintegrations/nouvelle`: what leaves the store and what comes back, at the desk.

Two pages each: what is typed or read by a wedge, then what will be recorded, in a sentence. What the second one shows
is what is recorded: it brings the versions along.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from pydantic import Field

from salw.access.rules import Permission
from salw.core.errors import DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.custody.declarations.schemas import declared_of
from salw.custody.routes import issues
from salw.custody.schemas import IssueIn, ReturnIn
from salw.registry.condition.rules import Condition
from salw.web.counter import (
    AT_COUNTER,
    Codes,
    DeclaredTyped,
    declared_kinds,
    in_store,
    is_out,
    placed,
    read_codes,
    read_declared,
    read_due,
    versions_of,
    versions_text,
    with_conditions,
    with_reasons,
)
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import fill, told
from salw.web.late import LATE_PLACES, OnPaper, book_of, order_choices, order_named, read_late
from salw.web.views import issuing as views

router = APIRouter(include_in_schema=False)

ISSUE_PLACES = {
    "issue.due_before_issue": "due_day",
    "draw.no_contract": "override",
    "draw.contract_ended": "override",
    "draw.no_authorisation": "override",
    "draw.authorisation_ended": "override",
    "draw.not_covered": "override",
    "draw.suspended": "to",
    "person.not_found": "to",
    "duty.giver_receiver": "to",
    "holder.nobody_answers": "holder",
    "store.not_found": "store",
    "pin.wrong": "proof",
    "card.not_his": "proof",
    "session.too_many_attempts": "proof",
    "acknowledgement.parts": "proof",
    "acknowledgement.kind_not_valid": "acknowledged",
    "acknowledgement.witness_is_party": "proof",
}


class IssueTyped(DeclaredTyped, OnPaper):
    """A perception as it is typed."""

    id: UUID
    store: str = ""
    to: str = ""
    holder: str = ""
    due_day: str = ""
    due_hour: str = ""
    override: str = ""
    acknowledged: str = ""
    proof: str = ""


class ReturnTyped(DeclaredTyped, OnPaper):
    """A réintégration as it is typed; `condition` holds `weapon:condition` where one is stated."""

    id: UUID
    store: str = ""
    condition: list[str] = Field(default_factory=list)


@router.get("/perceptions/nouvelle")
def get_issue_form(
    request: Request,
    language: Asked,
    on_paper: Annotated[OnPaper, Query()],
    to: Annotated[str, Query(max_length=100)] = "",
    holder: str = "",
    store: str = "",
    codes: Codes = "",
) -> Response:
    """Ask who receives which weapons until when; what the address says is there already, of an act on paper too."""
    typed = {"id": str(new_id()), "to": to, "holder": holder, "store": store, "codes": codes}
    return _issue_form(request, language, {**typed, **on_paper.model_dump()})


def _issue_form(
    request: Request, language: Language, typed: dict[str, Any], wrong: dict[str, str] | None = None
) -> Response:
    with open_desk(request, Permission.ISSUE_RECORD, language) as desk:
        stores = views.stores(desk)
        book = book_of(desk, typed.get("book", ""))
        context = {
            "stores": stores,
            "posts": views.post_choices(desk),
            "today": desk.actor.today,
            "typed": _shown(typed, stores, book),
            "kinds": declared_kinds(language),
            "book": book,
            "orders": order_choices(desk, typed.get("order", "")),
        }
    return show(request, language, "issue_new.html", context, errors=wrong)


def _shown(typed: dict[str, Any], stores: list[tuple[str, str]], book: dict[str, Any] | None) -> dict[str, Any]:
    """Return what was typed; the store is the booklet's, and where there is one store it is that one."""
    if book is not None:
        return {**typed, "store": str(book["store"])}
    if not typed.get("store") and len(stores) == 1:
        return {**typed, "store": stores[0][0]}
    return typed


@router.post("/perceptions/nouvelle")
def post_issue(request: Request, language: Asked, typed: Annotated[IssueTyped, Form()]) -> Response:
    """Read what was typed and show what will be recorded; or record what was shown."""
    if typed.act == "edit":
        return _issue_form(request, language, typed.but())
    if typed.act != "issue":
        return _check_issue(request, language, typed)
    return _issue(request, language, typed)


def _check_issue(
    request: Request, language: Language, typed: IssueTyped, more: dict[str, str] | None = None
) -> Response:
    with open_desk(request, Permission.ISSUE_RECORD, language) as desk:
        due, wrong = read_due(typed.due_day, typed.due_hour, desk.actor.time_zone, desk.actor.today, language)
        store = _store(typed.store, language, wrong)
        late, wrong_late = read_late(desk, typed, store, typed.id)
        wrong |= wrong_late
        if due is not None and due <= late.get("occurred_at", desk.now):
            wrong["due_day"] = translate("issue.due_before_issue", language)
        who, wrong_who = views.receiver(desk, typed.to, typed.holder)
        weapons: list[Any] = []
        if store is not None:
            weapons, wrong_codes = read_codes(desk, typed.codes, in_store(store), store)
            wrong |= {"codes": wrong_codes} if wrong_codes else {}
        wrong |= wrong_who | read_declared(typed.but(), language, back=False)[1]
        stores = views.stores(desk)
        context = {
            "typed": typed.but(weapons=versions_text(weapons)),
            "who": who,
            "before": views.before_issue(desk, who, weapons) if who and not wrong else None,
            "weapons": weapons,
            "due": due,
            "zone": desk.actor.time_zone,
            "store_name": dict(stores).get(typed.store, ""),
            "ways": views.kinds_at_once(desk, store) if store and not wrong else [],
            "kinds": dict(declared_kinds(language)),
            "late": late,
            "book": book_of(desk, typed.book),
            "orders": dict(order_choices(desk, typed.order)) if typed.order else {},
        }
    if wrong:
        return _issue_form(request, language, typed.but(), wrong)
    return show(request, language, "issue_check.html", context, errors=more)


def _store(text: str, language: Language, wrong: dict[str, str]) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        wrong["store"] = translate("web.desk.choose_store", language)
        return None


def _issue(request: Request, language: Language, typed: IssueTyped) -> Response:
    with open_desk(request, Permission.ISSUE_RECORD, language) as desk:
        due, wrong = read_due(typed.due_day, typed.due_hour, desk.actor.time_zone, desk.actor.today, language)
        who, more = views.receiver(desk, typed.to, typed.holder)
        late, wrong_late = read_late(desk, typed, None, typed.id)
        wrong |= more | wrong_late
        part = None
        if typed.acknowledged and who is not None:
            part = {"person": who["answers"], "kind": typed.acknowledged}
            if typed.acknowledged == "witness":
                witness, wrong_witness = views.find_one(desk, typed.proof)
                wrong |= {"proof": wrong_witness} if wrong_witness else {}
                part["witness"] = witness["id"] if witness else None
            else:
                part[typed.acknowledged] = typed.proof.strip() or None
    declared, wrong_declared = read_declared(typed.but(), language, back=False)
    if wrong or wrong_declared or who is None:
        return _check_issue(request, language, typed, {k: v for k, v in wrong.items() if k == "proof"})
    values = {
        "store": typed.store,
        "to": {"person": who["person"], "holder": who["holder"]},
        "weapons": versions_of(typed.weapons),
        "due_back_at": due,
        "override": typed.override.strip() or None,
        "declared": declared,
        "acknowledgement": part,
        "order": order_named(typed.order),
        **late,
    }
    body, wrong = fill(IssueIn, values, language)
    if body is None:
        return _again(request, language, typed, _at_fields(wrong))
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.ISSUE_RECORD, language) as desk:
            issues.put_issue(typed.id, body, desk)
    except DomainError as error:
        places = {**ISSUE_PLACES, **LATE_PLACES}
        return _again(request, language, typed, placed(error, places, language, "codes"))
    return lead_to(f"/perceptions/{typed.id}?done=issued", language)


def _at_fields(wrong: dict[str, str]) -> dict[str, str]:
    """Return what the interface says of a body, at the fields of the form."""
    places = {"declared": "quantity_0", "acknowledgement": "proof", "weapons": "codes", "paper": "line"}
    return {places.get(name, name): text for name, text in wrong.items()}


def _again(request: Request, language: Language, typed: IssueTyped, wrong: dict[str, str]) -> Response:
    """Show the page again on which the field that is wrong stands."""
    on_check = {"override", "proof", "acknowledged"}
    if set(wrong) <= on_check:
        return _check_issue(request, language, typed, wrong)
    return _issue_form(request, language, typed.but(), wrong)


@router.get("/reintegrations/nouvelle")
def get_return_form(
    request: Request, language: Asked, on_paper: Annotated[OnPaper, Query()], codes: Codes = ""
) -> Response:
    """Ask which weapons come back, and what comes with them; of an act on paper, where it stands and when it was."""
    return _return_form(request, language, {"id": str(new_id()), "codes": codes, **on_paper.model_dump()})


def _return_form(
    request: Request, language: Language, typed: dict[str, Any], wrong: dict[str, str] | None = None
) -> Response:
    with open_desk(request, Permission.RETURN_RECORD, language) as desk:
        stores = views.stores(desk)
        book = book_of(desk, typed.get("book", ""))
        context = {
            "stores": stores,
            "typed": _shown(typed, stores, book),
            "kinds": declared_kinds(language),
            "book": book,
            "orders": order_choices(desk, typed.get("order", "")),
        }
    return show(request, language, "return_new.html", context, errors=wrong)


@router.post("/reintegrations/nouvelle")
def post_return(request: Request, language: Asked, typed: Annotated[ReturnTyped, Form()]) -> Response:
    """Read what was typed and show what will be recorded; or record what was shown."""
    if typed.act == "edit":
        return _return_form(request, language, typed.but())
    if typed.act != "return":
        return _check_return(request, language, typed)
    declared, wrong = read_declared(typed.but(), language, back=True)
    with open_desk(request, Permission.RETURN_RECORD, language) as desk:
        late, wrong_late = read_late(desk, typed, None, typed.id)
    values = {
        "store": typed.store,
        "weapons": with_conditions(versions_of(typed.weapons), typed.condition),
        "declared": declared,
        "order": order_named(typed.order),
        **late,
    }
    body, unfit = fill(ReturnIn, values, language)
    wrong |= wrong_late | _at_fields(unfit)
    if body is None or wrong:
        return _return_form(request, language, typed.but(), wrong)
    try:
        with friendly(AT_COUNTER), open_desk(request, Permission.RETURN_RECORD, language) as desk:
            issues.put_return(typed.id, body, desk)
    except DomainError as error:
        if error.code in ("declared.unexplained", "declared.nothing"):
            return _check_return(request, language, typed, told(error, language))
        wrong = placed(error, {"store.not_found": "store", **LATE_PLACES}, language, "codes")
        return _return_form(request, language, typed.but(), wrong)
    return lead_to(f"/perceptions/{typed.id}?done=returned", language)


def _check_return(request: Request, language: Language, typed: ReturnTyped, asked: str | None = None) -> Response:
    """Show what comes back against what went out; what lacks is asked for its reason, `asked` where it was refused."""
    with open_desk(request, Permission.RETURN_RECORD, language) as desk:
        wrong: dict[str, str] = {}
        store = _store(typed.store, language, wrong)
        weapons, wrong_codes = read_codes(desk, typed.codes, is_out, store)
        late, wrong_late = read_late(desk, typed, store, typed.id)
        declared, wrong_declared = read_declared(typed.but(), language, back=True)
        wrong |= ({"codes": wrong_codes} if wrong_codes else {}) | wrong_late | wrong_declared
        compared, lacking = ([], []) if wrong else views.account(desk, weapons, declared_of(declared))
        shown, reasons = with_reasons(typed.but(weapons=versions_text(weapons)), lacking)
        context = {
            "typed": shown,
            "reasons": reasons,
            "compared": compared,
            "weapons": weapons,
            "store_name": dict(views.stores(desk)).get(typed.store, ""),
            "kinds": dict(declared_kinds(language)),
            "conditions": [(one.value, translate(f"condition.{one.value}", language)) for one in Condition],
            "late": late,
            "zone": desk.actor.time_zone,
            "book": book_of(desk, typed.book),
            "orders": dict(order_choices(desk, typed.order)) if typed.order else {},
        }
    if wrong or store is None:
        return _return_form(request, language, typed.but(), wrong)
    unsaid = [f"reason_{row}" for row, _ in reasons if not shown[f"reason_{row}"].strip()]
    if asked and not unsaid:
        return _return_form(request, language, typed.but(), {"quantity_0": asked})
    errors = dict.fromkeys(unsaid, translate("web.return.say_why", language)) if asked else None
    return show(request, language, "return_check.html", context, errors=errors)
