"""Reading the model catalogue and the label batches in scope."""

from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound

# The catalogue is reference data of a few hundred rows without row-level security: a scan costs nothing.
# Names are compared as marks are, so that "ak47" finds "AK (AK-47)".
_MODELS = r"""
select code, name, maker, made_in, calibre, calibre_mm, class_code, family, aliases
  from model
 where code > %(after)s
   and (%(class)s::text is null or class_code = %(class)s)
   and (%(q)s::text is null or exists (
           select 1 from unnest(aliases || name || code) as known
            where position(%(q)s in upper(regexp_replace(known, '[^[:alnum:]]', '', 'g'))) > 0))
 order by code limit %(limit)s
"""


def list_models(db: Connection, *, q: str | None, class_code: str | None, after: str | None, limit: int) -> list[Row]:
    """Return models by code, at most `limit`; `q` is a normalised part of the name, an alias or the code."""
    return run(db, _MODELS, {"q": q, "class": class_code, "after": after or "", "limit": limit})


def get_label_batch(db: Connection, actor: Actor, batch_id: UUID) -> Row:
    """Return a batch in scope (`id, stock, start_position, copies`). Raises `label_batch.not_found`."""
    row = run_one(
        db,
        """
        select id, stock, start_position, copies from label_batch
         where country = %(country)s and id = %(id)s and unit_id = any(%(units)s)
        """,
        {"country": actor.country, "id": batch_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("label_batch.not_found", batch=str(batch_id))
    return row


def find_model_class(db: Connection, code: str) -> str | None:
    """Return the class of a model of the catalogue, or None where it does not know the model."""
    row = run_one(db, "select class_code from model where code = %(code)s", {"code": code})
    return row["class_code"] if row else None


def list_same_serial(db: Connection, actor: Actor, weapon_id: UUID, serial: str) -> list[Row]:
    """Return weapons in scope, other than this one, whose normalised serial is the same, at most twenty.

    A warning and no more (R1): makers repeat serials, and one rifle entered twice looks just like that.
    """
    return run(
        db,
        """
        select id as weapon, registry_number from weapon
         where country = %(country)s and serial_normalised = %(serial)s and unit_id = any(%(units)s)
           and id <> %(weapon)s
         order by id limit 20
        """,
        {"country": actor.country, "serial": serial, "units": list(actor.units), "weapon": weapon_id},
    )
