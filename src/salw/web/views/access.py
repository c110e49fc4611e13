"""What somebody may see of his own access: functions, sessions, second factors, tokens."""

from datetime import timedelta
from typing import Any

from fastapi import Request

from salw.access import queries
from salw.access.factors.queries import count_recovery_codes, list_factors
from salw.access.guard import Desk
from salw.access.rules import Permission
from salw.access.tokens.queries import list_tokens
from salw.core.db import Row
from salw.core.language import Language
from salw.core.pages import PAGE_SIZE
from salw.web.desks import open_desk, visit

# What the page says was just done, by the word in its address.
DONE = (
    "codes",
    "factor_added",
    "factor_removed",
    "password",
    "session_ended",
    "sessions_ended",
    "token_revoked",
)


def own_access(request: Request, language: Language, done: str | None) -> dict[str, Any]:
    """Return what the page of one's own access shows. Raises `session.required`, `session.second_factor_required`."""
    with open_desk(request, Permission.SESSION_OWN, language) as desk:
        sessions = queries.list_own_sessions(desk.db, desk.actor, now=desk.now)
        context = {
            "zone": desk.actor.time_zone,
            "postings": own_postings(desk),
            "sessions": [{**row, "current": row["id"] == desk.credential.id} for row in sessions],
            "factors": [row for row in list_factors(desk.db, desk.actor) if row["confirmed_at"]],
            "codes_left": count_recovery_codes(desk.db, desk.actor),
        }
    with visit(request, Permission.TOKEN_OWN, language) as tokens_desk:
        tokens = _tokens(tokens_desk) if tokens_desk else None
    return {**context, "tokens": tokens, "done": done if done in DONE else None}


def own_postings(desk: Desk) -> list[Row]:
    """Return the functions of somebody, each with its last day."""
    rows = queries.list_postings(desk.db, desk.actor, person=desk.actor.person_id, after=None, limit=PAGE_SIZE)
    return [with_last_day(row) for row in rows]


def with_last_day(posting: Row) -> Row:
    """Return a posting with its last day, as people say it: what is stored is the first day without."""
    ended = posting["ended_on"]
    return {**posting, "last_day": ended - timedelta(days=1) if ended else None}


def _tokens(desk: Desk) -> list[Row]:
    rows = list_tokens(desk.db, desk.actor, after=None, limit=PAGE_SIZE)
    return [{**row, "over": row["revoked_at"] is not None or row["expires_at"] <= desk.now} for row in reversed(rows)]
