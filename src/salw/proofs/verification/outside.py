"""Checkpoints from outside that no log of the database answers to, and the countries that anything is left of."""

from collections.abc import Collection, Sequence

from sqlalchemy import Engine

from salw.core.db import enter_scope, run
from salw.ledger.notes import NoteError
from salw.ledger.published import Published
from salw.proofs.verification.breaks import Findings
from salw.proofs.verification.schema import PINNED
from salw.proofs.verification.trust import Outside, read_outside

# A country is looked at where any of these has a row: whoever empties some of them leaves the others.
_WRITTEN = ("event", "leaf", "log", "checkpoint", "movement", "custody", "weapon", "holder", "person", "personal_value")
_ANY = " or ".join(f"exists (select from {table} where country = %(country)s)" for table in _WRITTEN)
_ORIGINS = "select origin from log where country = %(country)s and origin is not null"


def list_written(engine: Engine) -> list[str]:
    """Return the countries of this node that anything was ever written in, as `salw_auditor`."""
    with engine.begin() as db:
        run(db, PINNED)
        found = []
        for row in run(db, "select code from country order by code"):
            enter_scope(db, country=row["code"], units=())
            if run(db, f"select {_ANY} as written", {"country": row["code"]})[0]["written"]:
                found.append(row["code"])
    return found


def check_strays(engine: Engine, published: Published | None, given: Sequence[Outside], found: Findings) -> None:
    """Name the checkpoints, published by the service or given, whose log is in no country of the database."""
    known = _origins(engine)
    for outside in given:
        if outside.checkpoint.origin not in known:
            found.add("verify.given_of_no_log", log=outside.checkpoint.origin, place=outside.place)
    if published is None:
        return
    names = {published.path_of(origin).name for origin in known}
    for path in sorted(published.folder.glob("*.checkpoint")):
        if path.name in names:
            continue  # it is read with its log
        try:
            log = read_outside(path.read_bytes(), str(path), given=False).checkpoint.origin
        except NoteError:
            log = path.stem
        found.add("verify.published_of_no_log", log=log, place=str(path))


def _origins(engine: Engine) -> Collection[str]:
    with engine.begin() as db:
        run(db, PINNED)
        found = set()
        for row in run(db, "select code from country"):
            enter_scope(db, country=row["code"], units=())
            found |= {log["origin"] for log in run(db, _ORIGINS, {"country": row["code"]})}
    return found
