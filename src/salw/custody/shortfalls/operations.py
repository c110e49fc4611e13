"""Writing down why weapons of a mutation did not arrive."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run
from salw.custody.shortfalls.rules import Shortfall, spread
from salw.ledger import operations as ledger
from salw.ledger.events import commit_to

_STATE = """
update transfer_line l set short_reason = s.reason, short_text_id = s.text_id
  from unnest(%(weapons)s::uuid[], %(reasons)s::text[], %(texts)s::uuid[]) as s (weapon_id, reason, text_id)
 where l.country = %(country)s and l.transfer_id = %(transfer)s and l.weapon_id = s.weapon_id
"""


def state_shortfalls(
    db: Connection,
    *,
    actor: Actor,
    transfer_id: UUID,
    unit_id: int,
    outstanding: Sequence[UUID],
    shortfalls: Sequence[Shortfall],
) -> dict[str, Any]:
    """Keep the reasons on the lines of a locked mutation, and return what its event says of them.

    The texts are those of `unit_id`, which receives. Raises what `rules.spread` raises.
    """
    said = spread(shortfalls, outstanding)
    if not said:
        return {}
    kept = {id(one): commit_to({"shortfall": one.text}) for one, _ in said if one.text}
    ledger.keep_values(db, country=actor.country, commitments=list(kept.values()), unit_id=unit_id)
    lines = [(weapon, one, kept.get(id(one))) for one, weapons in said for weapon in weapons]
    values = {
        "country": actor.country,
        "transfer": transfer_id,
        "weapons": [weapon for weapon, _, _ in lines],
        "reasons": [one.reason.value for _, one, _ in lines],
        "texts": [text.id if text else None for _, _, text in lines],
    }
    run(db, _STATE, values)
    told = [
        {
            "weapons": [str(weapon) for weapon in weapons],
            "reason": one.reason.value,
            **({"text": kept[id(one)].digest.hex()} if one.text else {}),
        }
        for one, weapons in said
    ]
    return {"shortfalls": told}
