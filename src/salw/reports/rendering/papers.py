"""From a report of the desk to the bytes of a file."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.language import Language
from salw.ledger.canonical import canonical
from salw.reports.papers import Paper
from salw.reports.queries import get_names
from salw.reports.registers import Kind
from salw.reports.rendering.csv import make_csv
from salw.reports.rendering.formats import PrintedFormat, find_checkpoint
from salw.reports.rendering.parts import Heading
from salw.reports.rendering.pdf import make_pdf
from salw.reports.rendering.register_document import make_register_document
from salw.reports.rendering.situation_document import make_situation_document
from salw.reports.rendering.xlsx import make_xlsx
from salw.reports.rules import content
from salw.reports.situation import Situation


def make_paper_json(db: Connection, paper: Paper) -> bytes:
    """Return the report as JSON with its number and digest, and the checkpoint that it stands on.

    The digest is that of the canonical form of `report` without the names in it and `at`, its hour: the first can be
    erased, and the second is another each time.
    """
    checkpoint = find_checkpoint(db, paper.report.country, paper.report.log_size)
    return canonical(
        {
            "digest": paper.digest,
            "log_checkpoint": None if checkpoint is None else asdict(checkpoint),
            "number": paper.number,
            "report": content(paper.report, sealed=False),
        }
    )


def print_paper(db: Connection, *, actor: Actor, now: datetime, paper: Paper, form: PrintedFormat) -> bytes:
    """Return the report as a file in the actor's language. Only the PDF says who printed it and when."""
    report = paper.report
    names = get_names(db, actor, report.subject.force)
    english = actor.language == "en"
    heading = Heading(
        country=names["country_en" if english else "country_fr"],
        force=names["force_en" if english else "force_fr"] or "",
        printed_by=names["printed_by"],
        printed_at=now,
        checkpoint=find_checkpoint(db, report.country, report.log_size),
    )
    if isinstance(report, Situation):
        document = make_situation_document(paper, report, heading, actor.language)
    else:
        document = make_register_document(paper, report, heading, actor.language)
    if form is PrintedFormat.PDF:
        return make_pdf(document)
    return make_xlsx(document) if form is PrintedFormat.XLSX else make_csv(document)


_NAMES = {
    Kind.ISSUES: "perceptions",
    Kind.DAY: "etat-journalier",
    Kind.JOURNAL: "journal",
    Kind.HOLDER: "fiche-detenteur",
    Kind.INVENTORY: "inventaire",
}


def paper_name(paper: Paper, extension: str, language: Language = "fr") -> str:
    """Return the name to keep the file under, in ASCII: what it is, its days, its volume, its printed number."""
    report = paper.report
    english = [] if language == "fr" else [language]
    if isinstance(report, Situation):
        return f"{'-'.join(['situation', report.day.isoformat(), paper.number, *english])}.{extension}"
    days = dict.fromkeys((report.from_date.isoformat(), report.to_date.isoformat()))
    volume = [f"tome{report.volume}"] if report.volumes > 1 else []
    return f"{'-'.join([_NAMES[report.kind], *days, *volume, paper.number, *english])}.{extension}"
