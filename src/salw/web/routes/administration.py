"""`/administration`: people, accounts and functions in an administrator's units."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from salw.access import queries
from salw.access.guard import Desk
from salw.access.names import full_name
from salw.access.person_rules import Sex
from salw.access.routes import accounts, organisation
from salw.access.rules import CONSTRAINTS, Permission, Role
from salw.access.schemas import AccountActIn, AccountIn, FirstPasswordOut, PersonIn, PostingEndIn, PostingIn
from salw.core.errors import DomainError, NotFound
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import at_field, day_after, fill, typed_fields
from salw.web.views import administration as views

router = APIRouter(include_in_schema=False)

MATRICULE_MAX = 50
ACTS = {
    "disabling": accounts.post_disabling,
    "enabling": accounts.post_enabling,
    "password-reset": accounts.post_password_reset,
    "factor-reset": accounts.post_factor_reset,
}
PERSON_PLACES = {"person.matricule_taken": "matricule", "force.not_found": "force", "unit.not_found": "unit"}
POSTING_PLACES = {"posting.ends_before_start": "last_day", "posting.ends_in_the_past": "last_day"}


@router.get("/administration")
def get_accounts(
    request: Request, language: Asked, matricule: str = "", after: UUID | None = None, done: str | None = None
) -> Response:
    """List the accounts in scope, or find somebody by matricule."""
    matricule = matricule.strip()[:MATRICULE_MAX]
    with open_desk(request, Permission.ACCOUNT_READ, language) as desk:
        context = views.accounts(desk, matricule, after)
        context["zone"] = desk.actor.time_zone
    return show(request, language, "accounts.html", {**context, "matricule": matricule, "done": done})


@router.get("/administration/people/new")
def get_person_form(request: Request, language: Asked) -> Response:
    """Ask who somebody is."""
    return _person_form(request, language, {"id": str(new_id())})


@router.post("/administration/people/new")
def post_person(
    request: Request,
    language: Asked,
    person_id: Annotated[UUID, Form(alias="id")],
    unit: Annotated[str, Form()] = "",
    force: Annotated[str, Form()] = "",
    matricule: Annotated[str, Form()] = "",
    rank: Annotated[str, Form()] = "",
    family_name: Annotated[str, Form()] = "",
    given_names: Annotated[str, Form()] = "",
    sex: Annotated[str, Form()] = "",
) -> Response:
    """Enter somebody at a unit in scope."""
    typed = {
        "unit": unit,
        "force": force,
        "matricule": matricule,
        "rank": rank,
        "family_name": family_name,
        "given_names": given_names,
        "sex": sex,
    }
    again = {**typed, "id": str(person_id)}
    body, wrong = fill(PersonIn, typed_fields(typed), language)
    if body is None:
        return _person_form(request, language, again, wrong, 422)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.PERSON_RECORD, language) as desk:
            organisation.put_person(person_id, body, desk)
    except DomainError as error:
        return _person_form(request, language, again, at_field(error, PERSON_PLACES, language), error.status)
    return lead_to(f"/administration/people/{person_id}?done=person", language)


@router.get("/administration/people/{person_id}")
def get_person(request: Request, language: Asked, person_id: UUID, done: str | None = None) -> Response:
    """Show a person with accounts and functions."""
    with open_desk(request, Permission.ACCOUNT_READ, language) as desk:
        context = views.person(desk, person_id)
    return show(
        request, language, "person.html", {**context, "done": done, "name": full_name(context["person"], language)}
    )


@router.get("/administration/people/{person_id}/account")
def get_account_form(request: Request, language: Asked, person_id: UUID) -> Response:
    """Ask for the name that somebody logs in with."""
    return _account_form(request, language, person_id)


@router.post("/administration/people/{person_id}/account")
def post_account(
    request: Request,
    language: Asked,
    person_id: UUID,
    account_id: Annotated[UUID, Form(alias="id")],
    login: Annotated[str, Form()] = "",
) -> Response:
    """Give somebody an account and show its first password once, on a slip to be handed over."""
    body, _ = fill(AccountIn, {"person": person_id, "login": login.strip()}, language)
    if body is None:
        return _account_form(request, language, person_id, login, {"login": translate("web.login_form", language)}, 422)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.ACCOUNT_MANAGE, language) as desk:
            made = accounts.put_account(account_id, body, desk)
            return _slip(request, language, desk, made)
    except DomainError as error:
        wrong = at_field(error, {"account.login_taken": "login"}, language)
        return _account_form(request, language, person_id, login, wrong, error.status)


@router.get("/administration/accounts/{account_id}/{act}")
def get_account_act(request: Request, language: Asked, account_id: UUID, act: str) -> Response:
    """Say what is about to be done to an account."""
    _check_act(act)
    with open_desk(request, Permission.ACCOUNT_MANAGE, language) as desk:
        account = queries.get_account(desk.db, desk.actor, account_id)
    word = act.replace("-", "_")
    return show(
        request,
        language,
        "act.html",
        {
            "title": f"web.account.{word}",
            "sentence": translate(
                f"web.account.{word}_says", language, account=account["account"], name=full_name(account, language)
            ),
            "button": f"web.account.{word}_do",
            "back": f"/administration/people/{account['person']}",
            "hidden": [("id", new_id())],
        },
    )


@router.post("/administration/accounts/{account_id}/{act}")
def post_account_act(
    request: Request, language: Asked, account_id: UUID, act: str, act_id: Annotated[UUID, Form(alias="id")]
) -> Response:
    """Close or open an account, or give it a new first password or none of its factors."""
    _check_act(act)
    with open_desk(request, Permission.ACCOUNT_MANAGE, language) as desk:
        done = ACTS[act](account_id, AccountActIn(id=act_id), desk)
        if isinstance(done, FirstPasswordOut):
            return _slip(request, language, desk, done)
        person = queries.get_account(desk.db, desk.actor, account_id)["person"]
    return lead_to(f"/administration/people/{person}?done={act.replace('-', '_')}", language)


@router.get("/administration/people/{person_id}/postings")
def get_posting_form(request: Request, language: Asked, person_id: UUID) -> Response:
    """Ask for a function, where and from when on."""
    return _posting_form(request, language, person_id, {"id": str(new_id())})


@router.post("/administration/people/{person_id}/postings")
def post_posting(
    request: Request,
    language: Asked,
    person_id: UUID,
    posting_id: Annotated[UUID, Form(alias="id")],
    role: Annotated[str, Form()] = "",
    unit: Annotated[str, Form()] = "",
    started_on: Annotated[str, Form()] = "",
    last_day: Annotated[str, Form()] = "",
) -> Response:
    """Give somebody a function; never oneself."""
    typed = {"id": str(posting_id), "role": role, "unit": unit, "started_on": started_on, "last_day": last_day}
    first, after_last, wrong = _days(started_on, last_day, language)
    if first is None and "started_on" not in wrong:
        wrong["started_on"] = translate("web.day_missing", language)
    values = {"person": person_id, "role": role or None, "unit": unit or None}
    body, more = fill(PostingIn, {**values, "started_on": first, "ended_on": after_last}, language)
    wrong = {**more, **wrong}
    if body is None or wrong:
        return _posting_form(request, language, person_id, typed, wrong, 422)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.POSTING_MANAGE, language) as desk:
            accounts.put_posting(posting_id, body, desk)
    except DomainError as error:
        wrong = at_field(error, POSTING_PLACES, language)
        return _posting_form(request, language, person_id, typed, wrong, error.status)
    return lead_to(f"/administration/people/{person_id}?done=posting", language)


@router.get("/administration/postings/{posting_id}/end")
def get_posting_end(request: Request, language: Asked, posting_id: UUID) -> Response:
    """Say which function is about to end, and ask when."""
    return _posting_end_form(request, language, posting_id)


@router.post("/administration/postings/{posting_id}/end")
def post_posting_end(
    request: Request,
    language: Asked,
    posting_id: UUID,
    act_id: Annotated[UUID, Form(alias="id")],
    last_day: Annotated[str, Form()] = "",
) -> Response:
    """End a function after its last day; at once where none is given."""
    _, after_last, wrong = _days("", last_day, language)
    if wrong:
        return _posting_end_form(request, language, posting_id, last_day, wrong, 422)
    try:
        with open_desk(request, Permission.POSTING_MANAGE, language) as desk:
            ended = accounts.post_posting_end(posting_id, PostingEndIn(id=act_id, ended_on=after_last), desk)
    except DomainError as error:
        wrong = at_field(error, {**POSTING_PLACES, "posting.already_ended": "last_day"}, language)
        return _posting_end_form(request, language, posting_id, last_day, wrong, error.status)
    return lead_to(f"/administration/people/{ended.person}?done=posting_end", language)


def _check_act(act: str) -> None:
    if act not in ACTS:
        raise NotFound("request.no_such_address")


def _days(first: str, last: str, language: Language) -> tuple[Any, Any, dict[str, str]]:
    """Return the first day, the day after the last one, and what is wrong with either; empty is none."""
    (begun, wrong_first), (ended, wrong_last) = day_after(first, 0, language), day_after(last, 1, language)
    wrong = {"started_on": wrong_first, "last_day": wrong_last}
    return begun, ended, {name: text for name, text in wrong.items() if text}


def _slip(request: Request, language: Language, desk: Desk, made: FirstPasswordOut) -> Response:
    account = queries.get_account(desk.db, desk.actor, made.id)
    context = {
        "account": account,
        "name": full_name(account, language),
        "password": made.password,
        "address": request.app.state.party.origin,
        "today": desk.actor.today,
    }
    return show(request, language, "slip.html", context)


def _person_form(
    request: Request,
    language: Language,
    typed: Mapping[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.PERSON_RECORD, language) as desk:
        units = [(row["id"], row["name"]) for row in queries.list_units(desk.db, desk.actor)]
        forces = [(row["code"], row[f"name_{language}"]) for row in queries.list_forces(desk.db, desk.actor)]
    sexes = [(sex.value, translate(f"web.sex.{sex.value}", language)) for sex in Sex]
    empty = dict.fromkeys(("unit", "force", "matricule", "rank", "family_name", "given_names", "sex"), "")
    context = {"typed": {**empty, **typed}, "units": units, "forces": forces, "sexes": sexes}
    return show(request, language, "person_new.html", context, errors=errors, status=status)


def _account_form(
    request: Request,
    language: Language,
    person_id: UUID,
    login: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.ACCOUNT_MANAGE, language) as desk:
        person = queries.get_listed_person(desk.db, desk.actor, person_id)
        country = desk.actor.country.lower()
    context = {
        "person": person,
        "name": full_name(person, language),
        "login": login,
        "id": new_id(),
        "country": country,
    }
    return show(request, language, "account_new.html", context, errors=errors, status=status)


def _posting_form(
    request: Request,
    language: Language,
    person_id: UUID,
    typed: Mapping[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.POSTING_MANAGE, language) as desk:
        person = queries.get_listed_person(desk.db, desk.actor, person_id)
        units = [(row["id"], row["name"]) for row in queries.list_units(desk.db, desk.actor)]
        today = desk.actor.today
    usual = {"role": "", "unit": str(person["unit_id"]), "started_on": today.isoformat(), "last_day": ""}
    roles = [(role.value, translate(f"role.{role.value}", language)) for role in Role]
    context = {
        "person": person,
        "name": full_name(person, language),
        "typed": {**usual, **typed},
        "units": units,
        "roles": roles,
    }
    return show(request, language, "posting_new.html", context, errors=errors, status=status)


def _posting_end_form(
    request: Request,
    language: Language,
    posting_id: UUID,
    last_day: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.POSTING_MANAGE, language) as desk:
        posting = queries.get_posting(desk.db, desk.actor, posting_id)
        person = queries.get_listed_person(desk.db, desk.actor, posting["person"])
    role = translate(f"role.{posting['role']}", language)
    asked = {"kind": "date", "name": "last_day", "label": "web.last_day", "value": last_day}
    return show(
        request,
        language,
        "act.html",
        {
            "title": "web.end_posting",
            "sentence": translate(
                "web.end_posting_says", language, name=full_name(person, language), role=role, unit=posting["unit_name"]
            ),
            "button": "web.end_posting",
            "back": f"/administration/people/{posting['person']}",
            "hidden": [("id", new_id())],
            "asked": [{**asked, "hint": translate("web.last_day_or_now", language)}],
        },
        errors=errors,
        status=status,
    )
