"""Keeping the newest condition of weapons."""

from collections.abc import Sequence

from salw.core.db import Part
from salw.registry.condition.rules import Seen, SeenIn

# What was seen earlier and is entered later (a day on paper, a device without network) does not hide what is newer.
_NEWEST = """
update weapon w set (condition, condition_at, condition_in) = (n.condition, n.seen_at, %(seen_in)s)
  from unnest(%(seen_weapons)s::uuid[], %(seen_conditions)s::text[], %(seen_instants)s::timestamptz[])
       as n (weapon_id, condition, seen_at)
 where w.country = %(seen_country)s and w.id = n.weapon_id and (w.condition_at is null or w.condition_at <= n.seen_at)
"""


def keep_newest(country: str, seen_in: SeenIn, seen: Sequence[Seen]) -> list[Part]:
    """Return what makes these the newest conditions of their weapons, unless newer ones are known; nothing for none.

    The fact itself is in the event of the act, which the caller writes; he has locked the weapons.
    """
    if not seen:
        return []
    values = {
        "seen_country": country,
        "seen_in": seen_in.value,
        "seen_weapons": [s.weapon_id for s in seen],
        "seen_conditions": [s.condition.value for s in seen],
        "seen_instants": [s.at for s in seen],
    }
    return [Part("seen", _NEWEST, values)]
