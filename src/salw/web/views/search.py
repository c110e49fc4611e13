"""What one search field finds, each with the page it leads to: weapons, what codes name, people and places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from fastapi import Request

from salw.access.guard import Desk
from salw.access.routes.organisation import get_people, get_units
from salw.access.rules import Permission
from salw.access.schemas import ListedPersonOut
from salw.core.errors import DomainError
from salw.core.language import Language
from salw.core.pages import PAGE_SIZE
from salw.custody.routes.holders import get_holders
from salw.scanning.noticed import seen_of
from salw.scanning.resolver import resolve
from salw.scanning.routes import get_weapons
from salw.scanning.schemas import LineOut, NamedOut
from salw.web.desks import visit
from salw.web.forms import told
from salw.web.views.naming import without_rank

# A name is asked for by a few letters at least: fewer would list everybody.
NAME_LEAST = 3
# What a text can be that nothing bears: said in one way, in scope or not.
_NOTHING = frozenset({"scan.unknown", "scan.unreadable"})


@dataclass(frozen=True)
class Place:
    """A unit, or what is held by one: its kind as the catalogue names it, its name, whose it is, and its page."""

    kind: str
    name: str
    unit_name: str | None
    address: str | None


@dataclass
class Found:
    """What a text names in the scope of whoever asks; `complaint` says what is wrong with a label or number.

    `person_at` and `named_at` are the pages of people and of what a code names, where the reader has such pages: of a
    rack and of a blank that of their store. `attach_at` is where a blank is put on a weapon. `whole` says that a person
    was named by his whole matricule.
    """

    weapons: list[LineOut] = field(default_factory=list)
    more: bool = False
    warnings: list[str] = field(default_factory=list)
    named: NamedOut | None = None
    people: list[ListedPersonOut] = field(default_factory=list)
    more_people: bool = False
    person_at: str | None = None
    named_at: str | None = None
    attach_at: str | None = None
    whole: bool = False
    places: list[Place] = field(default_factory=list)
    complaint: str | None = None

    @property
    def empty(self) -> bool:
        """Say whether nothing was found."""
        return not (self.weapons or self.people or self.places or self.named)

    def only(self) -> str | None:
        """Return the address of what was found where a number or a code names it and nothing else.

        What a label warns of is read before one goes on, and so is that a code is a rack's or a blank: the page of
        their store says nothing of them.
        """
        if len(self.weapons) + len(self.people) + len(self.places) + (self.named is not None) != 1:
            return None
        if self.weapons and not self.warnings:
            return f"/armes/{self.weapons[0].id}"
        if self.people and self.whole and self.person_at:
            return f"{self.person_at}/{self.people[0].id}"
        whole = self.named and self.named.kind in ("store", "person") and not self.named.warnings
        return self.named_at if whole else None


# What a label that was typed or scanned says of itself; the page of its weapon tells of the valid one.
_OF_THE_LABEL = frozenset({"label.void", "label.tail_mismatch"})

# A store has no page of its own: its weapons are its page.
_PLACES: Mapping[str, str] = {"store": "/armes?store={}"}


def search(request: Request, language: Language, text: str) -> Found:
    """Return what `text` names. Each kind is looked for with its own permission and scope, and leaves its traces."""
    found = Found()
    _weapons(request, language, text, found)
    is_name = len(text) >= NAME_LEAST and not any(char.isdigit() for char in text)
    with visit(request, Permission.ORGANISATION_READ, language) as desk:
        if desk is not None:
            found.person_at = _person_at(desk)
            people = get_people(desk, matricule=text, limit=PAGE_SIZE)
            found.whole = bool(people.items)
            if is_name and not people.items:
                people = get_people(desk, name=text, limit=PAGE_SIZE)
            if is_name and not people.items and len(named := without_rank(text)) >= NAME_LEAST:
                people = get_people(desk, name=named, limit=PAGE_SIZE)
            found.people, found.more_people = people.items, people.next_cursor is not None
            if len(text) >= NAME_LEAST:
                units = get_units(desk, name=text, limit=PAGE_SIZE).items
                listed = desk.also_holds(Permission.DRAW_READ)
                found.places += [
                    Place("unit", unit.name, None, f"/detenteurs?unit={unit.id}" if listed else None) for unit in units
                ]
    if len(text) >= NAME_LEAST:
        with visit(request, Permission.WEAPON_READ, language) as desk:
            if desk is not None:
                holders = get_holders(desk, name=text, limit=PAGE_SIZE).items
                found.places += [
                    Place(one.kind, one.name or "", one.unit_name, _PLACES.get(one.kind, "/postes/{}").format(one.id))
                    for one in holders
                ]
    return found


def _person_at(desk: Desk) -> str | None:
    """Return where the page of a person stands for this reader: his fiche, or his account."""
    if desk.also_holds(Permission.REPORT_READ):
        return "/personnes"
    return "/administration/people" if desk.also_holds(Permission.ACCOUNT_READ) else None


def _weapons(request: Request, language: Language, text: str, found: Found) -> None:
    with visit(request, Permission.SCAN_READ, language) as desk:
        if desk is not None:
            try:
                answer = resolve(desk.db, desk.actor, text=text, typed=True)
            except DomainError as error:
                found.complaint = None if error.code in _NOTHING else told(error, language)
                return
            desk.seen.extend(seen_of(answer, desk.actor, text=text, store_id=None, at=desk.now))
            found.weapons = list(answer.candidates) if answer.card is None else [answer.card]
            if answer.card is not None:
                found.warnings = [one.text for one in answer.card.warnings if one.code in _OF_THE_LABEL]
            found.more, found.named = answer.more, answer.named
            found.named_at = _named_at(answer.named, desk) if answer.named else None
            found.attach_at = _attach_at(answer.named, desk) if answer.named else None
            return
    with visit(request, Permission.WEAPON_READ, language) as desk:
        if desk is not None:
            page = get_weapons(desk, q=text, limit=PAGE_SIZE)
            found.weapons, found.more = page.items, page.next_cursor is not None


def _named_at(named: NamedOut, desk: Desk) -> str | None:
    """Return the page of what a code names; a rack and a blank are those of their store."""
    if named.kind == "person":
        return f"/personnes/{named.id}" if desk.also_holds(Permission.REPORT_READ) else None
    return f"/armes?store={named.store}" if named.store and desk.also_holds(Permission.WEAPON_READ) else None


def _attach_at(named: NamedOut, desk: Desk) -> str | None:
    """Return where a valid blank is put on a weapon, filled in, for who puts labels on."""
    if named.kind != "blank" or named.warnings or not desk.also_holds(Permission.LABEL_MAKE):
        return None
    return f"/etiquettes/poser?{urlencode({'store': named.store, 'label': named.label.code})}"
