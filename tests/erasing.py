"""How tests erase people: the order of two officers, the eraser, and a search for what he left."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine

from salw.access.erasure.operations import Erased, erase_person
from salw.core import clock
from salw.core.db import make_engine, run, transaction
from salw.core.ids import new_id
from world import World

_SEARCH = "select 1 from {table} as r where lower(r::text) like any (%(sought)s::text[]) limit 1"
REASON = "Demande de la famille, accordée par le chef de corps"


def order(
    client: httpx.Client, world: World, person: UUID, *, job: str = "orderer", order_id: UUID | None = None, **more: Any
) -> httpx.Response:
    """Order that a person be erased."""
    body = {
        "person": str(person),
        "reference": "Ordre n° 45/EMGA",
        "dated_on": "2026-01-15",
        "reason": REASON,
        **more,
    }
    return client.put(f"/erasures/{order_id or new_id()}", json=body, headers=world[job].headers)


def approve(
    client: httpx.Client, world: World, order_id: str, *, job: str = "commander", act_id: UUID | None = None
) -> httpx.Response:
    """Approve an order."""
    return client.post(
        f"/erasures/{order_id}/approval", json={"id": str(act_id or new_id())}, headers=world[job].headers
    )


def ordered(client: httpx.Client, world: World, person: UUID, **more: Any) -> UUID:
    """Return an order of two officers."""
    answer = order(client, world, person, **more)
    assert answer.status_code == 200, answer.text
    approved = approve(client, world, answer.json()["id"])
    assert approved.status_code == 200, approved.text
    return UUID(answer.json()["id"])


def carry_out(urls: Mapping[str, str], order_id: UUID, country: str = "BF") -> Erased:
    """Erase as the eraser does."""
    engine = make_engine(urls["salw_eraser"], pool_size=1)
    try:
        with transaction(engine, country=country) as db:
            return erase_person(db, country=country, now=clock.now(), erasure_id=order_id)
    finally:
        engine.dispose()


def traces_in_database(superuser: Engine, words: list[str]) -> set[str]:
    """Return every table that has one of the words in any column, as text, in JSON or in bytes; samples too."""
    bytes_of = {spelt.encode().hex() for word in words for spelt in (word, word.lower(), word.upper())}
    sought = [f"%{word}%" for word in {*(word.lower() for word in words), *bytes_of}]
    found = set()
    with superuser.begin() as db:
        tables = run(
            db,
            "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_toast' order by 1",
        )
        assert len(tables) > 100
        for table in tables:
            if run(db, _SEARCH.format(table=table["name"]), {"sought": sought}):
                found.add(table["name"])
        if run(db, _SEARCH.format(table="pg_stats"), {"sought": sought}):
            found.add("pg_stats")
    return found


def traces_in_files(folder: Path, words: list[str]) -> set[str]:
    """Return every file under a folder that has one of the words; PostgreSQL's pages and their log are its own."""
    own = {"base", "global", "pg_wal", "pg_xact", "pg_stat", "pg_stat_tmp"}
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and own.isdisjoint(path.parts):
            content = path.read_bytes().lower()
            if any(word.lower().encode() in content for word in words):
                found.add(path.name)
    return found
