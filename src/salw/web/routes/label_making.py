"""`/etiquettes/{job}`: labels for weapons, blanks, codes and reprints: said in a sentence and shown, then made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import DomainError, NotFound, Unacceptable
from salw.core.ids import new_id
from salw.core.language import Language, translate
from salw.core.shapes import In
from salw.registry.labels import rules as label_rules
from salw.registry.labels import schemas
from salw.registry.labels.operations.keeping import check_valid
from salw.registry.labels.queries import get_reprint, list_printed, list_stores_of
from salw.registry.labels.routes import post_blanks, post_codes, put_reprint
from salw.registry.queries import get_label_batch
from salw.registry.routes import post_label_batch
from salw.registry.rules import CONSTRAINTS, LABELS_MAX, check_stock
from salw.registry.schemas import LabelBatchIn
from salw.web.desks import Asked, friendly, lead_to, open_desk, show
from salw.web.forms import at_field, fill, whole_number
from salw.web.views import labels as views
from salw_labels import STOCKS, Kind

router = APIRouter(include_in_schema=False)

FIELDS = ("store", "arme", "count", "kind", "people", "labels", "reason", "stock", "start_position", "copies")
PLACES = {
    "store.not_found": "store",
    "label_sheet.start_outside": "start_position",
    "label_sheet.wrong_stock": "stock",
    "label_batch.unknown_stock": "stock",
    "label.already_coded": "reason",
    "web.labels.nobody": "people",
    **dict.fromkeys(
        (
            "label.not_found",
            "label.already_void",
            "label.malformed",
            "label.wrong_check",
            "label.wrong_prefix",
            "label.training",
            "label.repeated",
        ),
        "labels",
    ),
}
REPRINTS = "reimprimer"
NAMED_SHOWN = 60  # of what a batch is for; its file has all


@dataclass(frozen=True, slots=True)
class Job:
    """A page that makes labels: of which kind, how its body is made of what was typed, and what then is done."""

    shape: type[In]
    values: Callable[[Desk, Mapping[str, str]], dict[str, Any]]
    act: Callable[[UUID, Any, Desk], Any]
    copies: int = 2


def _weapons(desk: Desk, typed: Mapping[str, str]) -> dict[str, Any]:
    if typed["arme"]:
        return {"weapons": [typed["arme"]]}
    store = views.identifier(typed["store"])
    if store is None:
        return {"weapons": []}
    asked = whole_number(typed["count"]) if typed["count"] else LABELS_MAX
    most = min(asked, LABELS_MAX) if isinstance(asked, int) else 0
    return {"weapons": views.weapons_without_label(desk, store, most)}


def _blanks(_: Desk, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"store": typed["store"] or None, "count": whole_number(typed["count"])}


def _codes(desk: Desk, typed: Mapping[str, str]) -> dict[str, Any]:
    kind = typed["kind"] or "store"
    of: list[Any] = []
    if kind == "person":
        of, unknown = views.people(desk, typed["people"])
        if unknown:
            raise Unacceptable("web.labels.nobody", people=", ".join(unknown), count=len(unknown))
    elif (store := views.identifier(typed["store"])) is not None:
        racks = views.racks(desk, store) if kind == "rack" else []
        of = [store] if kind == "store" else [r["id"] for r in racks if typed["reason"].strip() or not r["code"]]
    return {"kind": kind, "of": of, "reason": typed["reason"].strip() or None}


def _again(_: Desk, typed: Mapping[str, str]) -> dict[str, Any]:
    return {"labels": views.lines(typed["labels"]), "reason": typed["reason"].strip() or None}


JOBS: Mapping[str, Job] = {
    "armes": Job(LabelBatchIn, _weapons, lambda _, body, desk: post_label_batch(body, desk)),
    "vierges": Job(schemas.BlanksIn, _blanks, lambda _, body, desk: post_blanks(body, desk)),
    "codes": Job(schemas.CodesIn, _codes, lambda _, body, desk: post_codes(body, desk), copies=1),
    REPRINTS: Job(schemas.ReprintIn, _again, put_reprint, copies=1),
}


def typed_fields(
    store: Annotated[str, Form()] = "",
    arme: Annotated[str, Form()] = "",
    count: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    people: Annotated[str, Form()] = "",
    labels: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
    stock: Annotated[str, Form()] = "",
    start_position: Annotated[str, Form()] = "",
    copies: Annotated[str, Form()] = "",
) -> dict[str, str]:
    """Return what was typed, by the names of the fields."""
    given = (store, arme, count, kind, people, labels, reason, stock, start_position, copies)
    return dict(zip(FIELDS, given, strict=True))


@router.get("/etiquettes/{job}")
def get_job(request: Request, language: Asked, job: str) -> Response:
    """Ask what is to be printed; once all is said, say it in a sentence and show the first sheet."""
    asked = request.query_params
    typed = {name: asked.get(name, "") for name in FIELDS}
    return _page(request, language, job, typed, checked="stock" in asked)


@router.post("/etiquettes/{job}")
def post_job(
    request: Request,
    language: Asked,
    job: str,
    made: Annotated[UUID, Form(alias="id")],
    typed: Annotated[dict[str, str], Depends(typed_fields)],
) -> Response:
    """Make the labels; a page sent twice makes them once."""
    here = f"/etiquettes/{'reimpressions' if job == REPRINTS else 'lots'}/{made}"
    try:
        with (
            friendly({**CONSTRAINTS, **label_rules.CONSTRAINTS}),
            open_desk(request, Permission.LABEL_MAKE, language) as desk,
        ):
            body, wrong = _body(desk, job, made, typed, language)
            # The second time the weapons have their labels: the body is another one, and would find no answer.
            if job != REPRINTS and _is_made(desk, made):
                return lead_to(here, language)
            if body is not None:
                _job(job).act(made, body, desk)
    except DomainError as error:
        return _page(request, language, job, typed, errors=at_field(error, PLACES, language), status=error.status)
    if wrong:
        return _page(request, language, job, typed, errors=wrong, status=422)
    return lead_to(here, language)


@router.get("/etiquettes/lots/{batch_id}")
def get_batch(request: Request, language: Asked, batch_id: UUID) -> Response:
    """Say what a batch prints and give its files."""
    with open_desk(request, Permission.LABEL_MAKE, language) as desk:
        batch = get_label_batch(desk.db, desk.actor, batch_id)
        printed = list_printed(desk.db, desk.actor, batch_id=batch_id)
        named = ", ".join(list_stores_of(desk.db, desk.actor, batch_id))
    return _made(request, language, batch, printed, f"/v1/label-batches/{batch_id}", stores=named)


@router.get("/etiquettes/reimpressions/{reprint_id}")
def get_reprinted(request: Request, language: Asked, reprint_id: UUID) -> Response:
    """Say what a reprint prints and give its files."""
    with open_desk(request, Permission.LABEL_MAKE, language) as desk:
        reprint = get_reprint(desk.db, desk.actor, reprint_id)
        printed = list_printed(desk.db, desk.actor, reprint_id=reprint_id)
    return _made(request, language, reprint, printed, f"/v1/label-reprints/{reprint_id}")


def _made(
    request: Request, language: Language, batch: Row, printed: Sequence[Row], files: str, *, stores: str = ""
) -> Response:
    stock = STOCKS[batch["stock"]]
    named = [row["line"] for row in printed if row["line"]]
    plan = views.Printing(len(printed), batch["copies"], stock, batch["start_position"])
    context = {
        "files": files,
        "plan": plan,
        "stock": stock.name,
        "sentence": views.paper_words(plan, language),
        "stores": stores,
        "named": named[:NAMED_SHOWN],
        "more": len(named) - NAMED_SHOWN,
    }
    return show(request, language, "label_made.html", context)


def _is_made(desk: Desk, batch_id: UUID) -> bool:
    try:
        get_label_batch(desk.db, desk.actor, batch_id)
    except NotFound:
        return False
    return True


def _job(name: str) -> Job:
    if name not in JOBS:
        raise NotFound("request.no_such_address")
    return JOBS[name]


def _body(desk: Desk, job: str, made: UUID, typed: Mapping[str, str], language: Language) -> tuple[Any, dict[str, str]]:
    """Return the body of a job, or what is wrong by field."""
    asked = _job(job)
    paper = {
        "stock": typed["stock"] or None,
        "start_position": whole_number(typed["start_position"] or "0"),
        "copies": whole_number(typed["copies"] or str(asked.copies)),
    }
    values = {**asked.values(desk, typed), **paper}
    if job != REPRINTS:
        values["id"] = made
    body, wrong = fill(asked.shape, values, language)
    if "of" in wrong or "weapons" in wrong:
        wrong = {field: text for field, text in wrong.items() if field not in ("of", "weapons")}
        if typed["count"] and not _counts(typed["count"]):
            wrong["count"] = translate("web.labels.count_range", language, most=LABELS_MAX)
        elif typed["kind"] == "person":
            wrong["people"] = translate("web.labels.people_missing", language)
        else:
            code = f"web.labels.nothing.{job}" if typed["store"] else "web.labels.no_store"
            wrong["store"] = translate(code, language)
    if "labels" in wrong and not views.lines(typed["labels"]):
        wrong["labels"] = translate("web.labels.no_code", language)
    elif job == REPRINTS and (unread := views.misread(typed["labels"], language)):
        return None, {**wrong, "labels": unread}
    return body, wrong


def _counts(text: str) -> bool:
    count = whole_number(text)
    return isinstance(count, int) and count > 0


def _kind(typed: Mapping[str, str], job: str) -> Kind:
    if job == "codes":
        return Kind(typed["kind"]) if typed["kind"] in ("rack", "person") else Kind.STORE
    if job == REPRINTS:
        return views.kind_of(typed["labels"])
    return Kind.WEAPON


def _page(
    request: Request,
    language: Language,
    job: str,
    typed: dict[str, str],
    *,
    checked: bool = False,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Show the form; where all is said and good, with what will be printed in a sentence and a picture of it."""
    kind, wrong, plan = _kind(typed, job), dict(errors or {}), None
    with open_desk(request, Permission.LABEL_MAKE, language) as desk:
        if checked and not wrong:
            try:
                body, wrong = _body(desk, job, new_id(), typed, language)
                if body is not None:
                    if job == REPRINTS:
                        check_valid(desk.db, desk.actor, label_rules.read_codes(body.labels))
                    check_stock(body.stock, body.start_position, kind)
                    plan = views.printing(body)
            except DomainError as error:
                wrong = at_field(error, PLACES, language)
        context = {
            "job": job,
            "kind": kind.value,
            "id": new_id(),
            "typed": {**typed, "copies": typed["copies"] or str(_job(job).copies)},
            "stores": views.stores(desk),
            "stocks": views.stocks(desk, kind),
            "plan": plan,
            "sentence": views.plan_words(job, plan, language, replaces=bool(typed["reason"].strip())) if plan else "",
            "weapon": views.weapon_words(desk, typed["arme"]) if typed["arme"] else None,
        }
    return show(request, language, "label_making.html", context, errors=wrong, status=status)
