"""How a device comes in: by a supervisor's one-time code, or vouched for by another device of its store."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from salw.access.devices.keys import hash_key, is_signed, load_key
from salw.access.devices.operations.events import Recorded, record_events
from salw.access.devices.queries import get_device, lock_device
from salw.access.devices.rules import (
    DAYS_MAX,
    INVITATION_LASTS,
    DeviceState,
    Reason,
    Signed,
    check_voucher,
    enrolment_text,
    read_event,
)
from salw.access.guard import hash_token
from salw.access.queries import get_store
from salw.core.actor import Actor, Via
from salw.core.db import Row, enter_scope, instant_text, run, run_one
from salw.core.errors import Unacceptable, Unauthenticated
from salw.ledger import operations as ledger
from salw.ledger.events import make_event

CODE_SIZE = 20  # 160 bits, written in 32 characters

_INSERT_DEVICE = """
insert into device (country, id, store_id, unit_id, name, public_key, key_hash, state, enrolled_at, enrolled_by,
                    vouched_by, valid_from, valid_until)
values (%(country)s, %(id)s, %(store)s, %(unit)s, %(name)s, %(key)s, %(key_hash)s, %(state)s, %(now)s, %(by)s,
        %(vouched_by)s, %(now)s, %(until)s)
"""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code just drawn; it is shown once, only its hash is kept."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that shows a key and a signature made with the half that it keeps."""

    id: UUID
    public_key: bytes
    signature: bytes


def invite_device(
    db: Connection, *, actor: Actor, now: datetime, invitation_id: UUID, store_id: UUID, name: str, days: int
) -> Invitation:
    """Draw a one-time code that lets one device in for a store. Raises `store.not_found`."""
    store = get_store(db, actor, store_id)
    code = f"{actor.country}.{base64.b32encode(secrets.token_bytes(CODE_SIZE)).decode()}"
    invitation = Invitation(code, now + INVITATION_LASTS)
    run(
        db,
        """
        insert into device_invitation (country, id, store_id, unit_id, name, days, code_hash, account_id, created_at,
                                       expires_at)
        values (%(country)s, %(id)s, %(store)s, %(unit)s, %(name)s, %(days)s, %(hash)s, %(account)s, %(now)s,
                %(expires)s)
        """,
        {
            "country": actor.country,
            "id": invitation_id,
            "store": store_id,
            "unit": store["unit_id"],
            "name": name,
            "days": days,
            "hash": hash_token(code)[1],
            "account": actor.account_id,
            "now": now,
            "expires": invitation.expires_at,
        },
    )
    facts = {
        "invitation": str(invitation_id),
        "store": str(store_id),
        "days": days,
        "expires_at": instant_text(invitation.expires_at),
    }
    _tell(db, actor, "device.invited", now, facts)
    return invitation


def enrol_device(engine: Engine, *, now: datetime, code: str, candidate: Candidate) -> Row:
    """Let a device in by its code, once, and return it as `queries.get_device` does.

    A device whose reply was lost asks again with the same code, id and key, and gets the same answer. Raises
    `device.key_unsuitable`, which says nothing about the code, and `device.code_refused` for any other reason
    alike. The event names the supervisor, who answers for whom he gave the code to.
    """
    key = load_key(candidate.public_key)
    country, code_hash = hash_token("".join(code.split()).upper())
    with engine.begin() as db:
        invitation = run_one(db, "select * from find_device_invitation(%(c)s, %(h)s)", {"c": country, "h": code_hash})
        if invitation is None:
            raise Unauthenticated("device.code_refused")
        told = enrolment_text(
            country=country,
            device_id=candidate.id,
            store_id=invitation["store_id"],
            code_hash=code_hash,
            key_hash=hash_key(candidate.public_key),
        )
        if not is_signed(key, candidate.signature, told):
            raise Unauthenticated("device.code_refused")
        actor = _inviter(country, invitation, now, candidate.id)
        enter_scope(db, country=country, units=actor.units)
        if _take(db, actor, now, invitation["id"], candidate.id):
            _enter(db, actor, now, invitation, candidate)
        else:
            _check_repeated(db, actor, invitation["id"], candidate)
        return get_device(db, actor, candidate.id)


def vouch_for_device(
    db: Connection, *, actor: Actor, now: datetime, candidate: Candidate, name: str, vouching_id: UUID, voucher: Signed
) -> Recorded:
    """Enter a device that another one of the same store vouched for, and return what was answered to the voucher.

    The voucher is an event of the older device like any other, kept under its counter. Whatever was answered to
    it, the new device is only `vouched`: its events are quarantined until a supervisor confirms it. Raises
    `device.not_found`, `device.key_unsuitable`, `device.voucher_wrong`.
    """
    key, key_hash = load_key(candidate.public_key), hash_key(candidate.public_key)
    recorded = record_events(db, actor=actor, now=now, device_id=vouching_id, batch_id=candidate.id, events=[voucher])
    if recorded.answers[0].reason in (Reason.BAD_SIGNATURE, Reason.MALFORMED):
        raise Unacceptable("device.voucher_wrong")
    vouching = lock_device(db, actor, vouching_id)
    said = read_event(voucher.told, country=actor.country, device_id=vouching_id, counter=voucher.counter)
    check_voucher(said, device_id=candidate.id, store_id=vouching["store_id"], key_hash=key_hash)
    if not is_signed(key, candidate.signature, voucher.told):
        raise Unacceptable("device.voucher_wrong")
    values = _device_values(actor, now, vouching, candidate, name=name, days=DAYS_MAX, vouched_by=vouching_id)
    run(db, _INSERT_DEVICE, values)
    facts = {**_facts(candidate, vouching), "vouched_by": str(vouching_id), "voucher": voucher.digest.hex()}
    _tell(db, actor, "device.vouched", now, facts)
    return recorded


def _inviter(country: str, invitation: Row, now: datetime, device_id: UUID) -> Actor:
    """Return the supervisor as the one who acts, by the device that has his code, in the scope of the one unit."""
    return Actor(
        country=country,
        person_id=invitation["person_id"],
        account_id=invitation["account_id"],
        commitment=invitation["commitment"],
        roles=(),
        units=(invitation["unit_id"],),
        today=now.astimezone(ZoneInfo(invitation["time_zone"])).date(),
        time_zone=invitation["time_zone"],
        via=Via("device", device_id),
    )


def _take(db: Connection, actor: Actor, now: datetime, invitation_id: UUID, device_id: UUID) -> bool:
    """Use a code up, unless it is used or too old. Of two that come at once the second waits here, and is late."""
    taken = run_one(
        db,
        "update device_invitation set used_at = %(now)s, device_id = %(device)s "
        "where country = %(country)s and id = %(id)s and used_at is null and expires_at > %(now)s returning id",
        {"country": actor.country, "id": invitation_id, "device": device_id, "now": now},
    )
    return taken is not None


def _enter(db: Connection, actor: Actor, now: datetime, invitation: Row, candidate: Candidate) -> None:
    values = _device_values(
        actor, now, invitation, candidate, name=invitation["name"], days=invitation["days"], vouched_by=None
    )
    # An id or a key that is known already must not say so to somebody without a session.
    if run_one(db, f"{_INSERT_DEVICE} on conflict do nothing returning id", values) is None:
        raise Unauthenticated("device.code_refused")
    facts = {
        **_facts(candidate, invitation),
        "invitation": str(invitation["id"]),
        "valid_until": instant_text(values["until"]),
    }
    _tell(db, actor, "device.enrolled", now, facts)


def _check_repeated(db: Connection, actor: Actor, invitation_id: UUID, candidate: Candidate) -> None:
    same = run_one(
        db,
        """
        select d.id from device_invitation i join device d on (d.country, d.id) = (i.country, i.device_id)
         where i.country = %(country)s and i.id = %(invitation)s and d.id = %(id)s and d.key_hash = %(key_hash)s
        """,
        {
            "country": actor.country,
            "invitation": invitation_id,
            "id": candidate.id,
            "key_hash": hash_key(candidate.public_key),
        },
    )
    if same is None:
        raise Unauthenticated("device.code_refused")


def _device_values(
    actor: Actor, now: datetime, at: Row, candidate: Candidate, *, name: str, days: int, vouched_by: UUID | None
) -> dict[str, Any]:
    return {
        "country": actor.country,
        "id": candidate.id,
        "store": at["store_id"],
        "unit": at["unit_id"],
        "name": name,
        "key": candidate.public_key,
        "key_hash": hash_key(candidate.public_key),
        "state": (DeviceState.VOUCHED if vouched_by else DeviceState.IN_FORCE).value,
        "now": now,
        "by": actor.person_id,
        "vouched_by": vouched_by,
        "until": now + timedelta(days=days),
    }


def _facts(candidate: Candidate, at: Row) -> dict[str, Any]:
    return {
        "device": str(candidate.id),
        "store": str(at["store_id"]),
        "unit": at["unit_id"],
        "key": hash_key(candidate.public_key).hex(),
    }


def _tell(db: Connection, actor: Actor, kind: str, now: datetime, facts: Mapping[str, Any]) -> None:
    ledger.append(db, country=actor.country, events=[make_event(actor, kind, now, facts=facts)])
