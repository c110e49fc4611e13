"""Labels that are on no weapon yet or never: blanks reserved for a store, codes of stores, racks and persons."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from salw.access.queries import get_store
from salw.core.actor import Actor
from salw.core.db import Row, run
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.ids import random_bytes
from salw.ledger.events import Event, commit_to, make_event
from salw.ledger.events import columns as event_columns
from salw.ledger.operations import APPEND_CTE, keep_text, keep_values
from salw.registry.labels.rules import NAMED, check_count, check_once
from salw.registry.operations import MadeLabels, unit_above, void_labels
from salw.registry.rules import check_stock
from salw_labels import Kind, LabelCode, draw_many

_WRITE = f"""
with batch as (
    insert into label_batch (country, id, unit_id, stock, start_position, copies)
    values (%(country)s, %(batch)s, %(unit)s, %(stock)s, %(start)s, %(copies)s)
), {APPEND_CTE}
insert into label (country, code, tail, batch_id, position, unit_id, store_id, rack_id, person_id)
select %(country)s, l.code, l.tail, %(batch)s, l.place - 1, l.unit,
       case when %(kind)s = 'store' then l.named end, case when %(kind)s = 'rack' then l.named end,
       case when %(kind)s = 'person' then l.named end
  from unnest(%(codes)s::text[], %(tails)s::text[], %(units)s::int[], %(named)s::uuid[])
       with ordinality as l (code, tail, unit, named, place)
"""

# What may bear a code, with the unit that decides who prints it; nobody is given a code whose name is erased.
_NAMED = {
    Kind.STORE: "select s.id, s.unit_id from store s where s.country = %(country)s and s.id = any(%(ids)s) "
    "and s.unit_id = any(%(units)s)",
    Kind.RACK: "select r.id, r.unit_id from rack r where r.country = %(country)s and r.id = any(%(ids)s) "
    "and r.unit_id = any(%(units)s)",
    Kind.PERSON: "select p.id, p.unit_id, v.commitment from person p join personal_value v "
    "on (v.country, v.id) = (p.country, p.value_id) where p.country = %(country)s and p.id = any(%(ids)s) "
    "and p.unit_id = any(%(units)s) and p.erased_at is null",
}
_VALID = """
select code, {kind}_id as named from label
 where country = %(country)s and {kind}_id = any(%(ids)s) and voided_at is null and left(code, 1) <> 'W'
"""


def reserve_blanks(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    batch_id: UUID,
    store_id: UUID,
    count: int,
    stock: str,
    start: int,
    copies: int,
) -> MadeLabels:
    """Reserve a block of blank labels for a store, to be attached to its weapons later.

    The block is one fact and one event, which holds the number of its codes and their hash. Raises `store.not_found`,
    and what `rules.check_count` and `check_stock` raise.
    """
    check_count(count)
    per_page = check_stock(stock, start).per_page
    store = get_store(db, actor, store_id)
    drawn = draw_many(count, random_bytes)
    listed = "\n".join(sorted(label.code for label in drawn))
    facts = {
        "batch": str(batch_id),
        "store": str(store_id),
        "count": count,
        "codes_sha256": hashlib.sha256(listed.encode()).hexdigest(),
    }
    events = [make_event(actor, "label.blanks_reserved", now, facts=facts)]
    named = [(store["unit_id"], store_id)] * count
    _write(db, actor, Kind.STORE, batch_id, store["unit_id"], (stock, start, copies), drawn, named, events)
    return MadeLabels(count, 0, -(-(start + copies * count) // per_page))


def make_codes(
    db: Connection,
    *,
    actor: Actor,
    now: datetime,
    batch_id: UUID,
    kind: Kind,
    ids: Sequence[UUID],
    stock: str,
    start: int,
    copies: int,
    replace_reason: str | None,
) -> MadeLabels:
    """Make one code for each store, rack or person, in the order given; with a reason, void the one it may have.

    Raises `store.not_found`, `rack.not_found` or `person.not_found`, `label.already_coded`, `label_batch.no_unit`, and
    what `rules.check_count`, `check_once` and `check_stock` raise.
    """
    if kind not in NAMED:
        raise Unacceptable("label.kind_not_made", kind=kind.value)
    check_count(len(ids))
    check_once(ids)
    per_page = check_stock(stock, start, kind).per_page
    scope = {"country": actor.country, "ids": list(ids), "units": list(actor.units)}
    found = {row["id"]: row for row in run(db, _NAMED[kind], scope)}
    unknown = [str(i) for i in ids if i not in found]
    if unknown:
        raise NotFound(f"{kind.value}.not_found", **{kind.value: unknown[0]})
    old = {row["named"]: row["code"] for row in run(db, _VALID.format(kind=kind.value), scope)}
    if old and replace_reason is None:
        raise Conflict("label.already_coded", ids=[str(i) for i in ids if i in old], count=len(old))
    unit_id = unit_above(db, scope, list(found.values()))
    drawn = draw_many(len(ids), random_bytes, kind=kind)
    events = []
    if old:
        reason = commit_to(replace_reason)
        keep_values(db, country=actor.country, commitments=[reason], unit_id=unit_id)
        void_labels(db, actor, codes=list(old.values()), reason=reason)
        told = {"reason": reason.digest.hex()}
        events += [
            make_event(actor, "label.code_voided", now, facts={"code": code, "kind": kind.value, **told})
            for code in old.values()
        ]
    events += [_made(actor, now, kind, batch_id, found[i], label) for i, label in zip(ids, drawn, strict=True)]
    named = [(found[i]["unit_id"], i) for i in ids]
    _write(db, actor, kind, batch_id, unit_id, (stock, start, copies), drawn, named, events)
    return MadeLabels(len(drawn), len(old), -(-(start + copies * len(drawn)) // per_page))


def _made(actor: Actor, now: datetime, kind: Kind, batch_id: UUID, named: Row, label: LabelCode) -> Event:
    facts: dict[str, Any] = {"code": label.code, "batch": str(batch_id), "kind": kind.value}
    if kind is Kind.PERSON:
        facts["person"] = {"id": str(named["id"]), "commitment": bytes(named["commitment"]).hex()}
    else:
        facts[kind.value] = str(named["id"])
    return make_event(actor, "label.code_made", now, facts=facts)


def _write(
    db: Connection,
    actor: Actor,
    kind: Kind,
    batch_id: UUID,
    unit_id: int,
    paper: tuple[str, int, int],
    drawn: Sequence[LabelCode],
    named: Sequence[tuple[int, UUID]],
    events: Sequence[Event],
) -> None:
    stock, start, copies = paper
    values: Mapping[str, Any] = {
        "country": actor.country,
        **event_columns(events),
        "batch": batch_id,
        "unit": unit_id,
        "kind": kind.value,
        "stock": stock,
        "start": start,
        "copies": copies,
        "codes": [label.code for label in drawn],
        "tails": [label.tail for label in drawn],
        "units": [unit for unit, _ in named],
        "named": [i for _, i in named],
    }
    run(db, _WRITE, values)


def open_rack(db: Connection, *, actor: Actor, now: datetime, rack_id: UUID, store_id: UUID, name: str) -> None:
    """Write down a rack of a store. Raises `store.not_found`; a name taken there is `rack.name_taken`."""
    store = get_store(db, actor, store_id)
    told = {"name": keep_text(db, country=actor.country, unit_id=store["unit_id"], name="name", text=name)}
    event = make_event(actor, "rack.opened", now, facts={"rack": str(rack_id), "store": str(store_id), **told})
    run(
        db,
        f"with {APPEND_CTE} insert into rack (country, id, store_id, unit_id, name) "
        "values (%(country)s, %(rack)s, %(store)s, %(unit)s, %(name)s)",
        {
            "country": actor.country,
            **event_columns([event]),
            "rack": rack_id,
            "store": store_id,
            "unit": store["unit_id"],
            "name": name,
        },
    )
