"""What events only commit to: each kept value must be what its commitment was made from, and each be committed to."""

import re
from typing import Any

from sqlalchemy import Connection

from salw.core.db import run
from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.entries import Entry, Reading

# Digests stand in events in hexadecimal; those of persons are called so. Whoever begins a register is in no book yet.
_DIGEST = re.compile(rb'(?:"(commitment)":)?"([0-9a-f]{64})"')
_NOBODY = "00" * 32
_PAGE = 10_000

_VALUES = """
select id, commitment from personal_value
 where country = %(country)s and id > %(after)s order by id limit %(limit)s
"""
_PERSONS = """
select p.id::text as person, v.commitment from person p
  left join personal_value v on (v.country, v.id) = (p.country, p.value_id)
 where p.country = %(country)s
"""
_HOLDERS = "select id::text, unit_id, kind from holder where country = %(country)s and id = any(%(ids)s::uuid[])"


class Commitments:
    """The commitments of a country's kept values, struck off as events are read that bear them."""

    def __init__(self, country: str, found: Findings) -> None:
        self.country = country
        self.found = found
        self.count = 0
        self._ids: dict[bytes, str] = {}
        self._seen: set[bytes] = set()
        self._missing: set[bytes] = set()

    def load(self, db: Connection) -> None:
        """Read the commitments, and let the database recompute each from salt and value, which nobody reads."""
        after = "00000000-0000-0000-0000-000000000000"
        while rows := run(db, _VALUES, {"country": self.country, "after": after, "limit": _PAGE}):
            self._ids |= {row["commitment"].hex().encode(): str(row["id"]) for row in rows}
            self.count += len(rows)
            after = rows[-1]["id"]
        for row in run(db, "select id from values_not_committed_to() as v (id)"):
            self.found.add("verify.value_changed", value=str(row["id"]))

    def see(self, entry: Entry) -> None:
        """Strike off what an event commits to, and name a person's value that is not kept."""
        if entry.kind is None:
            return
        for named, digest in _DIGEST.findall(entry.canonical):
            if digest in self._seen:
                continue
            if digest in self._ids:
                self._seen.add(digest)
            elif named and digest not in self._missing and digest.decode() != _NOBODY:
                self._missing.add(digest)
                self.found.add("verify.value_missing", idx=entry.idx, event=entry.event_id, digest=digest.decode())

    def end(self) -> None:
        """Name the kept values that no event commits to."""
        for digest, value in self._ids.items():
            if digest not in self._seen:
                self.found.add("verify.value_not_committed", value=value, digest=digest.decode())


def check_persons(db: Connection, reading: Reading, found: Findings) -> int:
    """Hold each person's present value against the last event about him, and return how many there are."""
    rows = run(db, _PERSONS, {"country": reading.country})
    for row in rows:
        due, idx = reading.persons.get(row["person"], (None, None))
        stands = None if row["commitment"] is None else row["commitment"].hex()
        if stands != due:
            found.add("verify.person_changed", idx=idx, person=row["person"], stands=_told(stands), due=_told(due))
    return len(rows)


def check_holders(db: Connection, reading: Reading, found: Findings) -> None:
    """Hold the holders that were opened by an event of their own against it."""
    rows = run(db, _HOLDERS, {"country": reading.country, "ids": list(reading.holders)})
    stand = {row["id"]: row for row in rows}
    for holder, (unit, kind, idx) in reading.holders.items():
        row = stand.get(holder, {"unit_id": None, "kind": None})
        for column, due in (("unit_id", unit), ("kind", kind)):
            if row[column] != due:
                found.add(
                    "verify.holder_changed",
                    idx=idx,
                    holder=holder,
                    column=column,
                    stands=_told(row[column]),
                    due=_told(due),
                )


def _told(value: Any) -> str:
    return "—" if value is None else str(value)
