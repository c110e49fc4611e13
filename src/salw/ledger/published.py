"""The last checkpoint of each log outside the database, where no restore of the database takes it back."""

import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from salw.ledger.checkpoints import Checkpoint, read_checkpoint
from salw.ledger.notes import Note, NoteError, Verifier, read_note, verified


class Published:
    """A folder with one file a log: the newest checkpoint it was signed with, as a note."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, origin: str) -> Path:
        """Return the file of a log."""
        return self.folder / (origin.replace("/", "_") + ".checkpoint")

    def read(self, origin: str, keys: Collection[Verifier] = ()) -> Checkpoint | None:
        """Return the checkpoint in a log's file, None where there is none.

        `keys` are the log's, where they are known: one of them must have signed it. Raises `NoteError` for a file that
        is damaged or somebody else's, `OSError` for one that cannot be read.
        """
        try:
            note = read_note(self.path_of(origin).read_bytes())
        except FileNotFoundError:
            return None
        checkpoint = read_checkpoint(note.text)
        if checkpoint.origin != origin:
            raise NoteError("checkpoint.malformed")
        if keys and not verified(note, keys):
            raise NoteError("note.signature_wrong")
        return checkpoint

    def write(self, origin: str, note: Note) -> None:
        """Keep a checkpoint: after a crash at any point there is the old file or the new one, whole."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=self.folder, prefix=".")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(str(note))
                file.flush()
                os.fchmod(descriptor, 0o644)
                os.fsync(descriptor)
            os.replace(draft, self.path_of(origin))
        except OSError:
            os.unlink(draft)
            raise
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
