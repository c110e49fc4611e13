"""Reading tokens: one's own, and those of people in scope."""

from uuid import UUID

from sqlalchemy import Connection

from salw.access.rules import PERMISSIONS, Role
from salw.core.actor import Actor
from salw.core.db import Row, run

_COLUMNS = "t.id, t.name, t.permissions, t.created_at, t.expires_at, t.last_seen_at, t.revoked_at"
_FIRST = "'00000000-0000-0000-0000-000000000000'::uuid"


def held_permissions(db: Connection, actor: Actor) -> set[str]:
    """Return what the postings in force of the actor permit, all together."""
    rows = run(
        db,
        """
        select distinct role from posting
         where country = %(country)s and person_id = %(person)s
           and started_on <= %(today)s and (ended_on is null or ended_on > %(today)s)
        """,
        {"country": actor.country, "person": actor.person_id, "today": actor.today},
    )
    return {p.value for row in rows for p in PERMISSIONS[Role(row["role"])]}


def list_tokens(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the tokens of the actor's account by id, at most `limit`, those that open nothing any more as well."""
    return run(
        db,
        f"""
        select {_COLUMNS} from api_token t
         where t.country = %(country)s and t.account_id = %(account)s and t.id > coalesce(%(after)s, {_FIRST})
         order by t.id limit %(limit)s
        """,
        {"country": actor.country, "account": actor.account_id, "after": after, "limit": limit},
    )


def list_issued_tokens(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the tokens of people in scope by id, at most `limit`."""
    return run(
        db,
        f"""
        select {_COLUMNS}, p.id as person, u.uuid as unit_id, u.name as unit_name
          from api_token t
          join account a on (a.country, a.id) = (t.country, t.account_id)
          join person p on (p.country, p.id) = (a.country, a.person_id)
          join unit u on (u.country, u.id) = (p.country, p.unit_id)
         where t.country = %(country)s and p.unit_id = any(%(units)s) and t.id > coalesce(%(after)s, {_FIRST})
         order by t.id limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "after": after, "limit": limit},
    )
