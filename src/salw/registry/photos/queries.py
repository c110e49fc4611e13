"""Reading the photos of a weapon in scope."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import NotFound

_PHOTOS = """
select p.id, p.kind, p.file_id as file, f.media_type, p.added_at, p.hidden_at, v.value->>'reason' as reason
  from weapon w
  left join weapon_photo p on (p.country, p.weapon_id) = (w.country, w.id)
  left join file f on (f.country, f.id) = (p.country, p.file_id)
  left join personal_value v on (v.country, v.id) = (p.country, p.reason_id)
 where w.country = %(country)s and w.id = %(weapon)s
   and (w.unit_id = any(%(units)s) or w.awaited_by_unit_id = any(%(units)s))
 order by p.added_at, p.id
"""


def list_photos(db: Connection, actor: Actor, weapon_id: UUID) -> list[Row]:
    """Return the photos of a weapon, oldest first, hidden ones too.

    Keys: `id, kind, file, media_type, added_at, hidden_at, reason` (null where it is another unit's to read, or
    erased). Raises `weapon.not_found`.
    """
    rows = run(db, _PHOTOS, {"country": actor.country, "units": list(actor.units), "weapon": weapon_id})
    if not rows:
        raise NotFound("weapon.not_found", weapons=[str(weapon_id)], count=1)
    return [row for row in rows if row["id"] is not None]
