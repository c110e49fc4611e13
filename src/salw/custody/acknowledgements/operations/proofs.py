"""What a person proves himself with at the counter: his own PIN, his own card."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from salw.access.log_in_rules import AttemptKind
from salw.access.operations.attempts import count, forgive_all
from salw.access.operations.passwords import hash_password, is_right
from salw.access.queries import get_person
from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import Refused, Unacceptable
from salw.custody.acknowledgements.rules import check_pin
from salw.ledger import operations as ledger
from salw.ledger.events import make_event

_SET = """
insert into counter_proof (country, person_id, kind, secret_hash, set_by, set_at)
values (%(country)s, %(person)s, %(kind)s, %(hash)s, %(by)s, %(now)s)
on conflict on constraint pk_counter_proof do update
   set secret_hash = %(hash)s, set_by = %(by)s, set_at = %(now)s
"""


def set_pin(db: Connection, *, actor: Actor, now: datetime, person_id: UUID, pin: str) -> None:
    """Keep the PIN that a person in scope chose and typed before the actor, who is another.

    Raises `person.not_found`, `pin.own`, `pin.easy`.
    """
    check_pin(pin)
    _keep(db, actor, now, person_id, "pin", hash_password(pin))


def register_card(db: Connection, *, actor: Actor, now: datetime, person_id: UUID, code: str) -> None:
    """Register the card of a person in scope; the one before ends. Raises `person.not_found`, `card.taken`."""
    _keep(db, actor, now, person_id, "card", _hash_of(code))


def prove_pin(
    db: Connection, *, actor: Actor, now: datetime, person_id: UUID, pin: str, keep: Callable[[], None]
) -> None:
    """Refuse a PIN that is not the person's. Attempts are counted, and after some of them there is a wait.

    Nothing is locked by it: a slip is recorded without, and acknowledged in another way or later. `keep` commits the
    count before the PIN is looked at. Raises `person.not_found`,
    `session.too_many_attempts`, `pin.wrong`.
    """
    get_person(db, actor, person_id)
    key = f"pin:{person_id}"
    count(db, country=actor.country, kind=AttemptKind.PIN, key=key, now=now)
    keep()
    row = run_one(db, "select pin_of_person(%(person)s) as kept", {"person": person_id})
    if not is_right(pin, row["kept"] if row else None):
        raise Unacceptable("pin.wrong")
    forgive_all(db, country=actor.country, kind=AttemptKind.PIN, key=key)
    keep()


def prove_card(db: Connection, *, person_id: UUID, code: str) -> None:
    """Refuse a card that is not the person's. Raises `card.not_his`."""
    row = run_one(db, "select person_of_card(%(hash)s) as person", {"hash": _hash_of(code)})
    if row is None or row["person"] != person_id:
        raise Unacceptable("card.not_his")


def _hash_of(code: str) -> str:
    # Ten random signs and eight that stand in no list: there is nothing to guess, so nothing to slow down.
    return hashlib.sha256(code.encode()).hexdigest()


def _keep(
    db: Connection, actor: Actor, now: datetime, person_id: UUID, kind: Literal["pin", "card"], secret_hash: str
) -> None:
    if person_id == actor.person_id:
        raise Refused("pin.own")
    person = get_person(db, actor, person_id)
    row = {"person": person_id, "kind": kind, "hash": secret_hash, "by": actor.person_id, "now": now}
    run(db, _SET, {**row, "country": actor.country})
    told = {"id": str(person_id), "commitment": person["commitment"].hex()}
    event_kind = "person.pin_set" if kind == "pin" else "person.card_registered"
    ledger.append(db, country=actor.country, events=[make_event(actor, event_kind, now, facts={"person": told})])
