"""Blank labels put on weapons: the blank as read, the serial as engraved, a whole list or nothing of it."""

import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict, NotFound
from salw.ledger.events import columns as event_columns
from salw.ledger.events import make_event
from salw.ledger.operations import APPEND_CTE
from salw.registry.labels.rules import (
    Attachment,
    ReadLabel,
    check_count,
    check_known,
    check_none,
    check_once,
    read_label,
)
from salw.registry.operations import check_on_the_books, lock_weapons

# Locked in the order of their codes: of two people with the same blanks the second waits and sees them gone.
_BLANKS = """
select l.code, l.tail, l.weapon_id, l.voided_at, l.store_id, s.name as store_name
  from label l left join store s on (s.country, s.id) = (l.country, l.store_id)
 where l.country = %(country)s and l.code = any(%(codes)s)
 order by l.code for no key update of l
"""

# A mark that somebody could not read names no weapon, and proofs and parts are on many by their nature.
_BY_SERIAL = """
select distinct n.mark, w.id, w.registry_number
  from unnest(%(marks)s::text[]) as n (mark)
  join lateral (
        select id from weapon x where x.country = %(country)s and x.serial_normalised = n.mark
         union
        select weapon_id from mark m
         where m.country = %(country)s and m.normalised = n.mark and m.legibility in ('legible', 'partial')
           and m.kind not in ('proof', 'part')) as b on true
  join weapon w on w.country = %(country)s and w.id = b.id and w.unit_id = any(%(units)s)
  join custody c on c.country = w.country and c.weapon_id = w.id and c.holder_id = %(store)s
 order by n.mark, w.registry_number
"""
_IN_STORE = """
select c.weapon_id from custody c
 where c.country = %(country)s and c.weapon_id = any(%(weapons)s) and c.holder_id = %(store)s
"""
_LABELLED = """
select weapon_id from label
 where country = %(country)s and weapon_id = any(%(weapons)s) and voided_at is null
"""
_ATTACH = f"""
with {APPEND_CTE}, marked as (
    update weapon set labelled = true
     where country = %(country)s and id = any(%(weapons)s) and not labelled
)
update label l set weapon_id = a.weapon
  from unnest(%(codes)s::text[], %(weapons)s::uuid[]) as a (code, weapon)
 where l.country = %(country)s and l.code = a.code
"""


@dataclass(frozen=True, slots=True)
class Attached:
    """A blank that is on a weapon now."""

    code: str
    weapon_id: UUID


def attach_blanks(
    db: Connection, *, actor: Actor, now: datetime, store_id: UUID, attachments: Sequence[Attachment]
) -> list[Attached]:
    """Put blanks of a store on weapons that it holds, and return which is on which, in the order given.

    Raises `store.not_found`; of a blank `label.not_found`, `label.void`, `label.already_attached`,
    `label.of_another_store`, `label.tail_mismatch`; of a serial `label.serial_not_here`, `label.serial_ambiguous` with
    the candidates; of a weapon `weapon.not_found`, `label.weapon_not_here`, `label.already_labelled`,
    `label.off_the_books`; and what `rules.read_label` and `check_once` raise.
    """
    check_count(len(attachments))
    store = get_store(db, actor, store_id)
    read = [read_label(a.label) for a in attachments]
    codes = [blank.code for blank in read]
    check_once(codes)
    scope = {"country": actor.country, "units": list(actor.units), "store": store_id}
    weapons = _weapons(db, scope, attachments)
    check_once(weapons)
    scope["weapons"] = weapons
    # Weapons before labels, as whoever makes labels does.
    lock_weapons(db, scope)
    here = {row["weapon_id"] for row in run(db, _IN_STORE, scope)}
    if elsewhere := [str(w) for w in weapons if w not in here]:
        raise Conflict("label.weapon_not_here", weapons=elsewhere, count=len(elsewhere), store=store["name"])
    check_on_the_books(db, scope)
    _check_blanks(store_id, read, {row["code"]: row for row in run(db, _BLANKS, {**scope, "codes": codes})})
    labelled = {row["weapon_id"] for row in run(db, _LABELLED, scope)}
    if labelled:
        raise Conflict(
            "label.already_labelled", weapons=[str(w) for w in weapons if w in labelled], count=len(labelled)
        )
    events = [
        make_event(actor, "label.attached", now, weapon_id=weapon, facts={"code": code, "store": str(store_id)})
        for code, weapon in zip(codes, weapons, strict=True)
    ]
    run(db, _ATTACH, {**scope, **event_columns(events), "codes": codes})
    return [Attached(code, weapon) for code, weapon in zip(codes, weapons, strict=True)]


def _check_blanks(store_id: UUID, read: Sequence[ReadLabel], found: Mapping[str, Row]) -> None:
    check_known([blank.code for blank in read], list(found))
    rows = [(blank, found[blank.code]) for blank in read]
    # Of a label that was taken off and voided it matters that it is void, not where it once was.
    check_none("label.void_blank", [b.code for b, row in rows if row["voided_at"] is not None])
    check_none("label.already_attached", [b.code for b, row in rows if row["weapon_id"] is not None])
    others = [(b.code, row["store_name"]) for b, row in rows if row["store_id"] != store_id]
    if others:
        check_none("label.of_another_store", [code for code, _ in others], store=others[0][1])
    copied = [b.code for b, row in rows if b.tail is not None and not hmac.compare_digest(b.tail, row["tail"])]
    check_none("label.tail_mismatch", copied)


def _weapons(db: Connection, scope: Mapping[str, Any], attachments: Sequence[Attachment]) -> list[UUID]:
    """Return the weapon of each attachment: the one named, or the one of the store that bears the serial."""
    marks = {a.mark for a in attachments if a.weapon_id is None}
    borne: dict[str, list[Row]] = defaultdict(list)
    for row in run(db, _BY_SERIAL, {**scope, "marks": sorted(m for m in marks if m)}):
        borne[row["mark"]].append(row)
    chosen: list[UUID] = []
    unknown: list[str] = []
    ambiguous: list[dict[str, Any]] = []
    for attachment in attachments:
        found = borne[attachment.mark or ""] if attachment.weapon_id is None else []
        if attachment.weapon_id is not None:
            chosen.append(attachment.weapon_id)
        elif len(found) == 1:
            chosen.append(found[0]["id"])
        elif not found:
            unknown.append(attachment.serial or "")
        else:
            candidates = [{"weapon": str(r["id"]), "registry_number": r["registry_number"]} for r in found[:20]]
            ambiguous.append({"serial": attachment.serial, "candidates": candidates})
    if unknown:
        raise NotFound("label.serial_not_here", serials=unknown, count=len(unknown), named=", ".join(unknown))
    if ambiguous:
        raise Conflict("label.serial_ambiguous", serials=ambiguous, count=len(ambiguous))
    return chosen
