"""Putting a bundle together: of a weapon, a store or a check, within the reader's scope.

The same state of the log gives the same bytes, whoever asks among those who see the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.access.rules import Permission
from salw.core.actor import Actor
from salw.core.db import Row
from salw.core.errors import Conflict, Refused, Unacceptable
from salw.ledger import merkle
from salw.ledger.covering import Covering, find_covering, find_newest
from salw.ledger.policy import Witness
from salw.ledger.trees import LogId, compute
from salw.proofs.bundles import queries
from salw.proofs.bundles.contents import Anchor, Bundle, Entry, LogPart, Subject, write_bundle
from salw.proofs.bundles.page import make_page
from salw.proofs.bundles.readme import Told, make_readme, write_readme
from salw.reports.queries import get_log_size_before
from salw.scanning.history import get_view
from salw.scanning.operations import note_reads
from salw.scanning.queries import get_card
from salw.stocktakes.queries import get_stocktake
from salw.stocktakes.rules import check_closed

EVENTS_MAX = 20_000  # beyond it the days must be narrowed: the file, and what writes it, would fill the memory
CHUNK = 2_000  # events whose tiles are held in memory at once


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bundle shall hold beside its subject: the reader's `names` or none, and the size a report stands on.

    `witnesses` are those that the node knows; their keys help to read the signatures, and prove nothing.
    """

    names: bool = False
    log_size: int | None = None
    witnesses: Sequence[Witness] = ()


def bundle_weapon(db: Connection, *, actor: Actor, weapon_id: UUID, asked: Asked) -> bytes:
    """Return the bundle of a weapon that the actor sees whole.

    Raises `weapon.not_found`, `bundle.not_whole` where only some of its movements are in his scope,
    `bundle.not_sealed`, `bundle.too_many_events`, `bundle.size_not_sealed`.
    """
    view = get_view(db, actor, weapon_id)
    if not view.whole:
        raise Refused("bundle.not_whole", weapon=str(weapon_id))
    note_reads(db, actor=actor, permission=Permission.LEDGER_BUNDLE, weapons={weapon_id: view.own_unit})
    card = get_card(db, actor, weapon_id)
    rows = queries.list_weapon_events(db, actor, weapon_id, limit=EVENTS_MAX + 1)
    return _write(db, actor, Subject("weapon", str(weapon_id), card["registry_number"]), rows, [], asked)


def bundle_store(
    db: Connection, *, actor: Actor, store_id: UUID, from_date: date | None, to_date: date | None, asked: Asked
) -> bytes:
    """Return the bundle of a store over days of the country's time, both inclusive, or of its whole time.

    Raises `store.not_found`, `bundle.period_reversed`, `bundle.period_in_future`, `bundle.no_events` and what
    `bundle_weapon` raises of the log.
    """
    store = get_store(db, actor, store_id)
    _check_days(from_date, to_date, actor.today)
    from_size = get_log_size_before(db, actor, from_date) if from_date else 0
    to_size = get_log_size_before(db, actor, to_date + timedelta(days=1)) if to_date else None
    rows = queries.list_store_events(db, actor, store_id, from_size=from_size, to_size=to_size, limit=EVENTS_MAX + 1)
    sizes = queries.list_check_sizes(db, actor, store_id, from_size, to_size)
    sizes += [size for size in (from_size, to_size) if size]
    return _write(db, actor, Subject("store", str(store_id), store["name"]), rows, sizes, asked)


def bundle_stocktake(db: Connection, *, actor: Actor, stocktake_id: UUID, asked: Asked) -> bytes:
    """Return the bundle of a closed check: its store's events up to its closing.

    Raises `stocktake.not_found`, `stocktake.still_open` and what `bundle_weapon` raises of the log.
    """
    row = get_stocktake(db, actor, stocktake_id)
    check_closed(row["status"])
    end = queries.get_end_of_check(db, actor, stocktake_id)
    if end is None:
        raise Conflict("bundle.not_sealed")
    rows = queries.list_store_events(db, actor, row["store_id"], from_size=0, to_size=end, limit=EVENTS_MAX + 1)
    subject = Subject("stocktake", str(stocktake_id), row["store_name"])
    return _write(db, actor, subject, rows, [row["log_size"], end], asked)


def _check_days(from_date: date | None, to_date: date | None, today: date) -> None:
    if from_date and to_date and to_date < from_date:
        raise Unacceptable("bundle.period_reversed", from_date=from_date, to_date=to_date)
    latest = max(day for day in (from_date, to_date, date.min) if day)
    if latest > today:
        raise Unacceptable("bundle.period_in_future", day=latest)


def _write(
    db: Connection, actor: Actor, subject: Subject, rows: Sequence[Row], sizes: Sequence[int], asked: Asked
) -> bytes:
    if len(rows) > EVENTS_MAX:
        raise Unacceptable("bundle.too_many_events", limit=EVENTS_MAX)
    wanted = {*sizes, *([asked.log_size] if asked.log_size is not None else [])}
    standings = {size: find_covering(db, actor.country, size) for size in sorted(wanted)}
    if asked.log_size is not None and standings[asked.log_size] is None:
        raise Conflict("bundle.size_not_sealed", size=asked.log_size)
    parts, sealed = [], []
    for log_id, of_log in groupby((row for row in rows if row["log_id"] is not None), lambda row: row["log_id"]):
        found = _part(db, LogId(actor.country, log_id), list(of_log), standings)
        if found is not None:
            parts.append(found[0])
            sealed += found[1]
    if not parts:
        raise Conflict("bundle.not_sealed" if rows else "bundle.no_events")
    bundle = Bundle(
        country=actor.country,
        subject=subject,
        parts=tuple(parts),
        policy=_policy(queries.list_log_keys(db, actor, [part.log for part in parts]), asked.witnesses),
        unsealed=len(rows) - len(sealed),
        values=queries.list_values(db, (row["canonical"] for row in sealed)) if asked.names else (),
        labels=queries.describe(db, actor, sealed),
    )
    told = Told(
        kind=subject.kind,
        name=subject.name,
        country=bundle.country,
        count=len(sealed),
        unsealed=bundle.unsealed,
        notes=tuple(part.note for part in parts),
    )
    return write_bundle(bundle, page=make_page(), readme=lambda digests: write_readme(make_readme(told, digests)))


def _part(
    db: Connection, log: LogId, rows: Sequence[Row], standings: dict[int, Covering | None]
) -> tuple[LogPart, list[Row]] | None:
    """Return what a bundle holds of one log, and those of its events that are sealed; None where none is."""
    # A witnessed checkpoint is worth more, unless it is older than what the bundle must show.
    asked = [s.checkpoint.size - 1 for s in standings.values() if s is not None and s.log == log]
    newest = find_newest(db, log, max(rows[-1]["index"], *asked, 0))
    size = 0 if newest is None else newest.checkpoint.size
    sealed = [row for row in rows if row["index"] < size]
    if newest is None or not sealed:
        return None
    entries = []
    for start in range(0, len(sealed), CHUNK):
        chunk = sealed[start : start + CHUNK]
        paths = compute(db, log, lambda read, chunk=chunk: _paths(read, chunk, size))  # type: ignore[misc]  # default
        entries += [Entry(row["index"], bytes(row["canonical"]), path) for row, path in zip(chunk, paths, strict=True)]
    ours = {at: s for at, s in standings.items() if s is not None and s.log == log and s.checkpoint.size <= size}
    anchors = _anchors(db, log, newest, ours.items())
    return LogPart(log.log_id, newest.first_idx, str(newest.note), tuple(entries), anchors), sealed


def _paths(read: merkle.Read, rows: Sequence[Row], size: int) -> list[tuple[bytes, ...]]:
    known: dict[tuple[int, int], bytes] = {}

    def once(level: int, number: int) -> bytes:
        # Neighbours read the same subtrees, each of which is hashed from its tile again.
        if (level, number) not in known:
            known[level, number] = read(level, number)
        return known[level, number]

    return [tuple(merkle.prove_inclusion(once, row["index"], size)) for row in rows]


def _anchors(db: Connection, log: LogId, newest: Covering, asked: Iterable[tuple[int, Covering]]) -> tuple[Anchor, ...]:
    """Return the sizes asked for, and with each the first checkpoint that covers it."""
    notes: dict[int, str] = {}
    for size, standing in asked:
        notes.setdefault(size - standing.first_idx, "")
        notes[standing.checkpoint.size] = str(standing.note)
    end = newest.checkpoint.size

    def prove(read: merkle.Read) -> list[tuple[bytes, list[bytes]]]:
        return [(merkle.root_at(read, size), merkle.prove_consistency(read, size, end)) for size in sorted(notes)]

    proven = compute(db, log, prove)
    return tuple(
        Anchor(size, root, tuple(path), notes[size]) for size, (root, path) in zip(sorted(notes), proven, strict=True)
    )


def _policy(keys: Sequence[str], witnesses: Sequence[Witness]) -> str:
    known = [*(f"log {key}\n" for key in keys), *(f"witness {w.name} {w.key.text}\n" for w in witnesses)]
    return "".join(known) + "quorum none\n"
