"""Reading who exists, within the scope of the actor."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.access.log_in_rules import IDLE_LIMIT
from salw.access.names import name_begins
from salw.access.rules import Permission, roles_with
from salw.core.actor import Actor
from salw.core.db import Row, run, run_one
from salw.core.errors import NotFound, Refused


def get_store(db: Connection, actor: Actor, store_id: UUID) -> Row:
    """Return a store in scope with its unit (`id, name, unit_id, unit_uuid, unit_name, place`).

    Raises `store.not_found` where it does not exist or lies outside the scope.
    """
    row = run_one(
        db,
        """
        select s.id, s.name, s.place, s.unit_id, u.uuid as unit_uuid, u.name as unit_name, u.force_code
          from store s join unit u on (u.country, u.id) = (s.country, s.unit_id)
         where s.country = %(country)s and s.id = %(id)s and s.unit_id = any(%(units)s)
        """,
        {"country": actor.country, "id": store_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("store.not_found", store=str(store_id))
    return row


def get_any_store(db: Connection, store_id: UUID) -> Row:
    """Return a store of the country wherever it is, for naming the other side of a transfer.

    Raises `store.not_found`.
    """
    row = run_one(
        db,
        "select id, store_name as name, unit_id, unit_name from name_places(array[%(id)s::uuid]) "
        "where kind = 'store' and open",
        {"id": store_id},
    )
    if row is None:
        raise NotFound("store.not_found", store=str(store_id))
    return row


def list_stores(db: Connection, actor: Actor, *, after: UUID | None, limit: int) -> list[Row]:
    """Return the stores in scope by id, at most `limit`."""
    return run(
        db,
        """
        select s.id, s.name, s.place, u.name as unit_name, u.uuid as unit_id, u.force_code as force
          from store s join unit u on (u.country, u.id) = (s.country, s.unit_id)
         where s.country = %(country)s and s.unit_id = any(%(units)s)
           and s.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by s.id limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "after": after, "limit": limit},
    )


def get_unit(db: Connection, actor: Actor, unit_uuid: UUID) -> int:
    """Return the number of a unit in scope. Raises `unit.not_found`."""
    row = run_one(
        db,
        "select id from unit where country = %(country)s and uuid = %(uuid)s and id = any(%(units)s)",
        {"country": actor.country, "uuid": unit_uuid, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("unit.not_found", unit=str(unit_uuid))
    return int(row["id"])


def get_unit_uuid(db: Connection, actor: Actor, unit_id: int) -> UUID:
    """Return what a unit in scope is called by outside. Raises `unit.not_found`."""
    row = run_one(
        db,
        "select uuid from unit where country = %(country)s and id = %(id)s and id = any(%(units)s)",
        {"country": actor.country, "id": unit_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("unit.not_found", unit=str(unit_id))
    return UUID(str(row["uuid"]))


_PEOPLE = """
    select p.id, p.matricule, p.force_code as force, u.uuid as unit_id, u.name as unit_name,
           coalesce(v.value, v.remains)->>'rank' as rank, v.value->>'family_name' as family_name,
           v.value->>'given_names' as given_names, (v.remains->>'erased_on')::date as erased_on, p.value_id as version
      from person p
      join unit u on (u.country, u.id) = (p.country, p.unit_id)
      join personal_value v on (v.country, v.id) = (p.country, p.value_id)
     where p.country = %(country)s and p.unit_id = any(%(units)s)
"""


def get_listed_person(db: Connection, actor: Actor, person_id: UUID) -> Row:
    """Return a person in scope as `list_people` does. Raises `person.not_found`."""
    row = run_one(
        db,
        _PEOPLE + " and p.id = %(id)s",
        {"country": actor.country, "units": list(actor.units), "id": person_id},
    )
    if row is None:
        raise NotFound("person.not_found", person=str(person_id))
    return row


def list_people(
    db: Connection, actor: Actor, *, matricule: str | None, name: str | None = None, after: UUID | None, limit: int
) -> list[Row]:
    """Return people in scope by id, at most `limit`; by matricule or by how the family name begins, where given."""
    return run(
        db,
        _PEOPLE
        + (f" and v.unit_id = any(%(units)s) {name_begins('v.name_key')}" if name else "")
        + """
           and (%(matricule)s::text is null or p.matricule = %(matricule)s)
           and p.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by p.id limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "matricule": matricule,
            "name": name,
            "after": after,
            "limit": limit,
        },
    )


def is_top_unit(db: Connection, actor: Actor, unit_id: int) -> bool:
    """Say whether a unit has none above it."""
    return bool(
        run(
            db,
            "select 1 from unit where country = %(country)s and id = %(id)s and parent_id is null",
            {"country": actor.country, "id": unit_id},
        )
    )


def check_force_under(db: Connection, actor: Actor, parent_id: int, force: str | None) -> None:
    """Refuse a unit of another force under a unit of one: that would speak for a force from within another.

    Raises `unit.other_force`.
    """
    if run(
        db,
        "select 1 from unit where country = %(country)s and id = %(id)s and force_code <> coalesce(%(force)s, '')",
        {"country": actor.country, "id": parent_id, "force": force},
    ):
        raise Refused("unit.other_force")


def is_demo(db: Connection) -> bool:
    """Say whether the country's books are made up: one account made for a demonstration says so on every paper."""
    row = run_one(db, "select is_demo_country() as demo")
    return bool(row and row["demo"])


def has_demo_accounts(db: Connection) -> bool:
    """Say whether anybody may log in with a demonstration account on this node, before anybody has."""
    row = run_one(db, "select has_demo_accounts() as demo")
    return bool(row and row["demo"])


def get_role_at(db: Connection, actor: Actor, permission: Permission, unit_id: int) -> str:
    """Return the function in which the actor does at a unit what `permission` allows.

    It is the role of his posting in force there, or else of the nearest above. Raises `access.not_permitted`.
    """
    row = run_one(
        db,
        """
        select g.role from posting g
          join unit_closure x on (x.country, x.ancestor_id) = (g.country, g.unit_id)
         where g.country = %(country)s and g.person_id = %(person)s and g.role = any(%(roles)s)
           and x.descendant_id = %(unit)s
           and g.started_on <= %(today)s and (g.ended_on is null or g.ended_on > %(today)s)
         order by x.depth, g.role limit 1
        """,
        {
            "country": actor.country,
            "person": actor.person_id,
            "roles": roles_with(permission),
            "unit": unit_id,
            "today": actor.today,
        },
    )
    if row is None:
        raise Refused("access.not_permitted", permission=permission.value, roles=roles_with(permission))
    return str(row["role"])


def list_own_sessions(db: Connection, actor: Actor, *, now: datetime) -> list[Row]:
    """Return the live sessions of the actor's account, the newest first."""
    return run(
        db,
        """
        select id, created_at, last_seen_at, expires_at, client from session
         where country = %(country)s and account_id = %(account)s and ended_at is null
           and expires_at > %(now)s and last_seen_at > %(now)s - %(idle)s
         order by created_at desc, id
        """,
        {"country": actor.country, "account": actor.account_id, "now": now, "idle": IDLE_LIMIT},
    )


_ACCOUNTS = """
    select a.id, a.login || '@' || lower(a.country) as account, a.person_id as person, p.matricule,
           u.uuid as unit_id, u.name as unit_name,
           coalesce(v.value, v.remains)->>'rank' as rank, v.value->>'family_name' as family_name,
           v.value->>'given_names' as given_names, (v.remains->>'erased_on')::date as erased_on,
           a.demo, a.created_at, a.disabled_at, a.must_change_password,
           (select max(s.last_seen_at) from session s
             where (s.country, s.account_id) = (a.country, a.id)) as last_seen_at,
           array(select distinct f.kind from factor f
                  where (f.country, f.account_id) = (a.country, a.id)
                    and f.confirmed_at is not null and f.removed_at is null order by f.kind) as factors
      from account a
      join person p on (p.country, p.id) = (a.country, a.person_id)
      join unit u on (u.country, u.id) = (p.country, p.unit_id)
      join personal_value v on (v.country, v.id) = (p.country, p.value_id)
     where a.country = %(country)s and p.unit_id = any(%(units)s)
"""


def get_account(db: Connection, actor: Actor, account_id: UUID) -> Row:
    """Return the account of a person in scope as `list_accounts` does. Raises `account.not_found`."""
    row = run_one(
        db,
        _ACCOUNTS + " and a.id = %(id)s",
        {"country": actor.country, "units": list(actor.units), "id": account_id},
    )
    if row is None:
        raise NotFound("account.not_found", account=str(account_id))
    return row


def list_accounts(db: Connection, actor: Actor, *, person: UUID | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the accounts of people in scope by id, of one person where given, at most `limit`."""
    return run(
        db,
        _ACCOUNTS
        + """
           and (%(person)s::uuid is null or a.person_id = %(person)s)
           and a.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by a.id limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "person": person,
            "after": after,
            "limit": limit,
        },
    )


_POSTINGS = """
    select g.id, g.person_id as person, g.role, u.uuid as unit_id, u.name as unit_name,
           g.started_on, g.ended_on
      from posting g
      join unit u on (u.country, u.id) = (g.country, g.unit_id)
     where g.country = %(country)s and g.unit_id = any(%(units)s)
"""


def get_posting(db: Connection, actor: Actor, posting_id: UUID) -> Row:
    """Return a posting at a unit in scope as `list_postings` does. Raises `posting.not_found`."""
    row = run_one(
        db,
        _POSTINGS + " and g.id = %(id)s",
        {"country": actor.country, "units": list(actor.units), "id": posting_id},
    )
    if row is None:
        raise NotFound("posting.not_found", posting=str(posting_id))
    return row


def list_postings(db: Connection, actor: Actor, *, person: UUID | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the postings at units in scope that have not ended, by id, of one person where given."""
    return run(
        db,
        _POSTINGS
        + """
           and (g.ended_on is null or g.ended_on > %(today)s)
           and (%(person)s::uuid is null or g.person_id = %(person)s)
           and g.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by g.id limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "today": actor.today,
            "person": person,
            "after": after,
            "limit": limit,
        },
    )


def is_posted_beyond(db: Connection, actor: Actor, person_id: UUID) -> bool:
    """Say whether a person has, or will have, a role at a unit outside the actor's scope."""
    row = run_one(
        db,
        "select is_posted_beyond(%(country)s, %(person)s, %(units)s, %(today)s) as beyond",
        {"country": actor.country, "person": person_id, "units": list(actor.units), "today": actor.today},
    )
    return bool(row and row["beyond"])


def list_attempts(db: Connection, actor: Actor, *, hour: datetime | None, after: UUID | None, limit: int) -> list[Row]:
    """Return what was refused and read by accounts of units in scope, in the order of the trace, at most `limit`.

    What nobody known was refused belongs to no unit: it is in the scope of who has a unit with none above it.
    """
    return run(
        db,
        """
        select t.id, t.minute, t.kind, t.account_id as account, a.person_id as person, t.permission, t.code,
               t.record_id as record, t.times, t.digest_hour is not null as digested
          from access_attempt t left join account a on (a.country, a.id) = (t.country, t.account_id)
         where t.country = %(country)s
           and (t.unit_id = any(%(units)s)
                or (t.unit_id is null
                    and exists (select from unit u where u.country = %(country)s and u.parent_id is null
                                   and u.id = any(%(units)s))))
           and (%(hour)s::timestamptz is null
                or (t.minute >= date_trunc('hour', %(hour)s::timestamptz, 'UTC')
                    and t.minute < date_trunc('hour', %(hour)s::timestamptz, 'UTC') + interval '1 hour'))
           and t.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by t.id limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "hour": hour, "after": after, "limit": limit},
    )


def list_units(db: Connection, actor: Actor) -> list[Row]:
    """Return the units in scope that exist today (`id`, `name`), by name."""
    return run(
        db,
        """
        select uuid as id, name from unit
         where country = %(country)s and id = any(%(units)s) and (ended_on is null or ended_on > %(today)s)
         order by name, uuid
        """,
        {"country": actor.country, "units": list(actor.units), "today": actor.today},
    )


def list_unit_page(
    db: Connection, actor: Actor, *, name: str | None = None, after: UUID | None, limit: int
) -> list[Row]:
    """Return the units in scope by id, at most `limit`; of the unit above one, only what is in scope too.

    By how the name or the short name begins, where that is given: a scope has some hundreds, which need no index.
    """
    return run(
        db,
        """
        select u.uuid as id, u.name, u.short_name, u.force_code as force, a.uuid as parent, u.keeps_books
          from unit u
          left join unit a on a.country = u.country and a.id = u.parent_id and a.id = any(%(units)s)
         where u.country = %(country)s and u.id = any(%(units)s)
           and (%(name)s::text is null or starts_with(folded_name(u.name), folded_name(%(name)s))
                or starts_with(folded_name(u.short_name), folded_name(%(name)s)))
           and u.uuid > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by u.uuid limit %(limit)s
        """,
        {"country": actor.country, "units": list(actor.units), "name": name, "after": after, "limit": limit},
    )


def list_forces(db: Connection, actor: Actor) -> list[Row]:
    """Return the forces of the actor's country (`code`, `name_fr`, `name_en`), by code."""
    return run(
        db,
        "select code, name_fr, name_en from force where country = %(country)s order by code",
        {"country": actor.country},
    )
