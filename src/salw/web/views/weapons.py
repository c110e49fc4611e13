"""Finding a weapon as the interface does: by a whole registry number, serial or mark."""

from salw.access.guard import Desk
from salw.core.pages import PAGE_SIZE, Page
from salw.scanning import routes
from salw.scanning.schemas import LineOut


def find(desk: Desk, text: str) -> Page[LineOut] | None:
    """Return the first weapons in scope that bear `text`; None where nothing was asked."""
    return routes.get_weapons(desk, q=text, limit=PAGE_SIZE) if text else None
