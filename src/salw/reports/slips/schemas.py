"""What the routes of documents give."""

from datetime import date, datetime
from uuid import UUID

from salw.core.db import Row
from salw.core.shapes import Out
from salw.custody.declarations.schemas import ComparedOut, DeclaredOut, compared_out, declared_out
from salw.documents.rules import DocumentKind, printed_number
from salw.reports.slips.rules import Party, Person, Slip


class DocumentHead(Out):
    """A numbered document of an office; `late` says that it was entered from paper afterwards."""

    id: UUID
    kind: DocumentKind
    number: str
    office_name: str
    dated_on: date
    recorded_at: datetime
    reference: str | None
    late: bool


class PersonOut(Out):
    """Rank, NAME and given names as they were then; of people of other units the function, and no number."""

    name: str
    matricule: str | None


class PartyOut(Out):
    """A side of the document: the store, post or person, its unit, and who acted there."""

    place: str
    unit_name: str
    person: PersonOut | None


class DocumentLineOut(Out):
    """A weapon; `holder` and `person` only where the lines are of several people, `line` where a list numbers them."""

    weapon: UUID
    registry_number: str
    serial: str | None
    model: str
    class_code: str
    holder: str | None
    person: PersonOut | None
    line: int | None


class OnPaperOut(Out):
    """The booklet, page and lines that a document was entered from."""

    book: UUID
    number: int
    page: int
    line: int
    last_line: int


class NumberedDocumentOut(DocumentHead):
    """A document with the lines that its reader may see, of `lines_in_all`.

    `compared` is what was issued beside weapons against what came back, over all slips of the same account.
    """

    occurred_at: datetime
    due_back_at: datetime | None
    signatory: str | None
    unit_name: str
    store_name: str
    giver: PartyOut
    receiver: PartyOut
    lines: list[DocumentLineOut]
    lines_in_all: int
    declared: list[DeclaredOut]
    compared: list[ComparedOut]
    paper: OnPaperOut | None


def document_head(row: Row) -> DocumentHead:
    """Return a row of `queries.list_documents` as it goes out."""
    named = {name: row[name] for name in DocumentHead.model_fields if name != "number"}
    return DocumentHead(**named, number=printed_number(row["number"], row["year"]))


def document_out(slip: Slip) -> NumberedDocumentOut:
    """Return a document as it goes out."""
    return NumberedDocumentOut(
        id=slip.id,
        kind=slip.kind,
        number=slip.printed_number,
        office_name=slip.names["office"],
        dated_on=slip.dated_on,
        recorded_at=slip.recorded_at,
        reference=slip.reference,
        late=slip.paper is not None,
        occurred_at=slip.occurred_at,
        due_back_at=slip.due_back_at,
        signatory=slip.signatory,
        unit_name=slip.names["unit"],
        store_name=slip.names["store"],
        giver=_party(slip.giver),
        receiver=_party(slip.receiver),
        lines=[
            DocumentLineOut(
                weapon=line.weapon,
                registry_number=line.registry_number,
                serial=line.serial,
                model=line.model,
                class_code=line.class_code,
                holder=line.holder,
                person=_person(line.person),
                line=line.number,
            )
            for line in slip.lines
        ],
        lines_in_all=slip.lines_in_all,
        declared=[declared_out(line) for line in slip.declared],
        compared=[compared_out(line) for line in slip.compared],
        paper=OnPaperOut.model_validate(slip.paper) if slip.paper else None,
    )


def _party(party: Party) -> PartyOut:
    return PartyOut(place=party.place, unit_name=party.unit, person=_person(party.person))


def _person(person: Person | None) -> PersonOut | None:
    return PersonOut(name=person.name, matricule=person.matricule) if person else None
