"""How wide an emergency read may be, and how many one person may have, and what it opens. Pure."""

from collections.abc import Iterable

from salw.access.rules import Permission
from salw.core.errors import Conflict, DomainError, Unacceptable

REASON_LEAST = 20
HOURS_MOST = 24
# A battalion with its companies and posts. A whole force, or the country, is no emergency: it would be another role.
UNITS_MOST = 20
OPEN_MOST = 3


def check_breadth(units: int) -> None:
    """Refuse a unit with too many below it; `units` counts itself. Raises `emergency.too_wide`."""
    if units > UNITS_MOST:
        raise Unacceptable("emergency.too_wide", units=units, most=UNITS_MOST)


def check_running(running: int) -> None:
    """Refuse one more where too many are running: three wide reads are as good as a role. Raises
    `emergency.too_many_open`.
    """
    if running >= OPEN_MOST:
        raise Conflict("emergency.too_many_open", open=running)


# What an emergency read opens beyond one's scope: looking, never writing.
EMERGENCY_READS: frozenset[Permission] = frozenset(
    {
        Permission.INCIDENT_READ,
        Permission.REPORT_READ,
        Permission.SCAN_READ,
        Permission.STOCKTAKE_READ,
        Permission.TRANSFER_READ,
        Permission.WEAPON_READ,
    }
)

# What `begin_request` calls somebody whose scope an emergency read has widened; no posting bears it.
EMERGENCY_READER = "emergency_reader"


def reads_in_emergency(roles: Iterable[str]) -> bool:
    """Say whether a request's scope holds units of an emergency read, from the roles that its session came with."""
    return EMERGENCY_READER in roles


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {"pk_emergency_read": (Conflict, "request.id_reused")}
