"""Writing declared lines in the statement that writes their slip."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from salw.core.actor import Actor
from salw.core.db import Part
from salw.custody.declarations.rules import Declared
from salw.ledger.events import Event, commit_to, make_event

# Why something does not come back may name a man: it is kept where it can be erased.
_REASONS = """
insert into personal_value (country, id, salt, commitment, value, unit_id)
select %(country)s, r.id, r.salt, r.digest, r.value, %(declared_unit)s
  from unnest(%(declared_reasons)s::uuid[], %(declared_salts)s::bytea[], %(declared_digests)s::bytea[],
              %(declared_texts)s::jsonb[]) as r (id, salt, digest, value)
"""

_LINES = """
insert into declared_line (country, document_id, place, unit_id, kind, calibre, quantity, reason_id)
select %(country)s, %(declared_on)s, l.place, %(declared_unit)s, l.kind, l.calibre, l.quantity, l.reason_id
  from unnest(%(declared_kinds)s::text[], %(declared_calibres)s::text[], %(declared_quantities)s::int[],
              %(declared_reason_of)s::uuid[]) with ordinality as l (kind, calibre, quantity, reason_id, place)
"""


def declare(
    actor: Actor, now: datetime, *, document_id: UUID, unit_id: int, lines: Sequence[Declared]
) -> tuple[list[Part], list[Event]]:
    """Return the rows of declared lines, to ride in the statement of their slip, and the one event that tells them.

    Nothing where nothing is declared. `unit_id` is the unit of the store.
    """
    if not lines:
        return [], []
    whys = [commit_to({"reason": line.reason}) if line.reason else None for line in lines]
    said = [why for why in whys if why is not None]
    values = {
        "declared_on": document_id,
        "declared_unit": unit_id,
        "declared_kinds": [line.kind.value for line in lines],
        "declared_calibres": [line.calibre for line in lines],
        "declared_quantities": [line.quantity for line in lines],
        "declared_reason_of": [why.id if why else None for why in whys],
        "declared_reasons": [why.id for why in said],
        "declared_salts": [why.salt for why in said],
        "declared_digests": [why.digest for why in said],
        "declared_texts": [Jsonb(why.value) for why in said],
    }
    told = [
        {
            "kind": line.kind.value,
            "calibre": line.calibre,
            "quantity": line.quantity,
            "reason": why.digest.hex() if why else None,
        }
        for line, why in zip(lines, whys, strict=True)
    ]
    event = make_event(actor, "document.declared", now, facts={"document": str(document_id), "lines": told})
    return [Part("declared_reasons", _REASONS, values), Part("declared", _LINES, values)], [event]
