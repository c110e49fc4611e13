"""`GET .../situation`, `.../issues`, `.../day`, `.../journal`, `.../held`, `.../inventory`, as JSON, PDF, XLSX, CSV."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from salw.access.guard import Desk
from salw.core.shapes import Day
from salw.reports import desk as reports
from salw.reports.offers import Draw, From, To, offer
from salw.reports.papers import Part, seal_paper
from salw.reports.registers import Register
from salw.reports.rendering.formats import PrintedFormat
from salw.reports.rendering.papers import make_paper_json, paper_name, print_paper
from salw.reports.schemas import RegisterOut, SituationOut
from salw.reports.situation import Situation

router = APIRouter(tags=["reports"])

OneDay = Annotated[Day, Query(description="The day (YYYY-MM-DD), in the country's time; not after today.")]
Volume = Annotated[int, Query(ge=1, le=10_000, description="Which volume (tome) of a register of many lines.")]
Below = Annotated[bool, Query(description="With the units below it in the reader's scope, or alone.")]


def _situation(unit_id: UUID, day: OneDay | None = None, below: Below = True) -> Draw[Situation]:
    """Return the situation d'armement of a unit by model, of today or of the end of a past day."""
    return lambda desk: reports.situation_of(
        desk.db, actor=desk.actor, now=desk.now, unit_id=unit_id, day=day, below=below
    )


def _issues(store_id: UUID, from_date: From, to_date: To, volume: Volume = 1) -> Draw[Register]:
    """Return the registre des perceptions et réintégrations of a store over a period."""
    return lambda desk: reports.register_of_issues(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        store_id=store_id,
        from_date=from_date,
        to_date=to_date,
        part=Part(volume),
    )


def _day(store_id: UUID, day: OneDay, volume: Volume = 1) -> Draw[Register]:
    """Return the état journalier of a store."""
    return lambda desk: reports.day_of(
        desk.db, actor=desk.actor, now=desk.now, store_id=store_id, day=day, part=Part(volume)
    )


def _store_journal(store_id: UUID, from_date: From, to_date: To, volume: Volume = 1) -> Draw[Register]:
    """Return the journal des mouvements of a store over a period."""
    return lambda desk: reports.journal_of(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        store_id=store_id,
        from_date=from_date,
        to_date=to_date,
        part=Part(volume),
    )


def _unit_journal(unit_id: UUID, from_date: From, to_date: To, volume: Volume = 1) -> Draw[Register]:
    """Return the journal des mouvements of a unit and all below it over a period."""
    return lambda desk: reports.journal_of(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        unit_id=unit_id,
        from_date=from_date,
        to_date=to_date,
        part=Part(volume),
    )


def _person_card(person_id: UUID, volume: Volume = 1) -> Draw[Register]:
    """Return the fiche de détenteur of a person; who is looked up is noted."""
    return lambda desk: reports.card_of_person(
        desk.db, actor=desk.actor, now=desk.now, permission=desk.permission, person_id=person_id, part=Part(volume)
    )


def _holder_card(holder_id: UUID, volume: Volume = 1) -> Draw[Register]:
    """Return the fiche de détenteur of a post, crew, vehicle or detachment."""
    return lambda desk: reports.card_of_holder(
        desk.db, actor=desk.actor, now=desk.now, holder_id=holder_id, part=Part(volume)
    )


def _inventory(store_id: UUID, volume: Volume = 1) -> Draw[Register]:
    """Return the registre d'inventaire of a store, as it stands."""
    return lambda desk: reports.inventory_of(
        desk.db, actor=desk.actor, now=desk.now, store_id=store_id, part=Part(volume)
    )


def _write(desk: Desk, report: Situation | Register, form: PrintedFormat | None) -> tuple[bytes, str]:
    paper = seal_paper(report)
    name = paper_name(paper, form.value if form else "json", desk.actor.language)
    if form is None:
        return make_paper_json(desk.db, paper), name
    return print_paper(desk.db, actor=desk.actor, now=desk.now, paper=paper, form=form), name


offer(router, "/units/{unit_id}/situation", "situation", _situation, shape=SituationOut, write=_write)

_offer_register = partial(offer, router, shape=RegisterOut, write=_write)
_offer_register("/stores/{store_id}/issues", "store_issues", _issues)
_offer_register("/stores/{store_id}/day", "store_day", _day)
_offer_register("/stores/{store_id}/journal", "store_journal", _store_journal)
_offer_register("/units/{unit_id}/journal", "unit_journal", _unit_journal)
_offer_register("/people/{person_id}/held", "person_card", _person_card)
_offer_register("/holders/{holder_id}/held", "holder_card", _holder_card)
_offer_register("/stores/{store_id}/inventory", "inventory", _inventory)
