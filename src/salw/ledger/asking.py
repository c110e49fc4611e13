"""Our logs before their witnesses: the request, what is kept of the answer, and what an answer may stop.

The same over a network and by stick. A witness that has signed more of a log than we have, or another tree, stops that
log: to go on would be a second history beside the one that it vouches for.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

import structlog
from sqlalchemy import Connection

from salw.core.db import run, run_one
from salw.core.errors import Unacceptable
from salw.ledger import merkle
from salw.ledger.checkpoints import Checkpoint, Request, read_checkpoint
from salw.ledger.notes import Note, NoteError, read_note, read_signatures, read_verifier, verified
from salw.ledger.policy import NONE, Policy, Witness
from salw.ledger.sealing import Halted, Head, lift_halt, list_halts, list_heads, record_halt
from salw.ledger.trees import LogId, TreeIncomplete, compute
from salw.ledger.witness_rules import CONFLICT, INCONSISTENT, SIGNED, Answer, AnswerFile

BEHIND, REFUSED = "ledger.behind_witness", "ledger.refused_by_witness"
# What stops a log by a witness's word is lifted by that witness's word alone, or when it is believed no longer.
HALTS = frozenset({BEHIND, REFUSED})

log = structlog.get_logger("salw.asking")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A checkpoint of the newest log of a country."""

    head: Head
    checkpoint: Checkpoint
    note: Note


class Outcome(Enum):
    """What came of an answer: signed; to be asked again from another size; the log is stopped; nothing of use."""

    SIGNED = "signed"
    OTHERWISE = "otherwise"
    STOPPED = "stopped"
    USELESS = "useless"


def list_sealed(db: Connection, country: str | None = None) -> list[Sealed]:
    """Return the newest checkpoint of the newest log of each country, or of one."""
    return [
        found
        for head in list_heads(db, country)
        if head.sealed and (found := find_sealed(db, head, head.sealed)) is not None
    ]


def find_sealed(db: Connection, head: Head, size: int) -> Sealed | None:
    """Return the checkpoint of a log at a size, None where it has none."""
    row = run_one(
        db,
        "select note from checkpoint where country = %(country)s and log_id = %(log)s and size = %(size)s",
        {**_named(head.id), "size": size},
    )
    if row is None:
        return None
    note = read_note(row["note"].encode())
    return Sealed(head, read_checkpoint(note.text), note)


def last_signed(db: Connection, log_id: LogId, witness: Witness) -> int:
    """Return the largest size of a log that a witness signed, as far as we were told; 0 for none."""
    row = run_one(
        db,
        "select size from cosignature where country = %(country)s and log_id = %(log)s and witness = %(key)s "
        "order by size desc limit 1",
        {**_named(log_id), "key": witness.key.text},
    )
    return int(row["size"]) if row is not None else 0


def make_request(db: Connection, sealed: Sealed, old: int) -> Request:
    """Return the request for a cosignature by a witness that has seen `old` events. Raises `TreeIncomplete`.

    What our own tiles do not prove is not sent: the witness would see a second tree where somebody changed a table.
    """
    new = sealed.checkpoint
    old_root, root, path = compute(
        db,
        sealed.head.id,
        lambda read: (
            merkle.root_at(read, old),
            merkle.root_at(read, new.size),
            merkle.prove_consistency(read, old, new.size),
        ),
    )
    if root != new.root or not merkle.verify_consistency(old, new.size, old_root, new.root, path):
        raise TreeIncomplete(f"{new.origin}: the tiles do not give the checkpoint at {new.size}")
    return Request(old, tuple(path), sealed.note, new)


def conclude(
    db: Connection, sealed: Sealed, witness: Witness, policy: Policy, old: int, answer: Answer
) -> tuple[Outcome, int]:
    """Keep what a witness answered, and return what came of it with the size it has now signed. One transaction.

    A second 409 that names no size speaks of another root, and of that alone where the sizes were equal.
    """
    if answer.status == SIGNED:
        if not _keep(db, sealed, witness, policy, answer):
            return Outcome.USELESS, old
        _lift(db, sealed.head, witness)
        return Outcome.SIGNED, sealed.checkpoint.size
    if answer.status == CONFLICT and answer.size is not None:
        # Another checkpoint may have been sealed, and signed by this witness, since ours was chosen.
        newest = max((h.sealed for h in list_heads(db, sealed.head.id.country) if h.id == sealed.head.id), default=0)
        if answer.size <= newest:
            return Outcome.OTHERWISE, answer.size
        _halt(db, sealed, witness, BEHIND, size=newest, seen=answer.size)
        return Outcome.STOPPED, answer.size
    if answer.status == INCONSISTENT or (answer.status == CONFLICT and old == sealed.checkpoint.size):
        _halt(db, sealed, witness, REFUSED, size=sealed.checkpoint.size)
        return Outcome.STOPPED, old
    return Outcome.USELESS, old


def choose_for(db: Connection, head: Head, witness: Witness, policy: Policy) -> Sealed | None:
    """Return the checkpoint to carry to a witness: the newest that another has signed and it has not, else the newest.

    A quorum signs one and the same checkpoint, and a stick travels for days while the log goes on.
    """
    row = run_one(
        db,
        "select max(size) as size from cosignature where country = %(country)s and log_id = %(log)s "
        "and witness = any(%(others)s) and size > %(seen)s",
        {
            **_named(head.id),
            "others": [w.key.text for w in policy.witnesses if w != witness],
            "seen": last_signed(db, head.id, witness),
        },
    )
    size = row["size"] if row is not None else None
    return find_sealed(db, head, head.sealed if size is None else size)


def accept(db: Connection, head: Head, witness: Witness, policy: Policy, file: AnswerFile) -> tuple[Outcome, int]:
    """Keep an answer that came on a stick. One transaction. Errors: `witness.answer_of_another`.

    An answer about a checkpoint that we lost, signed by our own key and by the witness, shows that we are behind.
    """
    about = file.checkpoint
    sealed = find_sealed(db, head, about.size) if about is not None else None
    if about is not None and sealed is not None and sealed.checkpoint == about:
        return conclude(db, sealed, witness, policy, about.size, file.answer)
    newest = find_sealed(db, head, head.sealed)
    if newest is None or file.note is None or about is None or file.answer.status != SIGNED:
        raise Unacceptable("witness.answer_of_another")
    ours = [
        read_verifier(row["key"])
        for row in run(db, "select key from log_key where country = %(country)s and log_id = %(log)s", _named(head.id))
    ]
    try:
        signed = {key for key, _ in verified(file.note, [*ours, witness.key])}
    except NoteError:
        signed = set()
    if about.size <= head.sealed or witness.key not in signed or not signed.intersection(ours):
        raise Unacceptable("witness.answer_of_another")
    return conclude(db, newest, witness, policy, newest.checkpoint.size, Answer(CONFLICT, size=about.size))


def lift_of_others(db: Connection, believed: Sequence[Witness]) -> None:
    """Lift what was stopped by the word of a witness that the policy no longer names."""
    names = {witness.name for witness in believed}
    halts = list_halts(db)
    for head in list_heads(db):
        halt = halts.get(head.id)
        if halt is not None and halt["code"] in HALTS and halt["details"].get("witness") not in names:
            lift_halt(db, head)


def _keep(db: Connection, sealed: Sealed, witness: Witness, policy: Policy, answer: Answer) -> bool:
    """Store the witness's signature, if it is one, and whether the quorum is met now. Lines of others are ignored."""
    try:
        lines = read_signatures(answer.lines)
        signed = verified(Note(sealed.note.text, lines), [witness.key])
    except NoteError:
        signed = []
    if not signed:
        return False
    signature = signed[0][1]
    values = {**_named(sealed.head.id), "size": sealed.checkpoint.size}
    # Two witnesses answer at once, each in a transaction of its own: the second must see what the first signed.
    run(db, "select pg_advisory_xact_lock(hashtextextended(%(text)s, 1))", {"text": sealed.note.text})
    run(
        db,
        """
        insert into cosignature (country, log_id, size, witness, line, cosigned_at)
        values (%(country)s, %(log)s, %(size)s, %(key)s, %(line)s, %(at)s) on conflict do nothing
        """,
        {
            **values,
            "key": witness.key.text,
            "line": signature.line,
            "at": datetime.fromtimestamp(signature.time, UTC),
        },
    )
    if policy.quorum != NONE and policy.is_met_by(_who_signed(db, sealed, policy)):
        run(
            db,
            "insert into witnessed (country, log_id, size) values (%(country)s, %(log)s, %(size)s) "
            "on conflict do nothing",
            values,
        )
    return True


def _who_signed(db: Connection, sealed: Sealed, policy: Policy) -> set[str]:
    """Return the names of the witnesses that signed a checkpoint, each signature verified by today's policy."""
    rows = run(
        db,
        "select line from cosignature where country = %(country)s and log_id = %(log)s and size = %(size)s",
        {**_named(sealed.head.id), "size": sealed.checkpoint.size},
    )
    names = set()
    for row in rows:
        with suppress(NoteError):  # a line that was changed since counts for nobody
            note = Note(sealed.note.text, read_signatures(row["line"]))
            names |= {witness.name for witness, _ in policy.cosigners(note)}
    return names


def _halt(db: Connection, sealed: Sealed, witness: Witness, code: str, **details: int) -> None:
    """Stop a log, unless something stopped it already: what was found first is looked into first."""
    if sealed.head.id in list_halts(db):
        return
    told = {"origin": sealed.checkpoint.origin, "witness": witness.name, **details}
    record_halt(db, sealed.head, Halted(code, **told))
    log.error("sealing.halted", country=sealed.head.id.country, code=code, **told)


def _lift(db: Connection, head: Head, witness: Witness) -> None:
    halt = list_halts(db).get(head.id)
    if halt is not None and halt["code"] in HALTS and halt["details"].get("witness") == witness.name:
        lift_halt(db, head)


def _named(log_id: LogId) -> dict[str, object]:
    return {"country": log_id.country, "log": log_id.log_id}
