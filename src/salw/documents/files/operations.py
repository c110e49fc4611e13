"""Keeping a file: stripped of what its camera wrote into it, once for the same bytes of a unit."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.documents.files.stripping import Kept
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to, make_event

_KNOWN = "select id from file where country = %(country)s and unit_id = %(unit)s and sha256 = %(sha256)s"

_INSERT = """
insert into file (country, id, unit_id, media_type, size, sha256, bytes, value_id, kept_by)
values (%(country)s, %(id)s, %(unit)s, %(media_type)s, %(size)s, %(sha256)s, %(bytes)s, %(value)s, %(by)s)
"""


def keep_file(db: Connection, *, actor: Actor, now: datetime, file_id: UUID, unit_id: int, kept: Kept) -> UUID:
    """Keep a stripped file for a unit, and return its id: that of the first one where the unit has these bytes.

    The event `file.kept` holds a salted commitment to the digest of the bytes, so that a picture of somebody can be
    erased and the log still stands. Who keeps the same bytes at the same moment is told `request.try_again`.
    """
    digest = hashlib.sha256(kept.content).digest()
    place = {"country": actor.country, "unit": unit_id, "sha256": digest}
    known = run_one(db, _KNOWN, place)
    if known is not None:
        return UUID(str(known["id"]))
    commitment = commit_to({"sha256": digest.hex()})
    ledger.keep_values(db, country=actor.country, commitments=[commitment], unit_id=unit_id)
    row = {
        **place,
        "id": file_id,
        "media_type": kept.media_type,
        "size": len(kept.content),
        "bytes": kept.content,
        "value": commitment.id,
        "by": actor.person_id,
    }
    run(db, _INSERT, row)
    facts = {
        "file": str(file_id),
        "unit": unit_id,
        "media_type": kept.media_type,
        "size": len(kept.content),
        "file_commitment": commitment.digest.hex(),
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "file.kept", now, facts=facts)])
    return file_id
