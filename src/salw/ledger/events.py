"""Ledger events: their canonical bytes, made once, here, and hashed as they are stored (RFC 8785, RFC 6962).

An event names persons by identifier and salted commitment, and free text by salted commitment, so that
the values can be erased and every proof still stands (`docs/architecture.md`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from salw.core.actor import Actor, Via
from salw.core.db import instant_text, uuid_text
from salw.core.errors import Unacceptable
from salw.core.ids import new_id, random_bytes
from salw.ledger.canonical import canonical
from salw.ledger.merkle import leaf_hash

SCHEMA = 2  # 1 did not say by what means somebody acted
ENTRY_SIZE_MAX = 65_535  # C2SP tlog-tiles: the length of an entry stands before it in two bytes


@dataclass(frozen=True, slots=True)
class Event:
    """An event ready to be stored: `canonical` are the bytes that `leaf_hash` was made from."""

    id: UUID
    kind: str
    weapon_id: UUID | None
    canonical: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Commitment:
    """A value kept out of the event: the event holds `digest`, the erasable table salt and value."""

    id: UUID
    salt: bytes
    digest: bytes
    value: Any


def commit_to(value: Any) -> Commitment:
    """Return a salted commitment to a JSON value: SHA-256 over a 32-byte salt and its canonical bytes."""
    salt = random_bytes(32)
    return Commitment(new_id(), salt, hashlib.sha256(salt + canonical(value)).digest(), value)


def make_event(
    actor: Actor,
    kind: str,
    now: datetime,
    *,
    weapon_id: UUID | None = None,
    facts: Mapping[str, Any],
    event_id: UUID | None = None,
) -> Event:
    """Return one event with its canonical bytes.

    `kind` is a past fact (`weapon.issued`); `facts` hold only JSON values: identifiers as text, instants
    by `instant_text`, commitments as hexadecimal digests, never a name. Raises `ledger.too_much_at_once` for facts
    beyond 64 KiB.
    """
    author = {"person": str(actor.person_id), "commitment": actor.commitment.hex(), "via": _means(actor.via)}
    return _event(actor.country, kind, now, author, weapon_id=weapon_id, facts=facts, event_id=event_id)


def make_event_of_the_node(
    country: str, kind: str, now: datetime, *, process: str, facts: Mapping[str, Any], event_id: UUID
) -> Event:
    """Return one event that no person caused: a process of the node tells what it found in the books."""
    return _event(country, kind, now, {"process": process}, weapon_id=None, facts=facts, event_id=event_id)


def _means(via: Via) -> dict[str, str]:
    """Return the means by which somebody acts as the bytes say it: what is known, and no more."""
    said = {"kind": via.kind, "id": uuid_text(via.id), "at": instant_text(via.at)}
    return {name: value for name, value in said.items() if value is not None}


def _event(
    country: str,
    kind: str,
    now: datetime,
    author: Mapping[str, Any],
    *,
    weapon_id: UUID | None,
    facts: Mapping[str, Any],
    event_id: UUID | None,
) -> Event:
    identifier = event_id or new_id()
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "country": country,
        "id": str(identifier),
        "kind": kind,
        "at": instant_text(now),
        "actor": author,
        "facts": facts,
    }
    if weapon_id is not None:
        body["weapon"] = str(weapon_id)
    told = canonical(body)
    if len(told) > ENTRY_SIZE_MAX:
        raise Unacceptable("ledger.too_much_at_once")
    return Event(identifier, kind, weapon_id, told, leaf_hash(told))


def columns(events: Sequence[Event]) -> dict[str, list[Any]]:
    """Return events as the parallel arrays that the statements of `APPEND_CTE` unnest."""
    return {
        "event_ids": [e.id for e in events],
        "event_kinds": [e.kind for e in events],
        "event_weapons": [e.weapon_id for e in events],
        "event_bytes": [e.canonical for e in events],
        "event_hashes": [e.leaf_hash for e in events],
    }
