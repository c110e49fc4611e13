"""The navigation of every page: one list, which a new page is entered in. What one may not open is not in it."""

from collections.abc import Iterable
from dataclasses import dataclass

from salw.access.rules import PERMISSIONS, Permission, Role


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the navigation: its address, the code of its name, and the permission that opens it."""

    address: str
    name: str
    permission: Permission


# In the order of a day at a desk.
NAVIGATION = (
    Entry("/", "web.nav.home", Permission.SESSION_OWN),
    Entry("/aujourdhui", "web.nav.today", Permission.DOCUMENT_READ),
    Entry("/perceptions", "web.nav.out", Permission.DOCUMENT_READ),
    Entry("/etats-nominatifs", "web.nominal.title", Permission.NOMINAL_LIST_RECORD),
    Entry("/appels", "web.musters.title", Permission.MUSTER_RECORD),
    Entry("/detenteurs", "web.nav.people", Permission.DRAW_READ),
    Entry("/mutations", "web.nav.transfers", Permission.TRANSFER_READ),
    Entry("/armes", "web.nav.arms", Permission.WEAPON_READ),
    Entry("/entretien", "web.maintenance.title", Permission.MAINTENANCE_READ),
    Entry("/etiquettes", "web.nav.labels", Permission.LABEL_MAKE),
    Entry("/etiquettes/alertes", "web.nav.alarms", Permission.LABEL_ALARM_CLOSE),
    Entry("/situation", "web.nav.situation", Permission.REPORT_READ),
    Entry("/registres", "web.nav.registers", Permission.REPORT_READ),
    Entry("/controles", "web.nav.checks", Permission.STOCKTAKE_READ),
    Entry("/comparaison", "web.nav.comparison", Permission.SUMMARY_READ),
    Entry("/devices", "web.nav.devices", Permission.DEVICE_READ),
    Entry("/emergency-reads", "web.nav.emergency", Permission.EMERGENCY_READ),
    Entry("/journal", "web.nav.journal", Permission.LEDGER_READ),
    Entry("/administration", "web.nav.administration", Permission.ACCOUNT_READ),
)


def entries_for(roles: Iterable[str]) -> list[Entry]:
    """Return the pages that open for somebody of these roles; everybody has the first one."""
    held = {permission for role in Role if role.value in set(roles) for permission in PERMISSIONS[role]}
    return [e for e in NAVIGATION if e.permission in held or e.permission is Permission.SESSION_OWN]


def home_for(roles: Iterable[str]) -> str:
    """Return the page on which a day begins: that of the desk where one has one, else the first page."""
    return "/aujourdhui" if any(entry.address == "/aujourdhui" for entry in entries_for(roles)) else "/"


def may_search(roles: Iterable[str]) -> bool:
    """Say whether the search field has anything to find for somebody of these roles."""
    return any(Permission.WEAPON_READ in PERMISSIONS[role] for role in Role if role.value in set(roles))


def is_current(entry: Entry, path: str) -> bool:
    """Say whether a page stands under an entry of the navigation."""
    return path == entry.address or (entry.address != "/" and path.startswith(f"{entry.address}/"))
