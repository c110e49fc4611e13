"""Reading who exists, within the scope of the actor."""

from uuid import UUID

from sqlalchemy import Connection

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


def get_person(db: Connection, actor: Actor, person_id: UUID) -> Row:
    """Return a person in scope (`id, unit_id, matricule, value, commitment`). Raises `person.not_found`."""
    row = run_one(
        db,
        """
        select p.id, p.unit_id, p.matricule, v.value, v.commitment
          from person p join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         where p.country = %(country)s and p.id = %(id)s and p.unit_id = any(%(units)s)
        """,
        {"country": actor.country, "id": person_id, "units": list(actor.units)},
    )
    if row is None:
        raise NotFound("person.not_found", person=str(person_id))
    return row


def list_people(db: Connection, actor: Actor, *, matricule: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Return people in scope by id, by matricule where given, at most `limit`."""
    return run(
        db,
        """
        select p.id, p.matricule, p.force_code as force, u.uuid as unit_id, u.name as unit_name,
               v.value->>'rank' as rank, v.value->>'family_name' as family_name,
               v.value->>'given_names' as given_names
          from person p
          join unit u on (u.country, u.id) = (p.country, p.unit_id)
          join personal_value v on (v.country, v.id) = (p.country, p.value_id)
         where p.country = %(country)s and p.unit_id = any(%(units)s)
           and (%(matricule)s::text is null or p.matricule = %(matricule)s)
           and p.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
         order by p.id limit %(limit)s
        """,
        {
            "country": actor.country,
            "units": list(actor.units),
            "matricule": matricule,
            "after": after,
            "limit": limit,
        },
    )


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
