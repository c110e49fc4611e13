"""Who is believed about a log, and what is known of it from outside the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from salw.ledger.checkpoints import Checkpoint, read_checkpoint
from salw.ledger.notes import Note, NoteError, Verifier, read_note
from salw.ledger.policy import NOBODY, Policy
from salw.ledger.published import Published


class Source(StrEnum):
    """Where keys come from: given by who verifies, or from the database, whose administrator may have put them in."""

    GIVEN = "given"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys and the witnesses that who verifies believes; without keys, those in the database are taken."""

    keys: tuple[Verifier, ...] = ()
    policy: Policy = NOBODY

    def keys_of(self, origin: str, stored: Iterable[Verifier]) -> tuple[Source, tuple[Verifier, ...]]:
        """Return the keys to hold a log's checkpoints against, and where they come from."""
        given = (*(key for key in self.keys if key.name == origin), *self.policy.keys_of(origin))
        if self.keys or given:
            return Source.GIVEN, given
        return Source.DATABASE, tuple(stored)


@dataclass(frozen=True, slots=True)
class Outside:
    """A checkpoint from outside the database. `place` is the path it was read from."""

    checkpoint: Checkpoint
    note: Note
    place: str
    given: bool  # by who verifies; else it is the service's own file


def read_outside(data: bytes, place: str, *, given: bool) -> Outside:
    """Return a checkpoint that was kept outside. Raises `NoteError`."""
    note = read_note(data)
    return Outside(read_checkpoint(note.text), note, place, given)


def read_published(published: Published, origins: Sequence[str]) -> tuple[list[Outside], Mapping[str, str]]:
    """Return the service's own files for logs of these names, and the unreadable ones: path by name."""
    found, unreadable = [], {}
    for origin in origins:
        path = published.path_of(origin)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            continue
        try:
            outside = read_outside(data, str(path), given=False)
            if outside.checkpoint.origin != origin:
                raise NoteError("checkpoint.malformed")
            found.append(outside)
        except NoteError:
            unreadable[origin] = str(path)
    return found, unreadable
