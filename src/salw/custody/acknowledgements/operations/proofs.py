"""What a person proves himself with at the counter: his own PIN, his own card."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.log_in_rules import AttemptKind
from salw.access.operations.attempts import count, forgive_all
from salw.access.operations.passwords import hash_password, is_right
from salw.access.people_queries import get_person
from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import Refused, Unacceptable
from salw.custody.acknowledgements.rules import check_pin
from salw.ledger import operations as ledger
from salw.ledger.events import make_event
from salw.registry.rules import label_refusal
from salw_labels import Kind, LabelError, check_kind, parse

_SET = """
insert into counter_proof (country, person_id, secret_hash, set_by, set_at)
values (%(country)s, %(person)s, %(hash)s, %(by)s, %(now)s)
on conflict on constraint pk_counter_proof do update
   set secret_hash = %(hash)s, set_by = %(by)s, set_at = %(now)s
"""


def set_pin(db: Connection, *, actor: Actor, now: datetime, person_id: UUID, pin: str) -> None:
    """Keep the PIN that a person in scope chose and typed before the actor, who is another.

    Raises `person.not_found`, `pin.own`, `pin.easy`.
    """
    check_pin(pin)
    if person_id == actor.person_id:
        raise Refused("pin.own")
    person = get_person(db, actor, person_id)
    row = {"person": person_id, "hash": hash_password(pin), "by": actor.person_id, "now": now}
    run(db, _SET, {**row, "country": actor.country})
    told = {"id": str(person_id), "commitment": person["commitment"].hex()}
    ledger.append(db, country=actor.country, events=[make_event(actor, "person.pin_set", now, facts={"person": told})])


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


def prove_card(db: Connection, *, person_id: UUID, text: str) -> None:
    """Refuse what was scanned if it is not the person's card, as labels know it now.

    The printed line alone, which anybody can read off a card, is none. Raises the codes of the label library (misread,
    or the code of something else), `card.not_scanned`, `card.not_his`, `card.void`.
    """
    try:
        read = parse(text)
        check_kind(read.kind, Kind.PERSON)
    except LabelError as error:
        raise label_refusal(error) from error
    if read.tail is None:
        raise Unacceptable("card.not_scanned")
    asked = {"code": read.code, "tail": read.tail}
    row = run_one(db, "select person, void from person_of_card(%(code)s, %(tail)s)", asked)
    if row is None or row["person"] != person_id:
        raise Unacceptable("card.not_his")
    if row["void"]:
        raise Unacceptable("card.void")
