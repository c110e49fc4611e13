"""`/personnes/{id}/modifier`: a person is corrected, promoted or moved to another unit."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from salw.access import queries
from salw.access.names import full_name
from salw.access.person_rules import PersonChange, Sex
from salw.access.routes import organisation
from salw.access.rules import CONSTRAINTS, Permission
from salw.access.schemas import PersonVersionIn
from salw.core.errors import Conflict, DomainError
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import at_field, fill, typed_fields

router = APIRouter(include_in_schema=False)

PLACES = {
    "person.matricule_taken": "matricule",
    "force.not_found": "force",
    "unit.not_found": "unit",
    "person.still_answers": "unit",
    "person.unchanged": "reason",
    "person.version_conflict": "reason",
}


class PersonTyped(BaseModel):
    """A person as typed; `version` is the one that the form was filled in from."""

    id: str
    version: str = ""
    reason: str = ""
    unit: str = ""
    force: str = ""
    matricule: str = ""
    rank: str = ""
    family_name: str = ""
    given_names: str = ""
    sex: str = ""


@router.get("/personnes/{person_id}/modifier")
def get_form(request: Request, language: Asked, person_id: UUID) -> Response:
    """Show what a person is called and where he is, to be changed."""
    return _form(request, language, person_id)


@router.post("/personnes/{person_id}/modifier")
def post_form(request: Request, language: Asked, person_id: UUID, typed: Annotated[PersonTyped, Form()]) -> Response:
    """Give a person a new version."""
    body, wrong = fill(PersonVersionIn, typed_fields(typed.model_dump()), language)
    if body is None:
        return _form(request, language, person_id, typed, wrong, 422)
    try:
        with friendly(CONSTRAINTS), open_desk(request, Permission.PERSON_RECORD, language) as desk:
            organisation.post_version(person_id, body, desk)
    except DomainError as error:
        if error.code == "request.id_reused":  # he came back by the browser's button to what he had saved
            again = typed.model_copy(update={"id": str(new_id()), "version": ""})
            return _form(request, language, person_id, again, {"form": translate("web.saved_before", language)}, 409)
        return _form(request, language, person_id, typed, at_field(error, PLACES, language), error.status)
    return lead_to(f"/administration/people/{person_id}?done=person_changed", language)


def _form(
    request: Request,
    language: Language,
    person_id: UUID,
    typed: PersonTyped | None = None,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    with open_desk(request, Permission.PERSON_RECORD, language) as desk:
        person = queries.get_listed_person(desk.db, desk.actor, person_id)
        if person["erased_on"] is not None:
            raise Conflict("person.identity_erased", person=str(person_id))
        units = [(row["id"], row["name"]) for row in queries.list_units(desk.db, desk.actor)]
        forces = [(row["code"], row[f"name_{language}"]) for row in queries.list_forces(desk.db, desk.actor)]
    shown: dict[str, Any] = {
        **{name: person[name] or "" for name in ("force", "matricule", "rank", "family_name", "given_names")},
        "version": person["version"],
        "unit": person["unit_id"],
        "id": new_id(),
        "reason": "",
        "sex": "",
    }
    context = {
        "person": person_id,
        "name": full_name(person, language),
        "typed": shown if typed is None else {**typed.model_dump(), "version": typed.version or person["version"]},
        "units": units,
        "forces": forces,
        "sexes": [(sex.value, translate(f"web.sex.{sex.value}", language)) for sex in Sex],
        "reasons": [(one.value, translate(f"person_change.{one.value}", language)) for one in PersonChange],
    }
    return show(request, language, "person_change.html", context, errors=wrong, status=status)
