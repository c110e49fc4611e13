"""Finding weapons as the interface does, by number, store and state; and all that the page of one says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.queries import list_stores
from salw.access.rules import Permission
from salw.core.db import Row
from salw.core.errors import NotFound
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page
from salw.custody.rules import LOSSES, State
from salw.incidents.rules import LOSS_KINDS, Cause, IncidentKind
from salw.registry.labels.queries import list_labels
from salw.registry.photos.queries import list_photos
from salw.registry.photos.rules import PhotoKind
from salw.scanning import history, routes
from salw.scanning.alarms.queries import list_alarms
from salw.scanning.label_lines import label_line_out
from salw.scanning.rules import GONE
from salw.scanning.schemas import LineOut, WeaponOut

ENTRIES_SHOWN = 5
ALARMS_SHOWN = 20

# Where what may be done next is done, with what the address brings into the form: which weapon, and from where. What
# has no page is told without a way.
WAYS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "issue": ("/perceptions/nouvelle", {"store": "{holder}", "codes": "{number}"}),
    "return": ("/reintegrations/nouvelle", {"codes": "{number}"}),
    "order_transfer": ("/mutations/nouvelle", {"from_store": "{holder}", "codes": "{number}"}),
    "dispatch": ("/mutations", {"which": "approved"}),
    "receive": ("/mutations", {"which": "expected"}),
    "make_label": ("/etiquettes/armes", {"arme": "{id}"}),
    "open_incident": ("/armes/{id}/incident", {}),
}


@dataclass(frozen=True)
class Asked:
    """What the address of the list asks for; empty is everything in scope."""

    q: str = ""
    store: UUID | None = None
    state: State | None = None

    @property
    def number_only(self) -> bool:
        """Say whether nothing but what is engraved or printed was asked for: one that bears it is led to."""
        return bool(self.q) and self.store is None and self.state is None


def find(desk: Desk, asked: Asked, cursor: str | None) -> Page[LineOut]:
    """Return a page of the weapons in scope that answer to all that is asked."""
    return routes.get_weapons(
        desk, q=asked.q or None, store=asked.store, state=asked.state, cursor=cursor, limit=PAGE_SIZE
    )


def stores(desk: Desk) -> list[Row]:
    """Return the stores that the list can be narrowed to."""
    return list_stores(desk.db, desk.actor, after=None, limit=PAGE_SIZE_MAX)


def weapon(desk: Desk, weapon_id: UUID) -> dict[str, Any] | None:
    """Return what the page of a weapon says; None of one that left, whose history is all that is still told.

    Raises `weapon.not_found`.
    """
    try:
        card = routes.get_weapon(weapon_id, desk)
    except NotFound:
        history.get_view(desk.db, desk.actor, weapon_id)
        return None
    guest = desk.reads_as_guest(card.unit.id)
    alarms = not guest and desk.also_holds(Permission.LABEL_ALARM_READ)
    newest = history.list_history(
        desk.db, desk.actor, weapon_id, whole=True, newest_first=True, after=None, limit=ENTRIES_SHOWN + 1
    )
    labels = [label_line_out(row, desk.actor.language) for row in list_labels(desk.db, desk.actor, weapon_id)]
    return {
        "weapon": card,
        "acts": _acts(card),
        "elsewhere": [act.text for act in card.next if act.action not in WAYS],
        "alarms": list_alarms(desk.db, desk.actor, is_open=True, after=None, limit=ALARMS_SHOWN, weapon_id=weapon_id)
        if alarms
        else [],
        "label_lines": labels[::-1],
        "guest": guest,
        "labels_kept": not guest and desk.also_holds(Permission.LABEL_MAKE),
        "photos": list_photos(desk.db, desk.actor, weapon_id)
        if not guest and desk.also_holds(Permission.FILE_READ)
        else [],
        "photo_kinds": [kind.value for kind in PhotoKind],
        "pictures": not guest and desk.also_holds(Permission.PHOTO_RECORD) and card.state not in GONE,
        "entries": newest[:ENTRIES_SHOWN],
        "more": len(newest) > ENTRIES_SHOWN,
        "zone": desk.actor.time_zone,
        "late": card.due_back_at is not None and card.due_back_at < desk.now,
    }


def _acts(card: WeaponOut) -> list[tuple[str, dict[str, str], str]]:
    """Return what this reader may do next that has a page: its address, what it asks there, and its words."""
    shown = {"id": card.id, "holder": card.holder.id, "number": card.registry_number}

    def way(address: str, asked: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        return address.format(**shown), {name: text.format(**shown) for name, text in asked.items()}

    return [(*way(*WAYS[act.action]), act.text) for act in card.next if act.action in WAYS]


def incident_form(desk: Desk, weapon_id: UUID) -> dict[str, Any]:
    """Return what the form of an incident offers: what may have happened to the weapon as it stands now.

    A weapon that is lost can only be found again. Raises `weapon.not_found`.
    """
    card = routes.get_weapon(weapon_id, desk)
    lost = card.state in {kind.value for kind in LOSSES}
    return {
        "weapon": card,
        "kinds": [IncidentKind.RETRIEVED.value]
        if lost
        else [kind.value for kind in IncidentKind if kind in LOSS_KINDS],
        "causes": [] if lost else [cause.value for cause in Cause],
        "stores": [(str(row["id"]), row["name"]) for row in stores(desk)] if lost else [],
    }
