"""Taking a register on charge: review it (the dry run), then apply what was reviewed, in one transaction."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import Row as DbRow
from salw.core.errors import Conflict, Unacceptable
from salw.core.ids import new_id
from salw.custody.operations.moves import DocumentNumber, Order, record_document, take_number
from salw.intake.operations.registration import DOCUMENT_OF_ORIGIN, register_weapons
from salw.intake.register import staging
from salw.intake.register.checking import Checker, Model, Row, Status, likeness
from salw.intake.register.mapping import Register, check_headings, nearest, read_mapping
from salw.intake.register.reading import Source, read_rows

BATCH = 2_000  # weapons a statement: large enough that a round trip costs nothing, small enough for memory
PROGRESS_EVERY = 1_000

Progress = Callable[[str, int, int], None]
"""Told the stage ("check" or "apply"), rows done, and rows in all (0 where not known yet)."""


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Review:
    """A file read and judged, every row of it; nothing is written yet."""

    source: Source
    mapping_text: str
    mapping: Register
    store: DbRow
    headings: list[str]
    rows: list[Row]
    blank: int
    earlier: frozenset[UUID]  # files that the store had when the rows were judged

    @property
    def counts(self) -> Counter[Status]:
        """Return how many rows are imported, flagged, refused."""
        return Counter(row.status for row in self.rows)


@dataclass(frozen=True, slots=True)
class Imported:
    """A file taken on charge: its id and the number of its document."""

    file_id: UUID
    document_id: UUID
    number: DocumentNumber


def review_register(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    source: Source,
    mapping_text: str,
    store_id: UUID,
    progress: Progress = _silent,
) -> Review:
    """Read a file by its mapping and judge each row. Writes nothing: this is the whole dry run.

    Imports into one store take turns from here to the end of their transaction: each must see the rows that the
    one before it brought in. Raises `store.not_found`, `register.same_file`,
    `register.occurred_in_future`, and what the mapping and the reader raise.
    """
    store = get_store(db, actor, store_id)
    mapping = read_mapping(mapping_text)
    if mapping.defaults.occurred_on is not None and _occurred_at(mapping, actor, now) > now:
        raise Unacceptable("register.occurred_in_future", day=mapping.defaults.occurred_on)
    staging.wait_turn(db, store_id)
    earlier = staging.list_files(db, actor, store_id)
    _refuse_same_file(db, actor, source)
    catalogue = staging.list_models(db)
    _check_models(mapping, catalogue)
    cells = read_rows(source, mapping.file)
    headings = list(next(cells).texts)
    check_headings(mapping, headings, source.name)
    checker = Checker(mapping, headings, catalogue, this_year=actor.today.year)
    rows, blank = [], 0
    for number, read in enumerate(cells, start=1):
        row = checker.check(read)
        if row is None:
            blank += 1
        else:
            rows.append(row)
        if number % PROGRESS_EVERY == 0:
            progress("check", number, 0)
    if not rows:
        raise Unacceptable("register.no_rows", file=source.name)
    if earlier:
        checker.refuse_brought_in(rows, staging.find_brought_in(db, actor, store_id, headings, rows))
    keys = {key[0] for row in rows if row.weapon is not None and (key := likeness(row.weapon))}
    checker.settle(rows, staging.find_alike(db, actor, sorted(keys)))
    progress("check", len(rows) + blank, len(rows) + blank)
    return Review(source, mapping_text, mapping, store, headings, rows, blank, earlier)


def _refuse_same_file(db: Connection, actor: Actor, source: Source) -> None:
    known = staging.find_file(db, source.sha256)
    if known is not None:
        day = known["recorded_at"].astimezone(ZoneInfo(actor.time_zone)).date()
        raise Conflict("register.same_file", file=source.name, known=known["name"], day=day)


def _check_models(mapping: Register, catalogue: dict[str, Model]) -> None:
    for word, code in mapping.values.model.items():
        if code not in catalogue:
            raise Unacceptable(
                "register.mapping_unknown_model", word=word, value=code, nearest=nearest(code, catalogue)
            )


def _occurred_at(mapping: Register, actor: Actor, now: datetime) -> datetime:
    day = mapping.defaults.occurred_on
    return now if day is None else datetime.combine(day, time(), ZoneInfo(actor.time_zone)).astimezone(UTC)


def import_register(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    review: Review,
    partial: bool = False,
    progress: Progress = _silent,
) -> Imported:
    """Take every row that was not refused on charge, on one document, and keep every row as written.

    All or nothing, unless `partial`. Raises `register.rows_refused`, `register.nothing_to_import`,
    `register.same_file`, `register.store_changed` where the review is older than the last import into the
    store, and what `register_weapons` raises.
    """
    counts = review.counts
    taken = [row for row in review.rows if row.weapon is not None]
    if not taken:
        raise Unacceptable("register.nothing_to_import", file=review.source.name)
    if counts[Status.REFUSED] and not partial:
        raise Unacceptable("register.rows_refused", file=review.source.name, refused=counts[Status.REFUSED])
    # The turn of the review ended with its transaction, if that was another one.
    staging.wait_turn(db, review.store["id"])
    _refuse_same_file(db, actor, review.source)
    if staging.list_files(db, actor, review.store["id"]) != review.earlier:
        raise Conflict("register.store_changed", file=review.source.name, store=review.store["name"])
    imported = _open_file(db, actor, now, review)
    done = 0
    for batch in _batches(taken):
        register_weapons(
            db,
            actor=actor,
            now=now,
            document_id=imported.document_id,
            store_id=review.store["id"],
            origin=review.mapping.defaults.origin.movement,
            weapons=[row.weapon for row in batch if row.weapon is not None],
            occurred_at=_occurred_at(review.mapping, actor, now),
            order=Order(),
            number=imported.number,
        )
        staging.insert_rows(db, actor, imported.file_id, review.headings, batch)
        done += len(batch)
        progress("apply", done, len(review.rows))
    for batch in _batches([row for row in review.rows if row.weapon is None]):
        staging.insert_rows(db, actor, imported.file_id, review.headings, batch)
        done += len(batch)
        progress("apply", done, len(review.rows))
    return imported


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _open_file(db: Connection, actor: Actor, now: datetime, review: Review) -> Imported:
    """Write the one document of the import with its event, and the file.

    One document for the whole file, because one balance d'entrée is one act; its number is in the event of
    every weapon, so its counter stays locked until the commit, and other documents of that office wait.
    """
    file_id, document_id, counts = new_id(), new_id(), review.counts
    mapping_sha256 = hashlib.sha256(review.mapping_text.encode()).digest()
    number = take_number(db, actor, review.store["unit_id"])
    numbers: dict[str, Any] = {"rows": len(review.rows), "blank": review.blank} | {s.value: counts[s] for s in Status}
    record_document(
        db,
        actor=actor,
        now=now,
        event_kind="register.imported",
        document_id=document_id,
        document_kind=DOCUMENT_OF_ORIGIN[review.mapping.defaults.origin.movement],
        number=number,
        order=Order(),
        facts={
            "file": str(file_id),
            "sha256": review.source.sha256.hex(),
            "mapping_sha256": mapping_sha256.hex(),
            "store": str(review.store["id"]),
            **numbers,
        },
    )
    written = staging.insert_file(
        db,
        actor,
        {
            "id": file_id,
            "name": review.source.name,
            "sha256": review.source.sha256,
            "mapping": review.mapping_text,
            "mapping_sha256": mapping_sha256,
            "store": review.store["id"],
            "unit": review.store["unit_id"],
            "document": document_id,
            "columns": review.headings,
            **numbers,
        },
    )
    if not written:
        _refuse_same_file(db, actor, review.source)
    return Imported(file_id, document_id, number)
