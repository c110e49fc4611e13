"""The one document that PDF, XLSX and CSV print: every figure is put in its cell here, once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from salw.access.names import erased_name
from salw.core.language import Language
from salw.reports.balances import Balance, ClassBalance, Entry, Exit
from salw.reports.checks import Check, Officer, Tally, Variance
from salw.reports.rendering.parts import Column, Document, Heading, Printed, Row, RowKind, Sheet, Table
from salw.reports.rendering.words import Words
from salw.reports.rules import Reconciliation, Sealed
from salw.stocktakes.reconciliation import Outcome


def make_document(sealed: Sealed, heading: Heading, language: Language) -> Document:
    """Return a report as the document of one language."""
    report = sealed.report
    words = Words(language, report.time_zone)
    subject = report.subject
    letterhead = [heading.country, heading.force, subject.unit_name]
    if subject.kind == "store":
        letterhead.append(subject.name)
    return Document(
        language=language,
        title=words.say("title"),
        subtitle=make_subtitle(report, words),
        number=sealed.number,
        digest=sealed.digest,
        letterhead=tuple(line for line in letterhead if line),
        facts=(*make_facts(report, words), checkpoint_fact(heading.checkpoint, words)),
        warning=words.say("provisional") if report.provisional else None,
        masked=words.masked_notice(report.masked_lines),
        banner=words.say("demo") if report.demo else None,
        tables=make_tables(report, words),
        checkpoint=_checkpoint(report, heading.checkpoint, words),
        note=heading.checkpoint.note if heading.checkpoint else None,
        recap=_recap(report, words),
        signatories=SIGNATORIES_OF_CHECK if report.total is None else SIGNATORIES_OF_PERIOD,
        printed=words.say("printed", person=heading.printed_by, at=words.instant(heading.printed_at)),
        words=words,
    )


def make_tables(report: Reconciliation, words: Words) -> tuple[Table, ...]:
    """Return the numbered tables of a report: the balance of its period, and each check with its variances."""
    tables = balance_tables(report.classes, report.total, words) if report.total else []
    if report.total:
        tables.insert(1, _open_losses_table(report, words))
    for check in report.checks:
        tables += _check_tables(check, words)
    if report.total and not report.checks:
        tables.append(
            Table(
                Sheet.VARIANCES, words.say("table.checks"), (Column(words.say("nil"), 60),), (), words.say("no_check")
            )
        )
    return tuple(replace(t, title=f"{n}. {t.title}") for n, t in enumerate(tables, 1))


def make_subtitle(report: Reconciliation, words: Words) -> str:
    """Return which period a report is of, or which check."""
    if report.total is None:
        check = report.checks[0]
        return _name_of(check, words)
    return words.say("of_period", from_date=words.day(report.from_date), to_date=words.day(report.to_date))


def log_words(size: int, words: Words) -> str:
    """Return the last event that the report knows of: events are numbered from one."""
    return words.say("log", size=words.number(size)) if size else words.say("log_empty")


def _name_of(check: Check, words: Words) -> str:
    """Return what tells a check from the others of its store: its kind and when it was closed."""
    return words.say("of_check", kind=words.say(f"kind.{check.kind}"), at=words.instant(check.closed_at))


def make_facts(report: Reconciliation, words: Words) -> tuple[tuple[str, str], ...]:
    """Return whose report it is, and the states of the log that it stands on."""
    subject = report.subject
    facts = [(words.say("fact.subject"), words.say(f"subject.{subject.kind}", name=subject.name))]
    if subject.kind == "unit":
        facts.append(
            (
                words.say("fact.scope"),
                words.say("scope", units=words.number(subject.units), stores=words.number(subject.stores)),
            )
        )
    if report.opening_log_size is not None:
        facts.append((words.say("fact.opening_log"), log_words(report.opening_log_size, words)))
    # A check stands on the log as it was when its list was frozen, a period on the log at its end.
    name = "fact.frozen_log" if report.opening_log_size is None else "fact.log"
    facts.append((words.say(name), log_words(report.log_size, words)))
    if report.discontinued_checks:
        facts.append((words.say("fact.discontinued"), words.number(report.discontinued_checks)))
    return tuple(facts)


def checkpoint_fact(printed: Printed | None, words: Words) -> tuple[str, str]:
    """Return what is said of the checkpoint that a report stands on."""
    name = words.say("fact.checkpoint")
    if printed is None:
        return name, words.say("checkpoint.none")
    said = (
        words.say("checkpoint.origin", origin=printed.origin),
        words.say("log", size=words.number(printed.size)),
        words.say("checkpoint.root", root=printed.root),
    )
    return name, words.say("separator").join(said)


def _checkpoint(report: Reconciliation, printed: Printed | None, words: Words) -> tuple[str, ...]:
    """Return the title of what stands beside the code, and its lines; nothing where no checkpoint covers it yet."""
    if printed is None:
        return ()
    signatures = printed.note.split("\n\n", 1)[1].splitlines()
    return (
        words.say("checkpoint.title"),
        words.say("checkpoint.origin", origin=printed.origin),
        words.say("checkpoint.size", stock=words.number(report.log_size), size=words.number(printed.size)),
        words.say("checkpoint.root", root=printed.root),
        *signatures,
        words.say("checkpoint.how"),
    )


# The balance of a period is the accountant's own account; a check is between who keeps and who inspects.
SIGNATORIES_OF_CHECK = ("storekeeper", "inspector", "commander")
SIGNATORIES_OF_PERIOD = ("storekeeper", "accountant", "inspector", "commander")
CHECKS_IN_RECAP = 6


def _recap(report: Reconciliation, words: Words) -> tuple[str, ...]:
    def line(title: str, figures: Iterable[tuple[str, int]]) -> str:
        said = (f"{_figure(words, code).label} {words.number(n)}" for code, n in figures)
        return words.say("recap.line", title=title, figures=words.say("separator").join(said))

    lines = []
    if report.total is not None:
        total = report.total
        figures = {name: getattr(total, name) for name in ("opening", "entries_total", "exits_total", "closing")}
        lines.append(line(words.say("recap.balance"), figures.items()))
    for check in report.checks[-CHECKS_IN_RECAP:]:
        tally = [(name, getattr(check.total, name)) for name in TALLY_COLUMNS]
        title = f"{check.store_name} – {_name_of(check, words)}"
        lines.append(line(title, ((name, n) for name, n in tally if n or name not in SPARSE_IN_TALLY)))
    if len(report.checks) > CHECKS_IN_RECAP:
        lines.append(words.say("recap.earlier", count=words.number(len(report.checks) - CHECKS_IN_RECAP)))
    return (words.say("recap"), *lines)


def _weapon_columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words.say("column.code"), 16, repeats=False),
        Column(words.say("column.class"), 46, repeats=False),
        Column(words.say("column.model"), 52),
    )


def _figure(words: Words, code: str, *, sparse: bool = False) -> Column:
    return Column(words.say(f"column.{code}"), 19, numeric=True, sparse=sparse)


def balance_tables(classes: Sequence[ClassBalance], total: Balance, words: Words) -> list[Table]:
    """Return the balance, and its entries and exits by kind: the totals of all three come from one place."""
    summary = [_figure(words, code) for code in ("opening", "entries_total", "exits_total", "closing")]
    entries = [_figure(words, column.value, sparse=True) for column in Entry]
    exits = [_figure(words, column.value, sparse=True) for column in Exit]

    def rows(figures: str) -> tuple[Row, ...]:
        def cells(balance: Balance) -> tuple[int, ...]:
            if figures == "entries":
                return (*(balance.entries[c] for c in Entry), balance.entries_total)
            if figures == "exits":
                return (*(balance.exits[c] for c in Exit), balance.exits_total)
            return (balance.opening, balance.entries_total, balance.exits_total, balance.closing)

        made = []
        for group in classes:
            # What did not move stands in the balance alone: the details list movements.
            lines = [m for m in group.models if figures == "summary" or any(cells(m.balance))]
            name = words.weapon_class(group.class_code)
            made += [
                Row(RowKind.LINE, (group.class_code, name, words.model(m.model.name), *cells(m.balance))) for m in lines
            ]
            if lines:
                made.append(
                    Row(RowKind.SUBTOTAL, (group.class_code, name, words.say("subtotal"), *cells(group.subtotal)))
                )
        return (*made, Row(RowKind.TOTAL, (words.say("total"), "", "", *cells(total)))) if made else ()

    weapon = _weapon_columns(words)
    nil = words.say("nil")
    balance = Table(Sheet.SUMMARY, words.say("table.balance"), (*weapon, *summary), rows("summary"), nil)
    if not balance.rows:
        return [balance]
    return [
        balance,
        Table(
            Sheet.MOVEMENTS,
            words.say("table.entries"),
            (*weapon, *entries, _figure(words, "entries_total")),
            rows("entries"),
            nil,
        ),
        Table(
            Sheet.MOVEMENTS,
            words.say("table.exits"),
            (*weapon, *exits, _figure(words, "exits_total")),
            rows("exits"),
            nil,
        ),
    ]


def _open_losses_table(report: Reconciliation, words: Words) -> Table:
    """Return what stands under the closing stock; a declared number is the unit's, whichever store it hits."""
    rows = [
        Row(
            RowKind.LINE,
            (
                loss.model.class_code,
                words.weapon_class(loss.model.class_code),
                words.model(loss.model.name),
                loss.missing,
                loss.by_count,
            ),
        )
        for loss in report.open_losses
    ]
    sums = (sum(loss.missing for loss in report.open_losses), sum(loss.by_count for loss in report.open_losses))
    total = [Row(RowKind.TOTAL, (words.say("total"), "", "", *sums))] if rows else []
    columns = (*_weapon_columns(words), _figure(words, "missing"), _figure(words, "by_count"))
    return Table(Sheet.SUMMARY, words.say("table.open_losses"), columns, (*rows, *total), words.say("nil"))


TALLY_COLUMNS = (
    "book",
    "matched",
    "shortage",
    "moved_expected",
    "void_expected",
    "overage",
    "unresolved",
    "moved_seen",
    "real",
)
SPARSE_IN_TALLY = frozenset({"moved_expected", "void_expected", "unresolved", "moved_seen"})


def _check_tables(check: Check, words: Words) -> list[Table]:
    def cells(tally: Tally) -> tuple[int, ...]:
        return tuple(getattr(tally, column) for column in TALLY_COLUMNS)

    rows = []
    for group in check.classes:
        name = words.weapon_class(group.class_code)
        rows += [
            Row(RowKind.LINE, (group.class_code, name, words.model(m.model.name), *cells(m.tally)))
            for m in group.models
        ]
        rows.append(Row(RowKind.SUBTOTAL, (group.class_code, name, words.say("subtotal"), *cells(group.subtotal))))
    rows.append(Row(RowKind.TOTAL, (words.say("total"), "", "", *cells(check.total))))
    alarms = sum(variance.alarms for variance in check.variances)
    under_case = len(check.seen_under_case)
    facts = (
        (words.say("fact.kind"), words.say(f"kind.{check.kind}")),
        *(((words.say("fact.mission"), check.mission),) if check.mission else ()),
        (words.say("fact.opened"), words.instant(check.opened_at)),
        (words.say("fact.closed"), words.instant(check.closed_at)),
        *((words.say(f"fact.{officer.act}_by"), _who(officer, words)) for officer in check.officers),
        (words.say("fact.typed"), words.number(check.typed)),
        *(((words.say("fact.alarms"), words.number(alarms)),) if alarms else ()),
        *(((words.say("fact.seen_under_case"), words.number(under_case)),) if under_case else ()),
    )
    figures = (_figure(words, c, sparse=c in SPARSE_IN_TALLY) for c in TALLY_COLUMNS)
    name = _name_of(check, words)
    tables = [
        Table(
            Sheet.SUMMARY,
            words.say("table.check", store=check.store_name, check=name),
            (*_weapon_columns(words), *figures),
            tuple(rows),
            words.say("nil"),
            facts,
        ),
        Table(
            Sheet.VARIANCES,
            words.say("table.variances", store=check.store_name, check=name),
            _variance_columns(words),
            _variance_rows(check.variances, words),
            words.say("no_variance"),
        ),
    ]
    if check.seen_under_case:
        tables.append(
            Table(
                Sheet.VARIANCES,
                words.say("table.seen_under_case", store=check.store_name, check=name),
                _variance_columns(words),
                _variance_rows(check.seen_under_case, words),
                words.say("nil"),
                ((words.say("fact.case"), words.say("case_stays_open")),),
            )
        )
    return tables


def _variance_columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words.say("column.number"), 9, numeric=True),
        Column(words.say("column.outcome"), 42),
        Column(words.say("column.class"), 36),
        Column(words.say("column.model"), 36),
        Column(words.say("column.serial"), 38),
        Column(words.say("column.registry_number"), 26),
        Column(words.say("column.explanation"), 46),
        Column(words.say("column.remarks"), 34),
    )


def _variance_rows(variances: Sequence[Variance], words: Words) -> tuple[Row, ...]:
    masked = words.say("masked")
    return tuple(
        Row(
            RowKind.ALARM if v.alarms else RowKind.LINE,
            (
                number,
                words.say(f"outcome.{v.outcome}"),
                words.weapon_class(v.model.class_code),
                words.model(v.model.name),
                masked if v.masked else v.serial or (words.say("no_serial") if v.registry_number else ""),
                masked if v.masked else v.registry_number or "",
                _explanation(v, words),
                "",
            ),
        )
        for number, v in enumerate(variances, 1)
    )


def _who(officer: Officer, words: Words) -> str:
    function = words.role(officer.role) if officer.role else ""
    counted = ""
    if officer.counts is not None:
        counted = words.say("count" if officer.counts == 1 else "counts", count=words.number(officer.counts))
    name = erased_name(officer.remains, words.language) if officer.remains else officer.name
    return words.say("separator").join(part for part in (name, function, counted) if part) or "–"


def _explanation(variance: Variance, words: Words) -> str:
    said = []
    if variance.book_state is not None:
        said.append(words.say("alarm" if variance.alarms else "book_state", state=words.state(variance.book_state)))
    if variance.book_unit is not None:
        said.append(words.say("on_book_of", unit=variance.book_unit))
    if variance.reading is not None:
        said.append(words.say("typed" if variance.typed else "read", text=variance.reading))
    elif variance.typed:
        said.append(words.say("typed_mark"))
    if variance.note is not None:
        said.append(words.say("note", text=variance.note))
    if variance.outcome is Outcome.MOVED_DURING_COUNT:
        # The two columns of the tally are made again from these words: each line stands in one or in both.
        sides = "both" if variance.expected and variance.seen else "expected" if variance.expected else "seen"
        said.append(words.say(f"moved.{sides}"))
    if variance.movement is not None:
        said.append(words.say(f"movement.{variance.movement}", document=variance.document or ""))
    if variance.case_open:
        said.append(words.say("case_open"))
    return words.say("separator").join(said)
