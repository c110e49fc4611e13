"""From a report to the bytes of a file."""

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.language import Language
from salw.ledger.canonical import canonical
from salw.ledger.checkpoints import encode
from salw.ledger.covering import find_covering
from salw.reports.queries import get_names
from salw.reports.rendering.csv import make_csv
from salw.reports.rendering.document import make_document
from salw.reports.rendering.parts import Heading, Printed
from salw.reports.rendering.pdf import make_pdf
from salw.reports.rendering.words import Words
from salw.reports.rendering.xlsx import make_xlsx
from salw.reports.rules import Sealed, copy_of


class PrintedFormat(StrEnum):
    """What a person may ask a report as."""

    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"


MEDIA_TYPES: dict[PrintedFormat, str] = {
    PrintedFormat.PDF: "application/pdf",
    PrintedFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    PrintedFormat.CSV: "text/csv; charset=utf-8",
}


def find_checkpoint(db: Connection, country: str, log_size: int) -> Printed | None:
    """Return the first checkpoint that covers what a report stands on; None where that is not sealed yet.

    With the log's own signatures alone: those of witnesses come later, and the same question gives the same answer.
    """
    standing = find_covering(db, country, log_size)
    if standing is None:
        return None
    head = standing.checkpoint
    return Printed(head.origin, head.size, encode(head.root), str(standing.own_note))


def make_json(sealed: Sealed, language: Language = "fr", checkpoint: Printed | None = None) -> bytes:
    """Return the report as canonical JSON with its number and digest, and the checkpoint it stands on.

    The digest is the SHA-256 of the canonical JSON of `report` alone, so that anybody can make it again; but of
    the whole `report`, where lines of this copy are masked: `notice` says so in the language of the reader.
    """
    report = sealed.report
    head = {
        "digest": sealed.digest,
        "log_checkpoint": None if checkpoint is None else asdict(checkpoint),
        "masked_lines": report.masked_lines,
        "notice": Words(language, report.time_zone).masked_notice(report.masked_lines),
        "number": sealed.number,
    }
    # `report` comes last in canonical order, so the whole is canonical as well.
    shown = copy_of(report) if report.masked_lines else sealed.body
    return canonical(head)[:-1] + b',"report":' + shown + b"}"


def print_report(db: Connection, *, actor: Actor, now: datetime, sealed: Sealed, form: PrintedFormat) -> bytes:
    """Return the report as a file in the actor's language.

    Only the PDF says who printed it and when; the other two are the same bytes whoever asks.
    """
    names = get_names(db, actor, sealed.report.subject.force)
    english = actor.language == "en"
    heading = Heading(
        country=names["country_en" if english else "country_fr"],
        force=names["force_en" if english else "force_fr"] or "",
        printed_by=names["printed_by"],
        printed_at=now,
        checkpoint=find_checkpoint(db, sealed.report.country, sealed.report.log_size),
    )
    document = make_document(sealed, heading, actor.language)
    if form is PrintedFormat.PDF:
        return make_pdf(document)
    return make_xlsx(document) if form is PrintedFormat.XLSX else make_csv(document)


_KIND_IN_NAME = {"count": "recensement", "list_check": "recolement", "own_check": "verification", "handover": "remise"}


def file_name(sealed: Sealed, extension: str, language: Language = "fr") -> str:
    """Return the name to keep the file under, in ASCII: what it reports on, its days, and its printed number.

    No two states share a number. A masked copy and a whole one do, as do two languages, so the name says which.
    """
    report = sealed.report
    subject = "periode" if report.total is not None else _KIND_IN_NAME[report.checks[0].kind]
    days = dict.fromkeys((report.from_date.isoformat(), report.to_date.isoformat()))
    marks = [*(["masque"] if report.masked_lines else []), *([] if language == "fr" else [language])]
    return f"{'-'.join(['rapprochement', subject, *days, sealed.number, *marks])}.{extension}"
