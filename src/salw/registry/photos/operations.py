"""Adding a photo to a weapon, and hiding one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import Conflict, NotFound
from salw.documents.files.queries import get_attached
from salw.documents.files.rules import check_picture
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event
from salw.registry.photos.rules import PhotoKind

_UNIT = "select unit_id from weapon where country = %(country)s and id = %(weapon)s and unit_id = any(%(units)s)"

_INSERT = """
insert into weapon_photo (country, id, weapon_id, file_id, kind, added_by, added_at)
values (%(country)s, %(id)s, %(weapon)s, %(file)s, %(kind)s, %(by)s, %(now)s)
"""

_LOCK = """
select p.weapon_id, w.unit_id, p.hidden_at
  from weapon_photo p join weapon w on (w.country, w.id) = (p.country, p.weapon_id)
 where p.country = %(country)s and p.id = %(id)s and w.unit_id = any(%(units)s)
   for no key update of p
"""

_HIDE = """
update weapon_photo set hidden_by = %(by)s, hidden_at = %(now)s, reason_id = %(reason)s
 where country = %(country)s and id = %(id)s
"""


def add_photo(
    db: Connection, *, actor: Actor, now: datetime, photo_id: UUID, weapon_id: UUID, file_id: UUID, kind: PhotoKind
) -> None:
    """Attach a kept picture to a weapon of a unit in scope.

    Raises `weapon.not_found`, `file.not_found`, `file.erased`, `file.not_a_picture`.
    """
    scope = {"country": actor.country, "units": list(actor.units), "weapon": weapon_id}
    if run_one(db, _UNIT, scope) is None:
        raise NotFound("weapon.not_found", weapons=[str(weapon_id)], count=1)
    file = get_attached(db, actor, file_id)
    check_picture(file)
    row = {"id": photo_id, "file": file_id, "kind": kind.value, "by": actor.person_id, "now": now}
    run(db, _INSERT, {**scope, **row})
    facts = {
        "photo": str(photo_id),
        "photo_kind": kind.value,
        "file": str(file_id),
        "file_commitment": file.commitment,
    }
    event = make_event(actor, "weapon.photographed", now, weapon_id=weapon_id, facts=facts)
    ledger.append(db, country=actor.country, events=[event])


def hide_photo(db: Connection, *, actor: Actor, now: datetime, photo_id: UUID, reason: str) -> None:
    """Hide a photo of a weapon of a unit in scope, for a reason; it stays, and so does its event.

    Raises `photo.not_found`, `photo.hidden`.
    """
    scope = {"country": actor.country, "units": list(actor.units), "id": photo_id}
    row = run_one(db, _LOCK, scope)
    if row is None:
        raise NotFound("photo.not_found", photo=str(photo_id))
    if row["hidden_at"] is not None:
        raise Conflict("photo.hidden")
    why = commit_to({"reason": reason})
    ledger.keep_values(db, country=actor.country, commitments=[why], unit_id=row["unit_id"])
    run(db, _HIDE, {**scope, "by": actor.person_id, "now": now, "reason": why.id})
    facts = {"photo": str(photo_id), "reason": why.digest.hex()}
    event = make_event(actor, "weapon.photo_hidden", now, weapon_id=row["weapon_id"], facts=facts)
    ledger.append(db, country=actor.country, events=[event])
