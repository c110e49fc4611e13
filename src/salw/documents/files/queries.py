"""Reading files: of units in scope, and the photos of weapons in scope wherever they were taken."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run_one
from salw.core.errors import Conflict, NotFound
from salw.documents.files.rules import Attached

# The photo's own policy asks for the weapon.
_SEEN = """
 where f.country = %(country)s and f.id = %(id)s
   and (f.unit_id = any(%(units)s)
        or exists (select from weapon_photo p where p.country = f.country and p.file_id = f.id))
"""


def get_file(db: Connection, actor: Actor, file_id: UUID) -> Row:
    """Return a file with its bytes (`media_type, bytes`). Raises `file.not_found`, `file.erased`."""
    return _get(db, actor, file_id, f"select f.media_type, f.bytes, f.erased_at from file f {_SEEN}")


def get_attached(db: Connection, actor: Actor, file_id: UUID) -> Attached:
    """Return a file that something is about to name. Raises `file.not_found`, `file.erased`."""
    row = _get(
        db,
        actor,
        file_id,
        "select f.media_type, f.erased_at, v.commitment from file f "
        f"left join personal_value v on (v.country, v.id) = (f.country, f.value_id) {_SEEN}",
    )
    return Attached(file_id, row["media_type"], row["commitment"].hex())


def _get(db: Connection, actor: Actor, file_id: UUID, query: str) -> Row:
    row = run_one(db, query, {"country": actor.country, "units": list(actor.units), "id": file_id})
    if row is None:
        raise NotFound("file.not_found", file=str(file_id))
    if row["erased_at"] is not None:
        raise Conflict("file.erased", file=str(file_id))
    return row
