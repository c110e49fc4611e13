"""Files that commands write: never over one that is there, whole or not at all, and what the system says of them."""

import os
from errno import EACCES, EDQUOT, EISDIR, ENOENT, ENOSPC, ENOTDIR, EPERM, EROFS
from pathlib import Path

from salw.core.errors import Unacceptable
from salw.core.language import translate

_CODES = {
    ENOENT: "program.file_missing",
    ENOTDIR: "program.file_missing",
    EISDIR: "program.file_is_folder",
    EACCES: "program.file_forbidden",
    EPERM: "program.file_forbidden",
    EROFS: "program.file_forbidden",
    ENOSPC: "program.disk_full",
    EDQUOT: "program.disk_full",
}


def code_of(error: OSError) -> str:
    """Return our code for what the system says of a file; its own words are in its own language."""
    return _CODES.get(error.errno or 0, "program.file_error")


def words_of(error: OSError) -> str:
    """Return what the system says of a file in French."""
    name = "?" if error.filename is None else os.fsdecode(error.filename)
    return translate(code_of(error), "fr", path=name, number=error.errno or 0)


def told(error: OSError) -> str:
    """Return what the system says of a file as a line for a person, with its code."""
    return f"{words_of(error)} [{code_of(error)}]"


def refuse_existing(path: Path | None) -> None:
    """Refuse to write where something stands already, before anything is read. Raises `program.file_exists`.

    A folder that is not there is told at once too, not after the work is done.
    """
    if path is None:
        return
    if os.path.lexists(path):
        raise Unacceptable("program.file_exists", path=str(path))
    if not path.parent.is_dir():
        raise FileNotFoundError(ENOENT, os.strerror(ENOENT), str(path.parent))


def write_new(path: Path, content: bytes) -> None:
    """Write a file that was not there; one that could not be finished is removed.

    Raises `program.file_exists`, and what the system raises with the name of the file.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        raise Unacceptable("program.file_exists", path=str(path)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        error.filename = error.filename or str(path)  # a full disk names no file
        raise
