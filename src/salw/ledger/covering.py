"""The checkpoint that something stands on: the first one that covers a number of events of a country."""

from dataclasses import dataclass

from sqlalchemy import Connection

from salw.core.db import Row, run, run_one
from salw.ledger.checkpoints import Checkpoint
from salw.ledger.notes import Note, read_note, read_signatures, with_signatures
from salw.ledger.trees import LogId


@dataclass(frozen=True, slots=True)
class Covering:
    """A signed checkpoint of a log, as a note with what witnesses have signed on it so far.

    `first_idx` is the place of the log's first event among all of the country.
    """

    log: LogId
    first_idx: int
    checkpoint: Checkpoint
    note: Note

    @property
    def own_note(self) -> Note:
        """Return the note with the log's signatures alone: the same whenever it is asked for."""
        return Note(self.note.text, tuple(s for s in self.note.signatures if s.name == self.checkpoint.origin))


# The log that holds the last of so many events, and the first of its checkpoints that covers them.
_COVERING = """
select g.id as log_id, g.origin, g.first_idx, c.size, c.root, c.note
  from (select * from log where country = %(country)s and first_idx <= greatest(%(size)s - 1, 0)
         order by id desc limit 1) as g
  join lateral (select size, root, note from checkpoint c
                 where c.country = g.country and c.log_id = g.id and c.size >= %(size)s - g.first_idx
                 order by c.size limit 1) as c on true
"""

_NEWEST = """
select g.id as log_id, g.origin, g.first_idx, c.size, c.root, c.note
  from log g
  join lateral (
        (select c.size, c.root, c.note from witnessed w
           join checkpoint c on (c.country, c.log_id, c.size) = (w.country, w.log_id, w.size)
          where w.country = g.country and w.log_id = g.id and w.size > %(index)s order by w.size desc limit 1)
        union all
        (select c.size, c.root, c.note from checkpoint c
          where c.country = g.country and c.log_id = g.id order by c.size desc limit 1)
        limit 1) as c on true
 where g.country = %(country)s and g.id = %(log)s
"""


def find_covering(db: Connection, country: str, size: int) -> Covering | None:
    """Return the first checkpoint that covers the first `size` events of a country; None where none does yet."""
    row = run_one(db, _COVERING, {"country": country, "size": size})
    return None if row is None else _covering(db, country, row)


def find_newest(db: Connection, log: LogId, index: int) -> Covering | None:
    """Return the newest checkpoint of a log: a witnessed one if it covers `index`, else the newest there is.

    No witnessed one covers `SIZE_MAX`. None where the log was never sealed, or is not there.
    """
    row = run_one(db, _NEWEST, {"country": log.country, "log": log.log_id, "index": index})
    return None if row is None else _covering(db, log.country, row)


def _covering(db: Connection, country: str, row: Row) -> Covering:
    lines = run(
        db,
        "select line from cosignature where country = %(country)s and log_id = %(log)s and size = %(size)s "
        "order by cosigned_at, witness",
        {"country": country, "log": row["log_id"], "size": row["size"]},
    )
    note = read_note(row["note"].encode())
    more = [s for line in lines for s in read_signatures(line["line"].rstrip("\n") + "\n")]
    checkpoint = Checkpoint(row["origin"], row["size"], row["root"])
    return Covering(LogId(country, row["log_id"]), row["first_idx"], checkpoint, with_signatures(note, more))
