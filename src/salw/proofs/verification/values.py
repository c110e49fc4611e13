"""What events only commit to: each kept value must be what its commitment was made from, and each be committed to."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from salw.core.db import Row, run
from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.entries import CLOCKS_DIFFER, LONGEST_WRITE, UNTOLD, Reading, Told, instant, shown
from salw.proofs.verification.states import COLUMNS, NOTHING

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Whoever begins a register is in no book yet.
_NOBODY = "00" * 32
_PAGE = 10_000
_FIRST = "00000000-0000-0000-0000-000000000000"
PERSON, TRANSIT = "person", "transit"
_HOLDER_COLUMNS = ("unit_id", "kind", "person_id", "awaited_by_unit_id")

_VALUES = """
select id, commitment from personal_value
 where country = %(country)s and id > %(after)s order by id limit %(limit)s
"""
_PERSONS = """
with otherwise as materialized (select * from people_said_otherwise())
select p.id::text as person, p.unit_id, p.force_code, v.commitment, date_part('epoch', p.erased_at) as erased_at,
       array(select o.said from otherwise o where o.person_id = p.id) as otherwise
  from person p
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where p.country = %(country)s
"""
_VERSIONS = """
select o.person_id::text as person, encode(v.commitment, 'hex') as commitment, date_part('epoch', o.until) as until
  from person_version o left join personal_value v on (v.country, v.id) = (o.country, o.value_id)
 where o.country = %(country)s
"""
# As the books print a number: `documents.rules.printed_number`.
_DOCUMENTS = """
select id::text, kind, office_unit_id,
       lpad(number::text, greatest(6, length(number::text)), '0') || '/' || year as number,
       dated_on::text, signatory_id::text, paper_order_id::text
  from document where country = %(country)s and id = any(%(ids)s::uuid[])
"""
_DOCUMENT_COLUMNS = ("kind", "office_unit_id", "number", "dated_on", "signatory_id", "paper_order_id")
_WEAPON_COLUMNS = (
    "registry_number", "class_code", "model_code", "maker_text", "model_text", "calibre_text", "made_in", "made_year",
    "import_country", "import_year", "serial", "unidentified",
)  # fmt: skip
_WEAPONS = f"""
select id::text, {", ".join(_WEAPON_COLUMNS)}
  from weapon where country = %(country)s and id = any(%(ids)s::uuid[])
"""
_ERASED = """
select v.id::text, encode(v.commitment, 'hex') as digest, date_part('epoch', v.erased_at) as at,
       v.remains->>'erased_on' as stands, (v.erased_at at time zone c.time_zone)::date::text as due
  from personal_value v join country c on c.code = v.country
 where v.country = %(country)s and v.erased_at is not null order by v.id
"""
_HOLDERS = """
select id::text, unit_id, kind, person_id::text, awaited_by_unit_id
  from holder where country = %(country)s and id = any(%(ids)s::uuid[])
"""
# Instants as events write them, which those of the calendar's years are compared by.
_FITNESS = """
select event_id::text as event, weapon_id::text as weapon, unfit from weapon_fitness where country = %(country)s
"""

_STATES = """
select id::text as weapon, condition,
       to_char(condition_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as condition_at, condition_in,
       parts_differ, reform
  from weapon
 where country = %(country)s and id > %(after)s and (condition is not null or parts_differ or reform is not null)
 order by id limit %(limit)s
"""
_FILE_COLUMNS = ("unit_id", "media_type", "size", "value_id")
_FILES = """
select f.id::text as file, f.unit_id, f.media_type, f.size, encode(v.commitment, 'hex') as digest
  from file f left join personal_value v on (v.country, v.id) = (f.country, f.value_id)
 where f.country = %(country)s order by f.id
"""


class Commitments:
    """The commitments of a country's kept values, struck off as events are read that bear them."""

    def __init__(self, country: str, found: Findings) -> None:
        self.country = country
        self.found = found
        self.count = 0
        self._ids: dict[str, str] = {}
        self._seen: set[str] = set()

    def load(self, db: Connection) -> None:
        """Read the commitments, and let the database recompute each from salt and value, which nobody reads."""
        after = _FIRST
        while rows := run(db, _VALUES, {"country": self.country, "after": after, "limit": _PAGE}):
            self._ids |= {row["commitment"].hex(): str(row["id"]) for row in rows}
            self.count += len(rows)
            after = rows[-1]["id"]
        for row in run(db, "select id from values_not_committed_to() as v (id)"):
            self.found.add("verify.value_changed", value=str(row["id"]))

    def see(self, digest: str, idx: int | None, event_id: str, named: bool) -> None:
        """Strike off what an event commits to, and name a value that it calls a commitment and that is not kept."""
        if digest in self._seen:
            return
        if digest in self._ids or digest == _NOBODY:
            self._seen.add(digest)
        elif named and _DIGEST.fullmatch(digest):
            self._seen.add(digest)
            self.found.add("verify.value_missing", idx=idx, event=event_id, digest=digest)

    def end(self) -> None:
        """Name the kept values that no event commits to."""
        for digest, value in self._ids.items():
            if digest not in self._seen:
                self.found.add("verify.value_not_committed", value=value, digest=digest)


class Companions:
    """The documents that movements rest on and the weapons that were registered, looked up many at once."""

    def __init__(self, db: Connection, reading: Reading) -> None:
        self._db = db
        self._reading = reading

    def check(self, *, least: int) -> None:
        """Hold what events told of them against the rows, where at least so many wait."""
        for told, sql, name, columns in (
            (self._reading.documents, _DOCUMENTS, "document", _DOCUMENT_COLUMNS),
            (self._reading.weapons, _WEAPONS, "weapon", _WEAPON_COLUMNS),
        ):
            if len(told) >= least:
                self._compare(told, sql, name, columns)
                told.clear()

    def _compare(self, told: dict[str, Told], sql: str, name: str, columns: Sequence[str]) -> None:
        rows = run(self._db, sql, {"country": self._reading.country, "ids": _ids(told)})
        stand = {row.pop("id"): tuple(row.values()) for row in rows}
        nothing = (None,) * len(columns)
        for key, due in told.items():
            stands = stand.get(key, nothing)
            if stands == due.facts:
                continue
            for column, one, fact in zip(columns, stands, due.facts, strict=True):
                if fact is not UNTOLD and one != fact:
                    self._reading.found.add(
                        f"verify.{name}_changed",
                        idx=due.idx,
                        weapon=key if name == "weapon" else None,
                        event=due.event_id,
                        column=column,
                        document=key,
                        stands=shown(one),
                        due=shown(fact),
                    )


def _ids(told: Iterable[str]) -> list[str]:
    """Return what can be an identifier: bytes that were edited may say anything in its place."""
    return [text for text in told if _ID.fullmatch(text)]


def check_persons(db: Connection, reading: Reading, found: Findings) -> int:
    """Hold each person's present value and columns against the last event about him, and what he was called before.

    Returns how many there are.
    """
    rows = run(db, _PERSONS, {"country": reading.country})
    there = {row["person"] for row in rows}
    for person, told in reading.persons.items():
        if person not in there:
            found.add("verify.person_missing", idx=told[-1][-1], person=person)
    for row in rows:
        _check_person(row, reading, found)
    _check_versions(db, reading, found)
    return len(rows)


def _check_person(row: Row, reading: Reading, found: Findings) -> None:
    person = row["person"]
    due, unit, force, _, idx = reading.persons.get(person, [(None, None, None, 0.0, None)])[-1]
    stands = None if row["commitment"] is None else row["commitment"].hex()
    if stands != due:
        found.add("verify.person_changed", idx=idx, person=person, stands=shown(stands), due=shown(due))
    elif unit is not UNTOLD and row["unit_id"] != unit:
        # Where he is posted is told elsewhere; of his unit the newest event about him.
        found.add("verify.person_unit_changed", idx=idx, person=person, stands=row["unit_id"], due=shown(unit))
    else:
        # Which number or sex is nobody's to read here: that it is another one than his value's, is said.
        wrong = row["otherwise"] if row["erased_at"] is None else []
        wrong += ["force_code"] if force is not UNTOLD and row["force_code"] != force else []
        for column in wrong:
            found.add("verify.person_column_changed", idx=idx, person=person, column=column)
    at = row["erased_at"]
    if at is not None and person not in reading.erasures.get(at, ()):
        found.add("verify.person_erased_untold", person=person, stands=instant(at))


def _check_versions(db: Connection, reading: Reading, found: Findings) -> None:
    """Hold the links to what people were called before against the events that named them so, and when that ended."""
    kept = {
        (row["person"], row["commitment"]): row["until"] for row in run(db, _VERSIONS, {"country": reading.country})
    }
    due = {
        (person, old[0]): (new[3], new[4])
        for person, told in reading.persons.items()
        for old, new in pairwise(told)
        if old[0] != new[0]
    }
    for person, commitment in sorted(kept.keys() ^ due.keys(), key=str):
        stands, told = (commitment, None) if (person, commitment) in kept else (None, commitment)
        idx = due.get((person, commitment), (0.0, None))[1]
        found.add("verify.person_version_changed", idx=idx, person=person, stands=shown(stands), due=shown(told))
    for key in sorted(kept.keys() & due.keys()):
        at, idx = due[key]
        if not at - CLOCKS_DIFFER <= kept[key] <= at + LONGEST_WRITE:
            until = {"stands": instant(kept[key]), "due": instant(at)}
            found.add("verify.person_version_changed", idx=idx, person=key[0], **until)


def check_erasures(db: Connection, reading: Reading, found: Findings) -> None:
    """Hold each erased value against the erasures that the log tells of: they bear one instant.

    What the log calls a person's is erased with him alone. A text is nobody's by what the log says of it.
    """
    for row in run(db, _ERASED, {"country": reading.country}):
        erased, whose = reading.erasures.get(row["at"]), reading.whose.get(row["digest"])
        if erased is None or (whose is not None and whose not in erased):
            found.add("verify.value_erased_untold", value=row["id"], stands=instant(row["at"]))
        if row["stands"] not in (None, row["due"]):
            found.add("verify.remains_changed", value=row["id"], stands=row["stands"], due=row["due"])


def check_holders(db: Connection, reading: Reading, found: Findings) -> None:
    """Hold holders against the events that opened them.

    A person's is opened by the first issue to it, that of a transfer under way by its dispatch.
    """
    due: dict[str, tuple[Any, str, str | None, int | None, int | None]]
    due = {holder: (unit, kind, None, None, idx) for holder, (unit, kind, idx) in reading.holders.items()}
    for holder, (person, idx) in reading.receivers.items():
        due.setdefault(holder, (UNTOLD, PERSON, person, None, idx))
    for holder, (awaited_by, idx) in reading.transits.items():
        due.setdefault(holder, (UNTOLD, TRANSIT, None, awaited_by, idx))
    rows = run(db, _HOLDERS, {"country": reading.country, "ids": _ids(due)})
    stand = {row["id"]: row for row in rows}
    nothing = dict.fromkeys(_HOLDER_COLUMNS)
    for holder, (*told, idx) in due.items():
        row = stand.get(holder, nothing)
        for column, fact in zip(_HOLDER_COLUMNS, told, strict=True):
            if fact is not UNTOLD and row[column] != fact:
                found.add(
                    "verify.holder_changed",
                    idx=idx,
                    holder=holder,
                    column=column,
                    stands=shown(row[column]),
                    due=shown(fact),
                )


def check_states(db: Connection, reading: Reading, found: Findings) -> None:
    """Hold the condition, parts and reform on the rows of weapons against the last events that tell of them."""
    after = _FIRST
    while rows := run(db, _STATES, {"country": reading.country, "after": after, "limit": _PAGE}):
        for row in rows:
            weapon, *stands = row.values()
            _state(reading, weapon, stands, found)
        after = rows[-1]["weapon"]
    for weapon in reading.states.left:
        _state(reading, weapon, NOTHING, found)


def _state(reading: Reading, weapon: str, stands: Sequence[Any], found: Findings) -> None:
    said, due = reading.states.pop(weapon)
    for column, one, fact in zip(COLUMNS, stands, due, strict=True):
        if one != fact:
            found.add(
                "verify.weapon_state_changed",
                idx=said.idx if said else None,
                weapon=weapon,
                event=said.event_id if said else "—",
                column=column,
                stands=shown(one),
                due=shown(fact),
            )


def check_fitness(db: Connection, reading: Reading, found: Findings) -> None:
    """Hold from which events on weapons are unfit for use, which past situations count by, against those events."""
    rows = run(db, _FITNESS, {"country": reading.country})
    stand = {row["event"]: (row["weapon"], row["unfit"]) for row in rows}
    due = {event: (change.weapon, change.unfit) for event, change in reading.states.fitness.items()}
    for event in sorted({*stand, *due}):
        one, fact = stand.get(event), due.get(event)
        if one != fact:
            change = reading.states.fitness.get(event)
            found.add(
                "verify.weapon_fitness_changed",
                idx=change.idx if change else None,
                event=event,
                weapon=(fact or one or ("—",))[0],
                stands=shown(one[1] if one else None),
                due=shown(fact[1] if fact else None),
            )


def check_files(db: Connection, reading: Reading, found: Findings) -> None:
    """Hold kept files against the events that kept them: their columns, and their bytes against what was committed to.

    The database compares the bytes with their digest and the digest with the kept value, which nobody else reads.
    """
    there = set()
    for file, *stands in (tuple(row.values()) for row in run(db, _FILES, {"country": reading.country})):
        there.add(file)
        idx, due = reading.files.get(file, (None, None))
        if due is None:
            found.add("verify.file_untold", file=file)
            continue
        for column, one, fact in zip(_FILE_COLUMNS, stands, due, strict=True):
            if one != fact:
                found.add("verify.file_changed", idx=idx, file=file, column=column, stands=shown(one), due=shown(fact))
    for file, (idx, _) in reading.files.items():
        if file not in there:
            found.add("verify.file_missing", idx=idx, file=file)
    for row in run(db, "select id::text from files_not_as_kept() as f (id)"):
        idx, _ = reading.files.get(row["id"], (None, None))
        found.add("verify.file_bytes_changed", idx=idx, file=row["id"])
