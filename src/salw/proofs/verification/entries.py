"""One entry of the log against what stands in the tables: its hash, its columns, its times, its movement. Pure.

Instants are whole microseconds since 1970. What is compared comes as text, as it stands in the bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from salw.documents.rules import printed_number
from salw.proofs.verification.breaks import Findings

SECOND = 1_000_000
# The service's clock, which the bytes tell, against the database's, which recorded them.
CLOCKS_DIFFER = 300 * SECOND
# The longest write: a register of a million lines, read, checked and written in one transaction. An event takes its
# place in the queue as it is recorded, so one that stands after another was recorded at most so long before it.
LONGEST_WRITE = 3_600 * SECOND
# Events and movements of a write are recorded by one statement.
LONGEST_STATEMENT = 300 * SECOND

KINDS: Mapping[str, str] = {
    "weapon.issued": "issue",
    "weapon.returned": "return",
    "weapon.dispatched": "transfer_out",
    "weapon.received": "transfer_in",
    "weapon.written_off": "loss",
    "weapon.recovered": "recovery",
    "weapon.destroyed": "destruction",
}
REGISTERED = "weapon.registered"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(NamedTuple):
    """An entry as the database has it; of what there is not, None."""

    idx: int | None  # None while it waits in the queue
    event_id: str
    sealed_hash: bytes | None  # of the leaf
    sequenced_at: int | None
    log_id: int | None
    kind: str | None  # None where there is no such event
    weapon_id: str | None
    canonical: bytes
    leaf_hash: bytes
    recorded_at: int
    moved_weapon: str | None  # None where no movement rests on it
    seq: int
    from_holder: str | None
    from_unit: int | None
    to_holder: str
    to_unit: int
    moved_kind: str
    document: str
    occurred_at: str
    moved_at: int
    document_kind: str | None
    office: int | None
    number: int | None
    year: int | None
    reference: str | None
    registry_number: str | None  # of a first movement
    class_code: str | None
    model_code: str | None


_MOVEMENT = (
    ("seq", "seq"),
    ("from", "from_holder_id"),
    ("from_unit", "from_unit_id"),
    ("to", "to_holder_id"),
    ("to_unit", "to_unit_id"),
    ("document", "document_id"),
    ("occurred_at", "occurred_at"),
)


@dataclass(slots=True)
class Reading:
    """What is carried from one entry to the next, and what is found."""

    country: str
    found: Findings
    recorded_last: int = 0  # the latest instant of recording so far
    sequenced_last: int = 0
    suspects: list[tuple[int | None, str, int, int]] = field(default_factory=list)
    holders: dict[str, tuple[int, str, int | None]] = field(default_factory=dict)
    persons: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    movements: int = 0

    def check(self, entry: Entry) -> None:
        """Compare an entry with its own bytes, and its movement with both."""
        event_id, idx = entry.event_id, entry.idx
        if entry.kind is None:
            self.found.add("verify.event_missing", idx=idx, event=event_id, where=_where(idx))
            return
        hash_ = sha256(b"\x00" + entry.canonical).digest()
        if hash_ != entry.leaf_hash or (idx is not None and hash_ != entry.sealed_hash):
            self._hashes_differ(entry, hash_)
        try:
            body = json.loads(entry.canonical)
            facts, at = body["facts"], _instant(body["at"])
            told = (body["id"], body["country"], body["kind"], body.get("weapon"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.found.add("verify.bytes_unreadable", idx=idx, event=event_id, where=_where(idx))
            return
        if told != (event_id, self.country, entry.kind, entry.weapon_id):
            self._columns_differ(entry, told)
        self._times(entry, at)
        if entry.moved_weapon is not None or "seq" in facts:
            self._movement(entry, facts)
        elif entry.kind in _KEPT_FACTS:
            self._keep(entry, facts)

    def _hashes_differ(self, entry: Entry, hash_: bytes) -> None:
        idx, event = entry.idx, entry.event_id
        if hash_ == entry.leaf_hash:
            code, stands, due = "verify.event_not_as_sealed", hash_, entry.sealed_hash or b""
        elif hash_ == entry.sealed_hash:
            code, stands, due = "verify.event_hash_changed", entry.leaf_hash, hash_
        else:
            code, stands, due = "verify.bytes_changed", hash_, entry.sealed_hash or entry.leaf_hash
        self.found.add(
            code, idx=idx, event=event, where=_where(idx), kind=entry.kind, stands=stands.hex(), due=due.hex()
        )

    def _columns_differ(self, entry: Entry, told: tuple[Any, ...]) -> None:
        stands = (entry.event_id, self.country, entry.kind, entry.weapon_id)
        for column, stand, due in zip(("id", "country", "kind", "weapon_id"), stands, told, strict=True):
            if stand != due:
                self.found.add(
                    "verify.event_column_changed",
                    idx=entry.idx,
                    event=entry.event_id,
                    where=_where(entry.idx),
                    column=column,
                    stands=_told(stand),
                    due=_told(due),
                )

    def _times(self, entry: Entry, at: int) -> None:
        recorded, sequenced = entry.recorded_at, entry.sequenced_at
        if not at - CLOCKS_DIFFER <= recorded <= at + LONGEST_WRITE:
            self._time("verify.recorded_at_changed", entry, recorded, at)
        elif recorded < self.recorded_last - LONGEST_WRITE:
            self._time("verify.back_dated", entry, recorded, self.recorded_last)
            self.recorded_last = recorded  # one break a step back, not one for each entry after it
        self.recorded_last = max(self.recorded_last, recorded)
        if sequenced is None:
            return
        if sequenced < recorded:
            self._time("verify.recorded_after_sealed", entry, recorded, sequenced)
        if sequenced < self.sequenced_last:
            self._time("verify.sequenced_back", entry, sequenced, self.sequenced_last)
        self.sequenced_last = max(self.sequenced_last, sequenced)

    def _time(self, code: str, entry: Entry, stands: int, due: int) -> None:
        self.found.add(
            code,
            idx=entry.idx,
            event=entry.event_id,
            where=_where(entry.idx),
            kind=entry.kind,
            stands=instant(stands),
            due=instant(due),
        )

    def _movement(self, entry: Entry, facts: Mapping[str, Any]) -> None:
        if entry.moved_weapon is None:
            if "to" in facts and entry.weapon_id is not None:
                self._moved("verify.movement_missing", entry, entry.weapon_id, facts.get("seq"))
            return
        self.movements += 1
        if "to" not in facts or "seq" not in facts:
            self._moved("verify.movement_without_event", entry, entry.moved_weapon, entry.seq)
            return
        # In the order of `_MOVEMENT`.
        stands = entry[11:16] + entry[17:19]
        due = tuple(facts.get(fact) for fact, _ in _MOVEMENT)
        if stands != due:
            for (_, column), stand, told in zip(_MOVEMENT, stands, due, strict=True):
                if stand != told:
                    self._moved("verify.movement_changed", entry, entry.moved_weapon, entry.seq, column, stand, told)
        kind = KINDS.get(entry.kind or "", facts.get("origin"))
        if kind is not None and entry.moved_kind != kind:
            self._moved(
                "verify.movement_changed", entry, entry.moved_weapon, entry.seq, "kind", entry.moved_kind, kind
            )
        if entry.moved_weapon != entry.weapon_id:
            self._moved(
                "verify.movement_changed",
                entry,
                entry.moved_weapon,
                entry.seq,
                "weapon_id",
                entry.moved_weapon,
                entry.weapon_id,
            )
        if abs(entry.moved_at - entry.recorded_at) > LONGEST_STATEMENT:
            # Later than its event is right where the movement before it is as late: time does not run back.
            self.suspects.append((entry.idx, entry.moved_weapon, entry.seq, entry.recorded_at))
        self._paper(entry, facts)

    def _paper(self, entry: Entry, facts: Mapping[str, Any]) -> None:
        number = None if entry.number is None or entry.year is None else printed_number(entry.number, entry.year)
        stands: list[Any] = [entry.document_kind, entry.office, number, entry.reference]
        due = [facts.get("document_kind"), facts.get("office"), facts.get("number"), facts.get("reference")]
        if stands != due:
            self._differ("verify.document_changed", entry, ("kind", "office_unit_id", "number", "reference"), stands, due)
        if entry.seq == 1 and entry.kind == REGISTERED:
            stands = [entry.registry_number, entry.class_code, entry.model_code]
            due = [facts.get("registry_number"), facts.get("class"), facts.get("model")]
            if stands != due:
                self._differ(
                    "verify.weapon_changed", entry, ("registry_number", "class_code", "model_code"), stands, due
                )

    def _differ(
        self, code: str, entry: Entry, columns: Sequence[str], stands: Sequence[Any], due: Sequence[Any]
    ) -> None:
        for column, stand, told in zip(columns, stands, due, strict=True):
            if stand != told:
                self._moved(code, entry, entry.moved_weapon or "", entry.seq, column, stand, told)

    def _moved(
        self,
        code: str,
        entry: Entry,
        weapon: str,
        seq: Any,
        column: str = "",
        stands: Any = None,
        due: Any = None,
    ) -> None:
        self.found.add(
            code,
            idx=entry.idx,
            weapon=weapon,
            event=entry.event_id,
            where=_where(entry.idx),
            seq=seq,
            column=column,
            document=entry.document,
            stands=_told(stands),
            due=_told(due),
        )

    def _keep(self, entry: Entry, facts: Mapping[str, Any]) -> None:
        """Keep what the log says of a holder or a person, to hold the tables against it afterwards."""
        if entry.kind == "holder.opened":
            self.holders[facts["holder"]] = (facts["unit"], facts["holder_kind"], entry.idx)
        else:
            self.persons[facts["person"]] = (facts["commitment"], entry.idx)


_KEPT_FACTS = frozenset({"holder.opened", "person.entered"})


@lru_cache(64)
def _instant(text: str) -> int:
    """Return an RFC 3339 instant in microseconds. Raises `ValueError`."""
    since = datetime.fromisoformat(text) - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def instant(at: int) -> str:
    """Return an instant of microseconds as people and programs write it."""
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{at % SECOND:06d}Z"


def _told(value: Any) -> str:
    return "—" if value is None else str(value)


def _where(idx: int | None) -> str:
    return "queue" if idx is None else "log"
