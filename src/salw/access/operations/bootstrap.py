"""The first administrator of a country: from him on, people let each other in."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from salw.access.operations import passwords
from salw.access.operations.accounts import create_account
from salw.access.operations.organisation import add_person, create_unit, post_person
from salw.access.rules import Role
from salw.core.actor import Actor
from salw.core.db import enter_scope, run, run_one
from salw.core.errors import Conflict, NotFound, Unacceptable
from salw.core.ids import new_id


def bootstrap(
    db: Connection,
    *,
    country: str,
    now: datetime,
    unit_name: str | None,
    force_code: str | None,
    matricule: str | None,
    rank: str,
    family_name: str,
    given_names: str,
    login: str,
) -> str:
    """Enter the first administrator of a country at its root unit, and return his first password.

    The root unit is made, as `unit_name`, where there is none. The events name him as who acted: nobody else could.
    Of two at once the second waits and is refused. Raises `country.not_found`, `bootstrap.administrator_exists`,
    `bootstrap.force_not_found`, `bootstrap.unit_name_needed`.
    """
    actor = _first_actor(db, country, now)
    run(db, "select pg_advisory_xact_lock(hashtext(%(name)s))", {"name": f"salw.bootstrap.{country}"})
    if _has_administrator(db, actor):
        raise Conflict("bootstrap.administrator_exists")
    if force_code is not None:
        _check_force(db, country, force_code)
    root = _root_unit(db, actor, now, unit_name)
    actor = replace(actor, units=(root,))
    enter_scope(db, country=country, units=actor.units)
    version = add_person(
        db,
        actor=actor,
        now=now,
        person_id=actor.person_id,
        force_code=force_code,
        unit_id=root,
        matricule=matricule,
        rank=rank,
        family_name=family_name,
        given_names=given_names,
        sex=None,
    )
    actor = replace(actor, commitment=version.digest)
    post_person(
        db,
        actor=actor,
        now=now,
        posting_id=new_id(),
        person_id=actor.person_id,
        unit_id=root,
        role=Role.ADMINISTRATOR,
        started_on=actor.today,
    )
    password = passwords.make_password()
    create_account(
        db,
        actor=actor,
        now=now,
        account_id=actor.account_id,
        person_id=actor.person_id,
        login=login,
        password_hash=passwords.hash_password(password),
        must_change_password=True,
    )
    return password


def _first_actor(db: Connection, country: str, now: datetime) -> Actor:
    row = run_one(db, "select time_zone from country where code = %(code)s", {"code": country})
    if row is None:
        known = run(db, "select code from country order by code")
        raise NotFound("country.not_found", country=country, known=", ".join(row["code"] for row in known))
    enter_scope(db, country=country, units=())
    person_id, account_id = new_id(), new_id()
    today = now.astimezone(ZoneInfo(row["time_zone"])).date()
    # He is in no book yet: the event that enters him cannot bear the commitment to what it enters.
    return Actor(country, person_id, account_id, bytes(32), (), (), today, row["time_zone"])


def _check_force(db: Connection, country: str, code: str) -> None:
    # The database refuses it too, without saying which there are: he has no screen yet to look them up.
    forces = run(db, "select code from force where country = %(country)s order by code", {"country": country})
    known = [row["code"] for row in forces]
    if code not in known:
        raise Unacceptable("bootstrap.force_not_found", force=code, known=", ".join(known))


def _has_administrator(db: Connection, actor: Actor) -> bool:
    row = run_one(
        db,
        "select has_administrator(%(role)s, %(today)s) as found",
        {"role": Role.ADMINISTRATOR.value, "today": actor.today},
    )
    return bool(row and row["found"])


def _root_unit(db: Connection, actor: Actor, now: datetime, name: str | None) -> int:
    """Return the oldest unit that is under no other, made where there is none."""
    row = run_one(
        db,
        """
        select id from unit where country = %(country)s and parent_id is null and ended_on is null
         order by id limit 1
        """,
        {"country": actor.country},
    )
    if row is not None:
        return int(row["id"])
    if not name:
        raise Unacceptable("bootstrap.unit_name_needed")
    return create_unit(
        db,
        actor=actor,
        now=now,
        unit_uuid=new_id(),
        parent_id=None,
        force_code=None,
        name=name,
        short_name=name[:40],
        region=None,
        keeps_books=False,
        started_on=actor.today,
    )
