"""What a weapon's row repeats of its events: the condition it was seen in last, parts that differ, reform. Pure.

Kept for each weapon of which events tell such a thing, because the last one holds and the log is read from the first.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

# What of an event says when the weapon was seen, and in the course of what the row says that it was (`SeenIn`).
_SEEN = {
    "weapon.returned": ("occurred_at", "return"),
    "weapon.condition_seen": ("seen_at", "count"),
    "weapon.maintained": ("done_at", "work"),
}
RETURNED = "weapon.returned"
_PART = "weapon.part_checked"
_REFORM = {"weapon.reform_proposed": "proposed", "weapon.reform_decided": None}
STATED = frozenset({*_SEEN, _PART, *_REFORM}) - {RETURNED}  # a return moves, and states a condition where one was seen
COLUMNS = ("condition", "condition_at", "condition_in", "parts_differ", "reform")
NOTHING = (None, None, None, False, None)


class Said(NamedTuple):
    """Where an event stands, and what it says, at an instant as text: such texts are in the order of time."""

    idx: int | None
    event_id: str
    at: str
    what: tuple[Any, ...]


class Fitness(NamedTuple):
    """A weapon that became unfit for use, or fit again (`custody.situation.is_unfit`), at an event."""

    idx: int | None
    weapon: str
    unfit: bool


class States:
    """What events say of weapons so far."""

    def __init__(self) -> None:
        self._conditions: dict[str, Said] = {}
        self._parts: dict[str, dict[str, Said]] = {}
        self._reforms: dict[str, Said] = {}
        self._unfit: set[str] = set()
        self.fitness: dict[str, Fitness] = {}  # by the event from which on a weapon is unfit for use, or fit again

    def keep(self, kind: str, weapon: str, idx: int | None, event_id: str, facts: Mapping[str, Any]) -> None:
        """Take over what an event says. What was seen earlier and is told later does not hide what is newer."""
        if kind in _SEEN:
            named, seen_in = _SEEN[kind]
            at = facts[named]
            before = self._conditions.get(weapon)
            if before is None or before.at <= at:
                self._conditions[weapon] = Said(idx, event_id, at, (facts["condition"], at, seen_in))
        elif kind == _PART:
            parts = self._parts.setdefault(weapon, {})
            found = parts.get(facts["part"])
            if found is None or found.at <= facts["found_at"]:
                differs = facts["part_outcome"] == "differs"
                parts[facts["part"]] = Said(idx, event_id, facts["found_at"], (differs,))
        else:
            status = _REFORM[kind] or facts["reform_status"]
            self._reforms[weapon] = Said(idx, event_id, "", (None if status == "refused" else status,))
        self._judge(weapon, idx, event_id)

    def _judge(self, weapon: str, idx: int | None, event_id: str) -> None:
        condition, reform = self._conditions.get(weapon), self._reforms.get(weapon)
        unfit = bool((condition and condition.what[0] == "unserviceable") or (reform and reform.what[0]))
        if unfit != (weapon in self._unfit):
            self.fitness[event_id] = Fitness(idx, weapon, unfit)
            self._unfit ^= {weapon}

    def pop(self, weapon: str) -> tuple[Said | None, tuple[Any, ...]]:
        """Return the last event about a weapon, and what its row is due to say in `COLUMNS`; it is told of once."""
        condition, reform = self._conditions.pop(weapon, None), self._reforms.pop(weapon, None)
        parts = list(self._parts.pop(weapon, {}).values())
        told = [said for said in (condition, reform, *parts) if said is not None]
        due = (
            *(condition.what if condition else NOTHING[:3]),
            any(said.what[0] for said in parts),
            *(reform.what if reform else NOTHING[4:]),
        )
        return max(told, key=lambda said: (said.idx is None, said.idx), default=None), due

    @property
    def left(self) -> list[str]:
        """Return the weapons that were not told of yet."""
        return sorted({*self._conditions, *self._parts, *self._reforms})
