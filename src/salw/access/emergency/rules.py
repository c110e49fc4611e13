"""How wide an emergency read may be, and how many one person may have. Pure."""

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


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {"pk_emergency_read": (Conflict, "request.id_reused")}
