"""One entry of the log against what stands in the tables: its hash, its columns, its times, its movement. Pure.

Instants are seconds since 1970, exact to the microsecond. What is compared comes as text, as it stands in the bytes.
It is done a million times over, so rows are plain tuples here, and what entries have in common is looked at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple

from pydantic_core import from_json

from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.states import RETURNED, STATED, States
from salw.registry.texts import normalise_mark

# The service's clock, which the bytes tell, against the database's, which recorded them.
CLOCKS_DIFFER = 300.0
# The longest write: a register of a million lines, read, checked and written in one transaction. An event takes its
# place in the queue as it is recorded, so one that stands after another was recorded at most so long before it.
LONGEST_WRITE = 3_600.0
# Events and movements of a write are recorded by one statement.
LONGEST_STATEMENT = 300.0

KINDS: Mapping[str, str] = {
    "weapon.issued": "issue",
    "weapon.returned": "return",
    "weapon.dispatched": "transfer_out",
    "weapon.received": "transfer_in",
    "weapon.written_off": "loss",
    "weapon.recovered": "recovery",
    "weapon.destroyed": "destruction",
    "weapon.sent_to_workshop": "repair_out",
    "weapon.back_from_workshop": "repair_in",
}
ISSUED = "weapon.issued"
DISPATCHED = "weapon.dispatched"
TRANSFER_ORDERED = "transfer.ordered"
REGISTERED = "weapon.registered"
HOLDER_OPENED = "holder.opened"
PERSON_ENTERED = "person.entered"
PERSON_CHANGED = "person.changed"
PERSON_ERASED = "person.erased"
LOG_REOPENED = "log.reopened"
FILE_KEPT = "file.kept"
_KEEPING = STATED | {
    FILE_KEPT, HOLDER_OPENED, PERSON_ENTERED, PERSON_CHANGED, PERSON_ERASED, TRANSFER_ORDERED, LOG_REOPENED
}  # fmt: skip
_NAMED = frozenset({"id", "country", "kind"})
# What events call commitments to names and texts; other digests of that length are of files, keys and logs.
_COMMITMENTS = frozenset({"commitment", "details", "name", "reason", "reference", "said", "texts", "title"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DIGEST_LENGTH = 64  # of a commitment in hexadecimal

# idx (None: queued), event id, hash of the leaf, sequenced at, log; of the event (kind None: there is none) kind,
# weapon, bytes, hash, recorded at; of the movement (weapon None: there is none) weapon, seq, from, from unit, to,
# to unit, document, occurred at, kind, recorded at.
Entry = tuple[Any, ...]
_MOVED = slice(11, 17)
_told = itemgetter("seq", "from", "from_unit", "to", "to_unit", "document", "occurred_at")
_COLUMNS = ("seq", "from_holder_id", "from_unit_id", "to_holder_id", "to_unit_id", "document_id", "occurred_at")
# Not the number on the paper: since schema 2 the event only commits to it, and it is erased where it names somebody.
_OF_DOCUMENT = ("document_kind", "office", "number", "dated_on", "signatory")
_OF_WEAPON = (
    "registry_number", "class", "model", "maker_text", "model_text", "calibre_text", "made_in", "made_year",
    "import_country", "import_year",
)  # fmt: skip
_of_file = itemgetter("unit", "media_type", "size", "file_commitment")
_READABLE = frozenset({"legible", "partial"})
UNTOLD = object()  # an event of an earlier version says nothing of it


class Told(NamedTuple):
    """What an event says of a row that it made: to be held against the row when many are looked up at once."""

    idx: int | None
    event_id: str
    facts: tuple[Any, ...]


@dataclass(slots=True)
class Reading:
    """What is carried from one entry to the next, and what is found.

    `documents` and `weapons` wait to be looked up by whoever empties them; `commit` is told of every commitment.
    """

    country: str
    found: Findings
    commit: Callable[[str, int | None, str, bool], None]
    recorded_last: float = 0.0  # the latest instant of recording so far
    sequenced_last: float = 0.0
    events: int = 0
    movements: int = 0
    suspects: list[tuple[int | None, str, int, float]] = field(default_factory=list)
    documents: dict[str, Told] = field(default_factory=dict)
    weapons: dict[str, Told] = field(default_factory=dict)
    holders: dict[str, tuple[int, str, int | None]] = field(default_factory=dict)
    # Of each person every version in its order: commitment, unit, force, when the event says, idx.
    persons: dict[str, list[tuple[str, Any, Any, float, int | None]]] = field(default_factory=dict)
    receivers: dict[str, tuple[str, int | None]] = field(default_factory=dict)  # who was first given a holder's weapons
    ordered: dict[str, int] = field(default_factory=dict)  # to which unit each transfer goes
    transits: dict[str, tuple[int, int | None]] = field(default_factory=dict)  # and so who awaits its holder
    erasures: dict[float, set[str]] = field(default_factory=dict)  # whom the log says were erased, by instant
    files: dict[str, tuple[int | None, tuple[Any, ...]]] = field(default_factory=dict)  # what was kept, by file
    states: States = field(default_factory=States)  # what weapons were seen to be
    reopened: dict[int | None, Mapping[str, Any]] = field(default_factory=dict)  # what later logs say of earlier ones
    whose: dict[str, str] = field(default_factory=dict)  # the person that a commitment is called, as far as one is
    # What most entries have in common with the one before.
    _document: str = ""
    _at_text: str = ""
    _at: float = 0.0
    _occurred_text: str = ""
    _occurred: float = 0.0
    _actor: Mapping[str, Any] = field(default_factory=dict)
    _person: Mapping[str, Any] = field(default_factory=dict)

    def check(self, entry: Entry) -> None:
        """Compare an entry with its own bytes, and its movement with both."""
        idx, event_id, sealed, sequenced, _, kind, weapon, told, leaf_hash, recorded, moved = entry[:11]
        if kind is None:
            self._add("verify.event_missing", entry)
            return
        self.events += 1
        hash_ = sha256(b"\x00" + told).digest()
        if hash_ != leaf_hash or (hash_ != sealed and idx is not None):
            self._hashes_differ(entry, hash_)
        try:
            body = self._read(told, idx, event_id)
            facts = body["facts"]
        except (ValueError, KeyError, TypeError, AttributeError):
            self._add("verify.bytes_unreadable", entry)
            return
        if (
            body["id"] != event_id
            or body["kind"] != kind
            or body.get("weapon") != weapon
            or body["country"] != self.country
        ):
            self._columns_differ(entry, body)
        at, last = self._at, self.recorded_last
        if not (at - CLOCKS_DIFFER <= recorded <= at + LONGEST_WRITE and recorded >= last - LONGEST_WRITE):
            self._recorded(entry, at)
        if recorded > last:
            self.recorded_last = recorded
        if sequenced is not None:
            if sequenced < recorded or sequenced < self.sequenced_last:
                self._sequenced(entry)
            self.sequenced_last = sequenced
        try:
            if moved is not None or "seq" in facts:
                self._movement(entry, facts)
            elif kind in _KEEPING:
                self._keep(entry, facts)
        except (KeyError, TypeError, AttributeError):
            self._add("verify.bytes_unreadable", entry)

    def _read(self, told: bytes, idx: int | None, event_id: str) -> dict[str, Any]:
        """Return what an event's bytes say. Raises what unreadable ones raise."""
        body: dict[str, Any] = from_json(told, cache_strings="keys")
        facts, text, actor = body["facts"], body["at"], body["actor"]
        if text != self._at_text:
            self._at, self._at_text = seconds(text), text
        if actor != self._actor:
            self._actor = actor
            self._commitments(idx, event_id, actor)
        self._commitments(idx, event_id, facts)
        if not body.keys() >= _NAMED:
            raise KeyError("id")
        return body

    def _columns_differ(self, entry: Entry, body: Mapping[str, Any]) -> None:
        stands = (entry[1], self.country, entry[5], entry[6])
        told = (body["id"], body["country"], body["kind"], body.get("weapon"))
        self._differ("verify.event_column_changed", entry, ("id", "country", "kind", "weapon_id"), stands, told)

    def _keep(self, entry: Entry, facts: Mapping[str, Any]) -> None:
        """Keep what the log says of holders, persons and weapons, to hold the tables against it afterwards."""
        idx, kind = entry[0], entry[5]
        if kind in STATED:
            self.states.keep(kind, entry[6], idx, entry[1], facts)
        elif kind == HOLDER_OPENED:
            self.holders[facts["holder"]] = (facts["unit"], facts["holder_kind"], idx)
        elif kind in (PERSON_ENTERED, PERSON_CHANGED):
            told = (facts["commitment"], facts.get("unit", UNTOLD), facts.get("force", UNTOLD), self._at, idx)
            self.persons.setdefault(facts["person"], []).append(told)
        elif kind == TRANSFER_ORDERED:
            self.ordered[facts["transfer"]] = facts["to_unit"]
        elif kind == FILE_KEPT:
            self.files[facts["file"]] = (idx, _of_file(facts))
        elif kind == LOG_REOPENED:
            self.reopened[idx] = facts
        else:
            self.erasures.setdefault(self._at, set()).add(facts["person"])

    def _hashes_differ(self, entry: Entry, hash_: bytes) -> None:
        sealed, leaf_hash = entry[2], entry[8]
        if hash_ == leaf_hash:
            code, stands, due = "verify.event_not_as_sealed", hash_, sealed
        elif hash_ == sealed:
            code, stands, due = "verify.event_hash_changed", leaf_hash, hash_
        else:
            code, stands, due = "verify.bytes_changed", hash_, sealed or leaf_hash
        self._add(code, entry, stands=stands.hex(), due=due.hex())

    def _recorded(self, entry: Entry, at: float) -> None:
        recorded, last = entry[9], self.recorded_last
        if not at - CLOCKS_DIFFER <= recorded <= at + LONGEST_WRITE:
            self._add("verify.recorded_at_changed", entry, stands=instant(recorded), due=instant(at))
        else:
            self._add("verify.back_dated", entry, stands=instant(recorded), due=instant(last))
            self.recorded_last = recorded  # one break a step back, not one for each entry after it

    def _sequenced(self, entry: Entry) -> None:
        sequenced, recorded, last = entry[3], entry[9], self.sequenced_last
        if sequenced < recorded:
            self._add("verify.recorded_after_sealed", entry, stands=instant(recorded), due=instant(sequenced))
        if sequenced < last:
            self._add("verify.sequenced_back", entry, stands=instant(sequenced), due=instant(last))

    def _commitments(self, idx: int | None, event_id: str, facts: Any) -> None:
        """Tell of every digest among facts, and whether it is called a commitment, as each of a name or text is."""
        for key, value in facts.items():
            kind = value.__class__
            if kind is str:
                if len(value) == DIGEST_LENGTH:
                    if key == "commitment":
                        self.whose[value] = facts.get("id") or facts.get("person")
                    self.commit(value, idx, event_id, key in _COMMITMENTS or key.endswith("_commitment"))
            elif kind is dict:
                if value != self._person:
                    self._person = value
                    self._commitments(idx, event_id, value)
            elif kind is list:
                columns = facts.get("columns") or ()
                for item in value:
                    if item.__class__ is list and len(item) == len(columns):  # the counts of a list
                        self._commitments(idx, event_id, dict(zip(columns, item, strict=True)))
                    else:
                        self._commitments(idx, event_id, item if item.__class__ is dict else {"": item})

    def _movement(self, entry: Entry, facts: dict[str, Any]) -> None:
        weapon, seq = entry[10:12]
        if weapon is None:
            if "to" in facts and entry[6] is not None:
                self._add("verify.movement_missing", entry, weapon=entry[6], seq=facts["seq"])
            return
        self.movements += 1
        if "to" not in facts or "seq" not in facts:
            self._add("verify.movement_without_event", entry, weapon=weapon, seq=seq)
            return
        due = _told(facts)
        *_, document, text = due
        if text != self._occurred_text:
            self._occurred, self._occurred_text = _seconds_or_none(text), text
        recorded, event_kind, kind, moved = entry[9], entry[5], entry[18], entry[19]
        kind_due = KINDS.get(event_kind) or facts.get("origin")
        if entry[_MOVED] != due[:6] or entry[17] != self._occurred or weapon != entry[6] or kind != kind_due:
            self._differ(
                "verify.movement_changed",
                entry,
                ("weapon_id", "kind", *_COLUMNS),
                (weapon, kind, *entry[_MOVED], text if entry[17] == self._occurred else instant(entry[17])),
                (entry[6], kind_due, *due),
                weapon=weapon,
                seq=seq,
            )
        if not -LONGEST_STATEMENT <= moved - recorded <= LONGEST_STATEMENT:
            # Later than its event is right where the movement before it is as late: time does not run back.
            self.suspects.append((entry[0], weapon, seq, recorded))
        if document != self._document:
            self._document = document
            self.documents.setdefault(document, Told(entry[0], entry[1], _of_document(facts)))
        self._keep_moved(entry, due[3], facts)

    def _keep_moved(self, entry: Entry, holder: str, facts: Mapping[str, Any]) -> None:
        """Keep what a movement to a holder says of the weapon and of that holder."""
        event_kind, weapon = entry[5], entry[10]
        if event_kind == REGISTERED:
            self.weapons[weapon] = Told(entry[0], entry[1], (*_all(facts, _OF_WEAPON), *_serial(facts)))
        elif event_kind == RETURNED:
            if "condition" in facts:
                self.states.keep(event_kind, weapon, entry[0], entry[1], facts)
        elif event_kind == ISSUED:
            if holder not in self.receivers and "person" in facts:
                self.receivers[holder] = (facts["person"]["id"], entry[0])
        elif event_kind == DISPATCHED and facts.get("transfer") in self.ordered:
            self.transits.setdefault(holder, (self.ordered[facts["transfer"]], entry[0]))

    def _differ(
        self,
        code: str,
        entry: Entry,
        columns: Sequence[str],
        stands: Sequence[Any],
        due: Sequence[Any],
        **details: Any,
    ) -> None:
        for column, stand, told in zip(columns, stands, due, strict=True):
            if stand != told:
                self._add(code, entry, column=column, stands=shown(stand), due=shown(told), **details)

    def _add(self, code: str, entry: Entry, *, weapon: str | None = None, **details: Any) -> None:
        self.found.add(code, idx=entry[0], weapon=weapon, event=entry[1], kind=shown(entry[5]), **details)


_days: dict[str, int] = {}
# The first and the last instant that Python's calendar has.
_CALENDAR = tuple(
    (day - EPOCH).total_seconds() for day in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
)


def seconds(text: str) -> float:
    """Return an instant as it stands in canonical bytes (2026-11-26T15:19:08.220185Z). Raises `ValueError`."""
    day = text[:10]
    begun = _days.get(day)
    if begun is None:
        begun = _days[day] = (datetime.fromisoformat(day).replace(tzinfo=UTC) - EPOCH).days * 86_400
    whole = begun + int(text[11:13]) * 3_600 + int(text[14:16]) * 60 + int(text[17:19])
    return (whole * 1_000_000 + int(text[20:26])) / 1_000_000


def _all(facts: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple([facts.get(name, UNTOLD) for name in names])


def _of_document(facts: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what an event says of its document; the order on paper that it rests on is told where there is one."""
    return (*_all(facts, _OF_DOCUMENT), facts.get("paper_order"))


def _serial(facts: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return a weapon's serial and whether it has none, by the marks that an event tells of."""
    if "marks" not in facts:
        return UNTOLD, UNTOLD
    for mark in facts["marks"]:
        # As `registry.rules.NewWeapon.serial_mark` chooses it.
        if mark["kind"] == "factory_serial" and mark["legibility"] in _READABLE and normalise_mark(mark["raw"]):
            return mark["raw"], False
    return None, True


def _seconds_or_none(text: Any) -> float:
    try:
        return seconds(text)
    except (ValueError, TypeError):
        return 0.0


def instant(at: float) -> str:
    """Return an instant as people and programs write it; PostgreSQL also keeps those that no calendar has."""
    first, last = _CALENDAR
    if not first <= at < last:
        return "-infinity" if at < first else "infinity"
    return (EPOCH + timedelta(microseconds=round(at * 1_000_000))).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def shown(value: Any) -> str:
    """Return a value as a text shows it; nothing as a dash."""
    return "—" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)
