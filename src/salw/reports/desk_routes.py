"""`GET .../situation`, `.../issues`, `.../day`, `.../journal`, `.../held`, `.../inventory`, as JSON, PDF, XLSX, CSV."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from salw.access.guard import Desk, requires
from salw.access.operations.traces import record_reads
from salw.access.rules import Permission, ReadCode
from salw.core.shapes import Day
from salw.reports import desk as reports
from salw.reports.papers import seal_paper
from salw.reports.registers import Register
from salw.reports.rendering.formats import MEDIA_TYPES, PrintedFormat
from salw.reports.rendering.papers import make_paper_json, paper_name, print_paper
from salw.reports.routes import FILES, From, Language, To
from salw.reports.schemas import RegisterOut, SituationOut
from salw.reports.situation import Situation

router = APIRouter(tags=["reports"])

OneDay = Annotated[Day, Query(description="The day (YYYY-MM-DD), in the country's time; not after today.")]
Volume = Annotated[int, Query(ge=1, le=10_000, description="Which volume (tome) of a register of many lines.")]
Below = Annotated[bool, Query(description="With the units below it in the reader's scope, or alone.")]


@router.get("/units/{unit_id}/situation.json", response_model=SituationOut)
def get_situation(
    unit_id: UUID,
    day: OneDay | None = None,
    below: Below = True,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the situation d'armement of a unit by model, of today or of the end of a past day."""
    report = reports.situation_of(desk.db, actor=desk.actor, now=desk.now, unit_id=unit_id, day=day, below=below)
    return _as_json(desk, report)


@router.get("/units/{unit_id}/situation.{form}", response_class=Response, responses=FILES)
def print_situation(
    unit_id: UUID,
    form: PrintedFormat,
    day: OneDay | None = None,
    below: Below = True,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the situation d'armement of a unit by model, of today or of the end of a past day, as a file."""
    report = reports.situation_of(desk.db, actor=desk.actor, now=desk.now, unit_id=unit_id, day=day, below=below)
    return _as_file(desk, report, form)


@router.get("/stores/{store_id}/issues.json", response_model=RegisterOut)
def get_store_issues(
    store_id: UUID,
    from_date: From,
    to_date: To,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the registre des perceptions et réintégrations of a store over a period."""
    report = reports.register_of_issues(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        store_id=store_id,
        from_date=from_date,
        to_date=to_date,
        volume=volume,
    )
    return _as_json(desk, report)


@router.get("/stores/{store_id}/issues.{form}", response_class=Response, responses=FILES)
def print_store_issues(
    store_id: UUID,
    form: PrintedFormat,
    from_date: From,
    to_date: To,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the registre des perceptions et réintégrations of a store over a period, as a file."""
    report = reports.register_of_issues(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        store_id=store_id,
        from_date=from_date,
        to_date=to_date,
        volume=volume,
    )
    return _as_file(desk, report, form)


@router.get("/stores/{store_id}/day.json", response_model=RegisterOut)
def get_store_day(
    store_id: UUID,
    day: OneDay,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the état journalier of a store."""
    report = reports.day_of(desk.db, actor=desk.actor, now=desk.now, store_id=store_id, day=day, volume=volume)
    return _as_json(desk, report)


@router.get("/stores/{store_id}/day.{form}", response_class=Response, responses=FILES)
def print_store_day(
    store_id: UUID,
    form: PrintedFormat,
    day: OneDay,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the état journalier of a store, as a file."""
    report = reports.day_of(desk.db, actor=desk.actor, now=desk.now, store_id=store_id, day=day, volume=volume)
    return _as_file(desk, report, form)


@router.get("/stores/{store_id}/journal.json", response_model=RegisterOut)
def get_store_journal(
    store_id: UUID,
    from_date: From,
    to_date: To,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the journal des mouvements of a store over a period."""
    report = reports.journal_of(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        store_id=store_id,
        from_date=from_date,
        to_date=to_date,
        volume=volume,
    )
    return _as_json(desk, report)


@router.get("/stores/{store_id}/journal.{form}", response_class=Response, responses=FILES)
def print_store_journal(
    store_id: UUID,
    form: PrintedFormat,
    from_date: From,
    to_date: To,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the journal des mouvements of a store over a period, as a file."""
    report = reports.journal_of(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        store_id=store_id,
        from_date=from_date,
        to_date=to_date,
        volume=volume,
    )
    return _as_file(desk, report, form)


@router.get("/units/{unit_id}/journal.json", response_model=RegisterOut)
def get_unit_journal(
    unit_id: UUID,
    from_date: From,
    to_date: To,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the journal des mouvements of a unit and all below it over a period."""
    report = reports.journal_of(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        unit_id=unit_id,
        from_date=from_date,
        to_date=to_date,
        volume=volume,
    )
    return _as_json(desk, report)


@router.get("/units/{unit_id}/journal.{form}", response_class=Response, responses=FILES)
def print_unit_journal(
    unit_id: UUID,
    form: PrintedFormat,
    from_date: From,
    to_date: To,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the journal des mouvements of a unit and all below it over a period, as a file."""
    report = reports.journal_of(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        unit_id=unit_id,
        from_date=from_date,
        to_date=to_date,
        volume=volume,
    )
    return _as_file(desk, report, form)


@router.get("/people/{person_id}/held.json", response_model=RegisterOut)
def get_person_card(
    person_id: UUID,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the fiche de détenteur of a person; who is looked up is noted."""
    report = reports.card_of_person(desk.db, actor=desk.actor, now=desk.now, person_id=person_id, volume=volume)
    _note_person(desk, person_id, Permission.REPORT_READ)
    return _as_json(desk, report)


@router.get("/people/{person_id}/held.{form}", response_class=Response, responses=FILES)
def print_person_card(
    person_id: UUID,
    form: PrintedFormat,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the fiche de détenteur of a person; who is looked up is noted, as a file."""
    report = reports.card_of_person(desk.db, actor=desk.actor, now=desk.now, person_id=person_id, volume=volume)
    _note_person(desk, person_id, Permission.REPORT_EXPORT)
    return _as_file(desk, report, form)


@router.get("/holders/{holder_id}/held.json", response_model=RegisterOut)
def get_holder_card(
    holder_id: UUID,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the fiche de détenteur of a post, crew, vehicle or detachment."""
    report = reports.card_of_holder(desk.db, actor=desk.actor, now=desk.now, holder_id=holder_id, volume=volume)
    return _as_json(desk, report)


@router.get("/holders/{holder_id}/held.{form}", response_class=Response, responses=FILES)
def print_holder_card(
    holder_id: UUID,
    form: PrintedFormat,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the fiche de détenteur of a post, crew, vehicle or detachment, as a file."""
    report = reports.card_of_holder(desk.db, actor=desk.actor, now=desk.now, holder_id=holder_id, volume=volume)
    return _as_file(desk, report, form)


@router.get("/stores/{store_id}/inventory.json", response_model=RegisterOut)
def get_inventory(
    store_id: UUID,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_READ),
) -> Response:
    """Return the registre d'inventaire of a store, as it stands."""
    report = reports.inventory_of(desk.db, actor=desk.actor, now=desk.now, store_id=store_id, volume=volume)
    return _as_json(desk, report)


@router.get("/stores/{store_id}/inventory.{form}", response_class=Response, responses=FILES)
def print_inventory(
    store_id: UUID,
    form: PrintedFormat,
    volume: Volume = 1,
    language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    desk: Desk = requires(Permission.REPORT_EXPORT),
) -> Response:
    """Return the registre d'inventaire of a store, as it stands, as a file."""
    report = reports.inventory_of(desk.db, actor=desk.actor, now=desk.now, store_id=store_id, volume=volume)
    return _as_file(desk, report, form)


def _note_person(desk: Desk, person_id: UUID, permission: Permission) -> None:
    record_reads(desk.db, actor=desk.actor, permission=permission, code=ReadCode.PERSON, record_ids=[person_id])


def _as_json(desk: Desk, report: Situation | Register) -> Response:
    paper = seal_paper(report)
    named = {"Content-Disposition": f'inline; filename="{paper_name(paper, "json", desk.actor.language)}"'}
    return Response(make_paper_json(desk.db, paper), media_type="application/json", headers=named)


def _as_file(desk: Desk, report: Situation | Register, form: PrintedFormat) -> Response:
    paper = seal_paper(report)
    file = print_paper(desk.db, actor=desk.actor, now=desk.now, paper=paper, form=form)
    named = {"Content-Disposition": f'inline; filename="{paper_name(paper, form.value, desk.actor.language)}"'}
    return Response(file, media_type=MEDIA_TYPES[form], headers=named)
