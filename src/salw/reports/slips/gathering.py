"""Puts a numbered document together: its lines, both sides by the names they had then, what it declares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row
from salw.core.errors import NotFound
from salw.core.language import Language, translate
from salw.custody.declarations.queries import list_account
from salw.custody.declarations.rules import compare_slips
from salw.documents.rules import DocumentKind
from salw.reports.slips import queries
from salw.reports.slips.rules import Line, Party, Person, Sealed, Slip
from salw.scanning.history import read_fact, wanted_of
from salw.scanning.history_entries import Fact
from salw.scanning.history_lookups import Known, Version, Wanted, find_holders, look_up
from salw.scanning.words import holder_name, person_name, somebody


def _place(line: Line) -> tuple[int, str]:
    name = line.person.name if line.person else line.holder or ""
    return line.number or 0, name.partition(" ")[2] or name


@dataclass(frozen=True, slots=True)
class _Sides:
    """The holders that a document goes from and to, and the unit whose letterhead it bears."""

    source: UUID | None
    target: UUID | None
    transfer: Row | None


def get_slip(db: Connection, actor: Actor, document_id: UUID) -> Slip:
    """Return a document with the lines that the actor may see.

    Who sees none of its lines sees no document. Raises `document.not_found`.
    """
    document = queries.get_document(db, actor, document_id)
    kind = DocumentKind(document["kind"])
    weapons = queries.list_weapons(db, actor, document_id)
    rows = queries.list_moves(db, actor, document_id, [row["weapon_id"] for row in weapons])
    zone = ZoneInfo(actor.time_zone)
    facts = [read_fact(row, zone) for row in rows]
    transfer_id = facts[0].facts.get("transfer") if facts else str(document_id)
    transfer = queries.find_transfer(db, actor, UUID(transfer_id)) if transfer_id else None
    if not weapons or (not facts and transfer is None):
        raise NotFound("document.not_found", document=str(document_id))
    sides = _sides(facts, transfer)
    people = {holder for fact in facts for holder in fact.holders.values()}
    holders = find_holders(db, actor, people | {side for side in (sides.source, sides.target) if side})
    known = look_up(db, actor, _wanted(facts, holders, transfer, document_id, zone), holders=holders)
    teller = _Teller(actor, zone, known)
    giver, receiver = teller.parties(kind, facts, sides)
    lines = teller.lines(kind, facts, weapons)
    account = list_account(db, actor, [document_id])
    bears = known.holders.get(_letterhead(kind, sides) or UUID(int=0))
    force = queries.get_force(db, actor, bears["unit_id"]) if bears else {"code": None, "name_fr": None}
    indexes = [row["idx"] for row in rows]
    first = facts[0] if facts else None
    return Slip(
        id=document_id,
        country=actor.country,
        force=force["code"],
        kind=kind,
        year=document["year"],
        number=document["number"],
        dated_on=document["dated_on"],
        occurred_at=rows[0]["occurred_at"] if rows else document["recorded_at"],
        recorded_at=document["recorded_at"],
        due_back_at=teller.due(first),
        reference=document["reference"],
        signatory=teller.signatory(document),
        names={
            "country": document[f"country_{actor.language}"],
            "force": force.get(f"name_{actor.language}") or "",
            "office": document["office_name"],
            "unit": bears["unit_name"] if bears else "",
            "store": (bears["name"] or "") if bears else "",
        },
        giver=giver,
        receiver=receiver,
        lines=lines,
        lines_in_all=weapons[0]["lines"],
        declared=[entry.line for entry in account if entry.document_id == document_id],
        compared=compare_slips(account),
        paper=first.facts.get("paper") if first else None,
        sealed=Sealed(min(indexes), max(indexes)) if indexes and None not in indexes else None,
        demo=document["demo"],
    )


def _sides(facts: Sequence[Fact], transfer: Row | None) -> _Sides:
    if transfer is not None:
        return _Sides(transfer["from_store_id"], transfer["to_store_id"], transfer)
    return _Sides(facts[0].holders.get("from"), facts[0].holders.get("to"), None)


def _letterhead(kind: DocumentKind, sides: _Sides) -> UUID | None:
    """Return the holder whose unit the document is of: the store that gives, or that takes in."""
    return sides.target if kind in (DocumentKind.RETURN_SLIP, DocumentKind.ENTRY_ORDER) else sides.source


def _wanted(
    facts: Sequence[Fact], holders: Sequence[Row], transfer: Row | None, document_id: UUID, zone: ZoneInfo
) -> Wanted:
    wanted = wanted_of(facts, holders)
    people, versions = set(wanted.people), set(wanted.versions)
    for fact in facts:
        people |= {(who[0], fact.day) for who in (fact.receiver, fact.giver) if who is not None}
    if transfer is not None:
        people.add((transfer["ordered_by"], transfer["ordered_at"].astimezone(zone).date()))
        versions.add((transfer["ordered_by"], None))
    return Wanted(
        frozenset(people),
        frozenset(versions),
        frozenset({document_id}),
        wanted.checks,
        wanted.texts,
        wanted.devices,
        wanted.tokens,
    )


@dataclass(frozen=True, slots=True)
class _Teller:
    """Says places and people in the reader's words: names in his own units, functions elsewhere."""

    actor: Actor
    zone: ZoneInfo
    known: Known

    def parties(self, kind: DocumentKind, facts: Sequence[Fact], sides: _Sides) -> tuple[Party, Party]:
        """Return who gives and who receives; of many people on one slip, each stands on his own line."""
        if not facts:
            assert sides.transfer is not None  # noqa: S101 - a document without movement is a transfer's order
            day = sides.transfer["ordered_at"].astimezone(self.zone).date()
            orderer = self._person((sides.transfer["ordered_by"], None), day)
            return self._party(sides.source, orderer), self._party(sides.target, None)
        first = facts[0]
        author = self._person(first.author, first.day)
        if kind is DocumentKind.ISSUE_SLIP:
            return self._party(sides.source, author), self._user(facts, "to")
        if kind is DocumentKind.RETURN_SLIP:
            return self._user(facts, "from"), self._party(sides.target, author)
        if kind is DocumentKind.ENTRY_ORDER:
            return self._party(sides.source, None), self._party(sides.target, author)
        return self._party(sides.source, author), self._party(sides.target, None)

    def lines(self, kind: DocumentKind, facts: Sequence[Fact], weapons: Sequence[Row]) -> list[Line]:
        """Return the lines by model and number; with the holder of each, and in the order of their list, where several.

        Whoever gives out from a list finds its lines on the bon; what comes back stands by name, the rank left aside.
        """
        key = {DocumentKind.ISSUE_SLIP: "to", DocumentKind.RETURN_SLIP: "from"}.get(kind)
        by_weapon = {fact.row["weapon_id"]: fact for fact in facts}
        several = key is not None and len({fact.holders.get(key) for fact in facts}) > 1
        told = []
        for row in weapons:
            fact = by_weapon.get(row["weapon_id"])
            own = self._user([fact], key) if several and fact and key else None
            told.append(
                Line(
                    weapon=row["weapon_id"],
                    registry_number=row["registry_number"],
                    serial=row["serial"],
                    model=row["model"],
                    class_code=row["class_code"],
                    holder=own.place if own else None,
                    person=own.person if own else None,
                    number=fact.facts.get("line") if own and fact and fact.facts.get("nominal_list") else None,
                )
            )
        return sorted(told, key=_place)

    def due(self, first: Fact | None) -> datetime | None:
        """Return by when an issue is due back; nothing of what is permanent or no issue."""
        said = first.facts.get("due_back_at") if first else None
        return datetime.fromisoformat(said) if said else None

    def signatory(self, document: Mapping[str, Any]) -> str | None:
        """Return who signed the paper order that the document rests on."""
        if document["signatory_id"] is None:
            return None
        function = self.known.functions.get((document["signatory_id"], document["dated_on"]))
        who = self.known.identities.get((document["signatory_id"], None))
        role = translate(f"role.{function['role']}" if function and function["role"] else "role.none", self._language)
        unit = function["unit_name"] if function else None
        return somebody(role, unit, who.value if who else None, who.erased_on if who else None, self._language)

    @property
    def _language(self) -> Language:
        return self.actor.language

    def _user(self, facts: Sequence[Fact], key: str) -> Party:
        """Return the user holder of a slip, or, of several, their unit alone."""
        held = {fact.holders[key] for fact in facts if key in fact.holders}
        if len(held) != 1:
            holder = self.known.holders.get(next(iter(held))) if held else None
            return Party(translate("slip.several", self._language), holder["unit_name"] if holder else "", None)
        fact = facts[0]
        who = fact.receiver if key == "to" else fact.giver
        return self._party(next(iter(held)), self._person(who, fact.day))

    def _party(self, holder_id: UUID | None, person: Person | None) -> Party:
        holder = self.known.holders.get(holder_id) if holder_id else None
        if holder is None:
            return Party("", "", person)
        if holder["kind"] == "person":
            kind = translate("holder_kind.person", self._language)
            return Party(kind, holder["unit_name"], person or Person(kind, None))
        name = holder_name(holder["kind"], holder["name"], None, named=bool(holder["named"]), language=self._language)
        return Party(name, holder["unit_name"], person)

    def _person(self, version: Version | None, day: date) -> Person | None:
        """Return somebody as he was then: rank, NAME, given names and number; or his function alone."""
        if version is None:
            return None
        who = self.known.identities.get(version)
        if who is not None and who.erased_on is not None:
            return Person(person_name(who.value, self._language, erased_on=who.erased_on), None)
        if who is not None and isinstance(who.value, dict):
            value = who.value
            parts = (value.get("rank"), str(value.get("family_name") or "").upper(), value.get("given_names"))
            name = " ".join(str(part) for part in parts if part)
            return Person(name or translate("person.unnamed", self._language), value.get("matricule"))
        function = self.known.functions.get((version[0], day))
        role = function["role"] if function else None
        return Person(translate(f"role.{role}" if role else "holder_kind.person", self._language), None)
