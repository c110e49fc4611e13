"""What may be kept as a file, and what may be done with one. Pure."""

from dataclasses import dataclass
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Unacceptable
from salw.documents.files.stripping import PICTURES

# A photo of a cheap telephone at its best; a signed page scanned in grey.
SIZE_MOST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that something is about to name: its id, its kind, and the commitment that stands for it in events."""

    id: UUID
    media_type: str
    commitment: str


def check_picture(file: Attached) -> None:
    """Refuse what is no picture where one is wanted. Raises `file.not_a_picture`."""
    if file.media_type not in PICTURES:
        raise Unacceptable("file.not_a_picture")


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_file": (Conflict, "request.id_reused"),
    "uq_file_country_unit_id_sha256": (Conflict, "request.try_again"),
}
