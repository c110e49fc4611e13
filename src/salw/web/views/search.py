"""What one search field finds: weapons by label, number or mark, what codes name, people and places by name."""

from dataclasses import dataclass, field

from fastapi import Request

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
    """A unit, or what is held by one: its kind as the catalogue names it, its name, and whose it is."""

    kind: str
    name: str
    unit_name: str | None


@dataclass
class Found:
    """What a text names in the scope of whoever asks; `complaint` says what is wrong with a label or number."""

    weapons: list[LineOut] = field(default_factory=list)
    more: bool = False
    named: NamedOut | None = None
    people: list[ListedPersonOut] = field(default_factory=list)
    more_people: bool = False
    places: list[Place] = field(default_factory=list)
    complaint: str | None = None

    @property
    def empty(self) -> bool:
        """Say whether nothing was found."""
        return not (self.weapons or self.people or self.places or self.named)

    def only(self) -> str | None:
        """Return the address of what was found where it is one weapon and nothing else."""
        if len(self.weapons) != 1 or self.people or self.places or self.named:
            return None
        return f"/armes/{self.weapons[0].id}"


def search(request: Request, language: Language, text: str) -> Found:
    """Return what `text` names. Each kind is looked for with its own permission and scope, and leaves its traces."""
    found = Found()
    _weapons(request, language, text, found)
    is_name = len(text) >= NAME_LEAST and not any(char.isdigit() for char in text)
    with visit(request, Permission.ORGANISATION_READ, language) as desk:
        if desk is not None:
            people = get_people(desk, matricule=text, limit=PAGE_SIZE)
            if is_name and not people.items:
                people = get_people(desk, name=text, limit=PAGE_SIZE)
            if is_name and not people.items and len(named := without_rank(text)) >= NAME_LEAST:
                people = get_people(desk, name=named, limit=PAGE_SIZE)
            found.people, found.more_people = people.items, people.next_cursor is not None
            if len(text) >= NAME_LEAST:
                units = get_units(desk, name=text, limit=PAGE_SIZE).items
                found.places += [Place("unit", unit.name, None) for unit in units]
    if len(text) >= NAME_LEAST:
        with visit(request, Permission.WEAPON_READ, language) as desk:
            if desk is not None:
                holders = get_holders(desk, name=text, limit=PAGE_SIZE).items
                found.places += [Place(holder.kind, holder.name or "", holder.unit_name) for holder in holders]
    return found


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
            found.more, found.named = answer.more, answer.named
            return
    with visit(request, Permission.WEAPON_READ, language) as desk:
        if desk is not None:
            page = get_weapons(desk, q=text, limit=PAGE_SIZE)
            found.weapons, found.more = page.items, page.next_cursor is not None
