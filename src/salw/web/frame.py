"""What surrounds every page: who is logged in, as what and where, and whether the node holds invented data."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from salw.access.guard import Desk, begin, token_of
from salw.access.queries import has_demo_accounts
from salw.access.rules import Permission
from salw.core import clock
from salw.core.db import run_one
from salw.core.errors import Refused, Unauthenticated
from salw.core.language import Language


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page says around what it is about.

    `person` is empty for a stranger and for whoever was erased; `unit` and `role` are those of the first function in
    force, `more_roles` how many there are besides; `printed_at` is now in the country's time.
    """

    demo: bool = False
    inside: bool = False
    half: bool = False
    country: str = ""
    person: str = ""
    matricule: str = ""
    unit: str = ""
    role: str = ""
    more_roles: int = 0
    roles: tuple[str, ...] = ()
    printed_at: Any = None


NOWHERE = Frame()

# One statement, because every page asks it: who it is, and his functions in force, the oldest first.
_WHO = """
select p.matricule, p.value, c.name_fr, c.name_en, has_demo_accounts() as demo, f.roles, f.units
  from country c
  left join name_reader(%(id)s) p on true
 cross join lateral (
    select array_agg(g.role order by g.started_on, g.id) as roles,
           array_agg(u.name order by g.started_on, g.id) as units
      from posting g join unit u on (u.country, u.id) = (g.country, g.unit_id)
     where g.person_id = %(id)s and g.started_on <= %(today)s and (g.ended_on is null or g.ended_on > %(today)s)
 ) as f
 where c.code = %(country)s
"""


def note_frame(request: Request, desk: Desk, language: Language) -> None:
    """Read what will surround the page in the transaction that the page is made in, whatever the scope of that is.

    What is read is the same in every scope: postings and units are told to their whole country.
    """
    if not hasattr(request.state, "frame"):
        request.state.frame = _inside(desk, language)


def frame_of(request: Request, language: Language) -> Frame:
    """Return what surrounds a page for whoever asks; never refused, and nothing is known where the database is away."""
    noted: Frame | None = getattr(request.state, "frame", None)
    if noted is not None:
        return noted
    engines: dict[str, Engine] = request.app.state.engines
    try:
        with engines["app"].connect() as db:
            frame = _frame(db, request, language)
            db.commit()
            return frame
    except (DBAPIError, PoolTimeoutError):  # a page about a mistake must not become one about the database
        return NOWHERE


def _frame(db: Connection, request: Request, language: Language) -> Frame:
    try:
        desk = begin(db, token_of(request), clock.now(), Permission.SESSION_OWN, language)
        desk.require_session()
    except (Refused, Unauthenticated):  # a program, or a stranger
        db.rollback()
        return Frame(demo=has_demo_accounts(db))
    return _inside(desk, language)


def _inside(desk: Desk, language: Language) -> Frame:
    actor = desk.actor
    who = run_one(desk.db, _WHO, {"id": actor.person_id, "country": actor.country, "today": actor.today}) or {}
    roles, units = who.get("roles") or [], who.get("units") or []
    value = who.get("value")
    return Frame(
        demo=bool(who.get("demo")),
        inside=True,
        half=not desk.credential.is_full,
        country=who.get(f"name_{language}") or actor.country,
        person=f"{value['rank']} {value['family_name']} {value['given_names']}" if value else "",
        matricule=who.get("matricule") or "",
        unit=units[0] if units else "",
        role=roles[0] if roles else "",
        more_roles=max(0, len(roles) - 1),
        roles=tuple(sorted(set(roles))),
        printed_at=desk.now.astimezone(ZoneInfo(actor.time_zone)),
    )
