"""This node as a witness of others: it signs a checkpoint that continues what it has seen of that log, and no other.

The state is in `witness_state`. What is signed is committed before the answer leaves; whoever asks at the same time
waits, so that a smaller tree never takes the place of a larger one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection, Engine

from salw.core.db import enter_scope, run, run_one
from salw.ledger.checkpoints import Request
from salw.ledger.notes import NoteError, Verifier, read_verifier
from salw.ledger.policy import NOBODY, Policy
from salw.ledger.signing import Signer
from salw.ledger.witness_rules import (
    NOTHING_SEEN,
    SIGNED,
    UNKNOWN,
    Answer,
    Seen,
    judge_growth,
    judge_signature,
    read_asked,
)

log = structlog.get_logger("salw.witness")


@dataclass(frozen=True, slots=True)
class Witnessing:
    """What this node witnesses with: its key, and whose logs it knows. Without a key it knows none."""

    signer: Signer | None
    policy: Policy

    def keys_of(self, origin: str) -> tuple[Verifier, ...]:
        """Return the keys that a log's checkpoints are believed by."""
        return self.policy.keys_of(origin) if self.signer is not None else ()


NO_WITNESS = Witnessing(None, NOBODY)


@dataclass(frozen=True, slots=True)
class Engines:
    """Two roles: `app` knows this node's own logs, `exchange` keeps what it has signed for others."""

    app: Engine
    exchange: Engine


def attest(engines: Engines, witnessing: Witnessing, data: bytes, now: Callable[[], datetime]) -> Answer:
    """Answer a request for a cosignature. Raises `SigningError`, and then nothing is kept.

    Nothing of the database is touched before a known key's signature was seen: nobody else can keep it busy.
    """
    request = read_asked(data)
    if isinstance(request, Answer):
        return request
    keys = witnessing.keys_of(request.checkpoint.origin)
    refused = judge_signature(request, keys)
    if refused is not None:
        return refused
    if witnessing.signer is None or _is_own(engines.app, request.checkpoint.origin, keys):
        return Answer(UNKNOWN, "witness.own_log")
    return _sign_once(engines.exchange, witnessing.signer, request, now)


def _sign_once(exchange: Engine, signer: Signer, request: Request, now: Callable[[], datetime]) -> Answer:
    """Check against what was seen, keep and sign, in one turn for each log. Committed when this returns."""
    new = request.checkpoint
    with exchange.begin() as db:
        run(db, "select pg_advisory_xact_lock(hashtextextended(%(origin)s, 0))", {"origin": new.origin})
        seen = seen_of(db, new.origin)
        refused = judge_growth(request, seen)
        if refused is None:
            signature = signer.sign(request.note.text, now())
            _keep(db, request)
    if refused is not None:
        # The signature is the log's own: what it does not fit together with may be proof of a second tree.
        log.warning(
            "witness.refused",
            code=refused.code,
            origin=new.origin,
            size=new.size,
            root=new.root.hex(),
            seen_size=seen.size,
            seen_root=seen.root.hex(),
        )
        return refused
    log.info("witness.signed", origin=new.origin, size=new.size)
    return Answer(SIGNED, lines=signature.line)


def seen_of(db: Connection, origin: str) -> Seen:
    """Return the largest checkpoint of a log that this node signed."""
    row = run_one(db, "select size, root from witness_state where origin = %(origin)s", {"origin": origin})
    return Seen(row["size"], row["root"]) if row is not None else NOTHING_SEEN


def _keep(db: Connection, request: Request) -> None:
    new = request.checkpoint
    run(
        db,
        """
        insert into witness_state (origin, size, root, note)
        values (%(origin)s, %(size)s, %(root)s, %(note)s)
        on conflict (origin) do update
            set size = excluded.size, root = excluded.root, note = excluded.note, signed_at = clock_timestamp()
        """,
        {"origin": new.origin, "size": new.size, "root": new.root, "note": str(request.note)},
    )


def _is_own(app: Engine, origin: str, keys: tuple[Verifier, ...]) -> bool:
    """Say whether a log is one of this node's, by its name or by a key, whatever the policy file says.

    A key stands in `log_key` before it signs anything. The policies show one country at a time.
    """
    ours = {key.public_key for key in keys}
    with app.begin() as db:
        for country in run(db, "select code from country"):
            enter_scope(db, country=country["code"], units=())
            for row in run(db, "select g.origin, k.key from log g join log_key k on k.log_id = g.id"):
                if row["origin"] == origin or _public(row["key"]) in ours:
                    return True
    return False


def _public(key: str) -> bytes | None:
    try:
        return read_verifier(key).public_key
    except NoteError:
        return None
