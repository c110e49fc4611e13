"""Repeats: the same client-made id with the same body gets the first answer, another body a refusal."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from salw.access.guard import Desk
from salw.core.db import Part, enter_scope, run, run_one
from salw.core.errors import Conflict, DomainError, NotFound
from salw.core.shapes import Out

Answer = TypeVar("Answer", bound=Out)
Keep = Callable[[Any], Part]

_KEEP = """
insert into answer (country, operation, id, person_id, body_hash, content)
values (%(country)s, %(operation)s, %(request)s, %(answered)s, %(body_hash)s, %(content)s::jsonb)
"""


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
    another person or with another body, unless what that body names is not found; otherwise the error of `work`
    itself.
    """

    def work_and_keep(keep: Keep) -> None:
        kept = keep(work())
        run(desk.db, kept.sql, kept.values)

    return answer_within(desk, operation, request_id, body, shape, work_and_keep)


def answer_within(
    desk: Desk,
    operation: str,
    request_id: UUID,
    body: BaseModel | None,
    shape: type[Answer],
    work: Callable[[Keep], None],
) -> Answer:
    """Do as `answer_once`, where `work` calls `keep` on its answer and writes the part that this returns.

    For the writes that a counter makes all day: the part rides in one of their own statements.
    """
    fingerprint = _fingerprint(body)
    answers: list[Answer] = []

    def keep(content: Answer) -> Part:
        answers.append(content)
        values = {
            "country": desk.actor.country,
            "operation": operation,
            "request": request_id,
            "answered": desk.actor.person_id,
            "body_hash": fingerprint,
            "content": content.model_dump_json(),
        }
        return Part("kept", _KEEP, values)

    try:
        work(keep)
        return answers[0]
    except (DomainError, IntegrityError, psycopg.IntegrityError) as error:
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
            # Scope first, then the id: who asks about what he may not see is told that alone, whatever its id is.
            if isinstance(error, NotFound):
                raise
            raise Conflict("request.id_reused", id=str(request_id)) from None
        desk.seen.clear()  # the first one saw it
        return shape.model_validate(kept["content"])


def _fingerprint(body: BaseModel | None) -> bytes:
    # The shapes fix the order of the fields, so equal bodies give equal texts, however they were spelt.
    return hashlib.sha256(body.model_dump_json().encode() if body else b"").digest()
