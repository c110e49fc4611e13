"""Repeats: the same client-made id with the same body gets the first answer, another body a refusal."""

import hashlib
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import psycopg
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from salw.access.guard import Desk
from salw.core.db import enter_scope, run, run_one
from salw.core.errors import Conflict, DomainError
from salw.core.shapes import Out

Answer = TypeVar("Answer", bound=Out)


def answer_once(
    desk: Desk,
    operation: str,
    request_id: UUID,
    body: BaseModel | None,
    shape: type[Answer],
    work: Callable[[], Answer],
) -> Answer:
    """Do `work` and keep its answer under (`operation`, `request_id`), or give the answer kept before.

    The happy path pays one insert. A repeat fails on what the first one changed (a version, a key), is
    rolled back, and then finds the first answer. Raises `request.id_reused` where the id was used by
    another person or with another body; otherwise the error of `work` itself.
    """
    fingerprint = _fingerprint(body)
    try:
        content = work()
        run(
            desk.db,
            """
            insert into answer (country, operation, id, person_id, body_hash, content)
            values (%(country)s, %(operation)s, %(id)s, %(person)s, %(hash)s, %(content)s::jsonb)
            """,
            {
                "country": desk.actor.country,
                "operation": operation,
                "id": request_id,
                "person": desk.actor.person_id,
                "hash": fingerprint,
                "content": content.model_dump_json(),
            },
        )
        return content
    except (DomainError, IntegrityError, psycopg.IntegrityError):
        desk.db.rollback()
        enter_scope(desk.db, country=desk.actor.country, units=desk.actor.units)
        kept = run_one(
            desk.db,
            "select person_id, body_hash, content from answer where (country, operation, id) = "
            "(%(country)s, %(operation)s, %(id)s)",
            {"country": desk.actor.country, "operation": operation, "id": request_id},
        )
        if kept is None:
            raise
        if kept["person_id"] != desk.actor.person_id or kept["body_hash"] != fingerprint:
            raise Conflict("request.id_reused", id=str(request_id)) from None
        return shape.model_validate(kept["content"])


def _fingerprint(body: BaseModel | None) -> bytes:
    # The shapes fix the order of the fields, so equal bodies give equal texts, however they were spelt.
    return hashlib.sha256(body.model_dump_json().encode() if body else b"").digest()
