"""The armourer's desk: what is due on weapons, parts that do not match, proposals for reform, one weapon's state."""

from typing import Any
from uuid import UUID

from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, decode_cursor, encode_cursor
from salw.custody.rules import HolderKind
from salw.maintenance import queries
from salw.maintenance.rules import PartName, PartOutcome, ReformKind, Work
from salw.maintenance.schemas import queued_out
from salw.registry.condition.rules import Condition
from salw.scanning import routes as scanning
from salw.web.views import issuing

FINDINGS_SHOWN = 50
# Acts by the word of their address, with the permission that opens each.
ACTS = {
    "travail": Permission.MAINTENANCE_RECORD,
    "piece": Permission.MAINTENANCE_RECORD,
    "atelier": Permission.WORKSHOP_RECORD,
    "retour": Permission.WORKSHOP_RECORD,
    "reforme": Permission.REFORM_PROPOSE,
}


def acts(desk: Desk) -> list[str]:
    """Return the acts that the reader may do."""
    return [act for act, permission in ACTS.items() if desk.also_holds(permission)]


def queue(desk: Desk, work: Work, cursor: str | None) -> dict[str, Any]:
    """Return a page of the weapons on which a kind of work is due, each with why and since when."""
    rows = queries.list_queue(desk.db, desk.actor, work, after=decode_cursor(cursor), limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    return {
        "work": work.value,
        "works": [one.value for one in Work],
        "lines": [queued_out(row, work, desk.actor.today, desk.actor.language) for row in shown],
        "cursor": encode_cursor(shown[-1]["weapon"]) if len(rows) > PAGE_SIZE else None,
        "today": desk.actor.today,
        "zone": desk.actor.time_zone,
        "acts": acts(desk),
    }


def parts(desk: Desk, cursor: str | None) -> dict[str, Any]:
    """Return a page of the parts whose number is not the weapon's."""
    rows = queries.list_findings(
        desk.db, desk.actor, weapon=None, still_open=True, after=decode_cursor(cursor), limit=PAGE_SIZE + 1
    )
    shown = rows[:PAGE_SIZE]
    cursor = encode_cursor(shown[-1]["id"]) if len(rows) > PAGE_SIZE else None
    return {"findings": shown, "cursor": cursor, "zone": desk.actor.time_zone, "acts": acts(desk)}


def weapon(desk: Desk, weapon_id: UUID) -> dict[str, Any]:
    """Return the technical state of one weapon and what its reader may do. Raises `weapon.not_found`."""
    card = scanning.get_weapon(weapon_id, desk)
    findings = queries.list_findings(
        desk.db, desk.actor, weapon=weapon_id, still_open=False, after=None, limit=FINDINGS_SHOWN
    )
    in_workshop = card.state == "in_repair"
    apart = {"atelier"} if in_workshop else {"retour"}
    return {
        "weapon": card,
        "findings": findings[::-1],
        "zone": desk.actor.time_zone,
        "acts": [act for act in acts(desk) if act not in apart],
    }


def form(desk: Desk) -> dict[str, Any]:
    """Return what the forms of all acts offer."""
    workshops = [row for row in issuing.posts(desk) if row["kind"] == HolderKind.WORKSHOP]
    return {
        "stores": issuing.stores(desk),
        "workshops": issuing.holder_choices(workshops),
        "works": [one.value for one in Work],
        "conditions": [one.value for one in Condition],
        "parts": [one.value for one in PartName],
        "outcomes": [one.value for one in PartOutcome],
        "reform_kinds": [one.value for one in ReformKind],
        "today": desk.actor.today,
        "zone": desk.actor.time_zone,
    }


def reforms(desk: Desk, cursor: str | None) -> dict[str, Any]:
    """Return a page of the proposals for reform of units in scope."""
    rows = queries.list_reforms(desk.db, desk.actor, decided=None, after=decode_cursor(cursor), limit=PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    return {
        "reforms": list(reversed(shown)),
        "cursor": encode_cursor(shown[-1]["id"]) if len(rows) > PAGE_SIZE else None,
        "zone": desk.actor.time_zone,
        "acts": acts(desk),
    }


def reform(desk: Desk, reform_id: UUID) -> dict[str, Any]:
    """Return a proposal with its weapons, and whether its reader decides on it. Raises `reform.not_found`."""
    head, lines = queries.get_reform(desk.db, desk.actor, reform_id)
    return {
        "reform": head,
        "lines": lines,
        "zone": desk.actor.time_zone,
        "decides": desk.also_holds(Permission.REFORM_DECIDE)
        and head["status"] == "proposed"
        and head["proposed_by"] != desk.actor.person_id,
    }
