"""The last checkpoint of each log outside the database, where no restore of the database takes it back."""

import os
import tempfile
from pathlib import Path

from salw.ledger.checkpoints import Checkpoint, read_checkpoint
from salw.ledger.notes import Note, NoteError, read_note

# A file system of a USB stick or of Windows refuses these in a name. No name of a key has "+", so a port stays apart.
_IN_FILE_NAMES = str.maketrans({"/": "_", **dict.fromkeys(':*?"<>|\\', "+")})


class Published:
    """A folder with one file a log: the newest checkpoint it was signed with, as a note."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, origin: str) -> Path:
        """Return the file of a log."""
        return self.folder / (origin.translate(_IN_FILE_NAMES) + ".checkpoint")

    def read(self, origin: str) -> Checkpoint | None:
        """Return the checkpoint in a log's file, None where there is none. Raises `NoteError` for a damaged one."""
        path = self.path_of(origin)
        try:
            checkpoint = read_checkpoint(read_note(path.read_bytes()).text)
        except FileNotFoundError:
            return None
        if checkpoint.origin != origin:
            raise NoteError("checkpoint.malformed")
        return checkpoint

    def write(self, origin: str, note: Note) -> None:
        """Keep a checkpoint: after a crash at any point there is the old file or the new one, whole."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self.folder, prefix=".", delete=False) as draft:
            draft.write(str(note))
            draft.flush()
            os.fchmod(draft.fileno(), 0o644)
            os.fsync(draft.fileno())
        os.replace(draft.name, self.path_of(origin))
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
