"""Asking the witnesses of the policy over the network, beside the leader and never in its way.

Each witness has a thread of its own, so that a slow or dead one delays neither sealing nor the others. All of them ask
about the same checkpoints for a while: a quorum has to sign one and the same.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from salw.ledger.asking import (
    HALTS,
    Outcome,
    Sealed,
    conclude,
    last_signed,
    lift_of_others,
    list_sealed,
    make_request,
)
from salw.ledger.checkpoints import Request
from salw.ledger.policy import NOBODY, Policy, Witness
from salw.ledger.sealing import list_halts
from salw.ledger.trees import LogId, TreeIncomplete
from salw.ledger.witness_rules import CONFLICT, FORBIDDEN, INCONSISTENT, MALFORMED, SIGNED, UNKNOWN, Answer

ASK_EVERY_S = 2.0
BACKOFF_MAX_S = 60.0
TOLD_EVERY_S = 60.0
LEAVES_WITHIN_S = 2.0
ASKS_MAX = 3  # in a row, where a witness has signed more than was known here

log = structlog.get_logger("salw.witnesses")

Send = Callable[[Request], Answer]


class Unreachable(Exception):
    """A witness gave no answer, or none that can be read."""


@dataclass(slots=True)
class Asker:
    """One witness that has an address, and what it has signed of our logs, as far as is known."""

    witness: Witness
    policy: Policy
    send: Send
    _signed: dict[LogId, int] = field(default_factory=dict)
    _told_at: float = -TOLD_EVERY_S

    def ask_all(self, engine: Engine, sealed: Sequence[Sealed], *, anew: bool = False) -> bool:
        """Ask about each log that has something new, or is stopped, or `anew` about every one; say whether all is well.

        Raises nothing that a network or a database does; what went wrong is logged once a minute.
        """
        well = True
        for one in sealed:
            try:
                well &= self._ask(engine, one, anew=anew)
            except (Unreachable, TreeIncomplete, SQLAlchemyError, OSError) as error:
                self._say(one, str(error))
                well = False
        return well

    def _ask(self, engine: Engine, sealed: Sealed, *, anew: bool) -> bool:
        of = sealed.head.id
        with engine.begin() as db:
            old = self._signed[of] if of in self._signed else last_signed(db, of, self.witness)
            stopped = list_halts(db).get(of, {}).get("code") in HALTS
        if old >= sealed.checkpoint.size and not (anew or stopped):
            return True
        old = min(old, sealed.checkpoint.size)
        for _ in range(ASKS_MAX):
            with engine.begin() as db:
                request = make_request(db, sealed, old)
            answer = self.send(request)
            with engine.begin() as db:
                outcome, old = conclude(db, sealed, self.witness, self.policy, old, answer)
            if outcome is Outcome.SIGNED:
                self._signed[of] = old
                return True
            if outcome is Outcome.OTHERWISE:
                self._signed[of] = old
                if old <= sealed.checkpoint.size:
                    continue
                return True  # it has signed a newer one of ours since: that one is asked about next
            self._say(sealed, _told(answer))
            return False
        return False

    def _say(self, sealed: Sealed, error: str) -> None:
        if time.monotonic() - self._told_at >= TOLD_EVERY_S:
            self._told_at = time.monotonic()
            log.warning("witness.no_signature", witness=self.witness.name, origin=sealed.checkpoint.origin, error=error)


@dataclass(slots=True)
class Rounds:
    """The checkpoints that all witnesses are asked about, chosen anew every `every_s` seconds."""

    engine: Engine
    every_s: float
    _number: int = 0
    _until: float = 0.0
    _sealed: Sequence[Sealed] = ()
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def after(self, number: int) -> tuple[int, Sequence[Sealed]] | None:
        """Return the round of now with its number, None where it is still the one of `number`."""
        with self._turn:
            if time.monotonic() >= self._until:
                with self.engine.begin() as db:
                    self._sealed = list_sealed(db)
                self._until = time.monotonic() + self.every_s
                self._number += 1
            return (self._number, self._sealed) if self._number > number else None


class Witnesses:
    """The witnesses of a policy that have an address; `sender` returns how to send to one."""

    def __init__(self, policy: Policy, sender: Callable[[Witness], Send], *, every_s: float = ASK_EVERY_S) -> None:
        self._policy = policy
        self._askers = [Asker(witness, policy, sender(witness)) for witness in policy.witnesses if witness.url]
        self._every_s = every_s

    def ask_anew(self, engine: Engine) -> None:
        """Ask every witness about every log at once, and come back when all have answered or could not be reached.

        Before anything is sequenced or signed: who restored an old backup learns of it here.
        """
        with engine.begin() as db:
            # Taking a witness out of the policy file is an act; to have no file at hand for once is none.
            if self._policy is not NOBODY:
                lift_of_others(db, self._policy.witnesses)
            sealed = list_sealed(db)
        if self._askers and sealed:
            with ThreadPoolExecutor(len(self._askers)) as pool:
                list(pool.map(lambda asker: asker.ask_all(engine, sealed, anew=True), self._askers))

    @contextmanager
    def asked(self, engine: Engine) -> Iterator[None]:
        """Go on asking until the end of the block. Whoever is waited for longest is left to end by itself."""
        stop = threading.Event()
        rounds = Rounds(engine, self._every_s)
        threads = [
            threading.Thread(target=_ask_on, args=(engine, asker, rounds, stop, self._every_s), daemon=True)
            for asker in self._askers
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            until = time.monotonic() + LEAVES_WITHIN_S
            for thread in threads:
                thread.join(max(0.0, until - time.monotonic()))


def no_sender(witness: Witness) -> Send:
    """Return what sends to nobody: the sender of a node without a policy."""
    raise Unreachable(witness.name)


NO_WITNESSES = Witnesses(NOBODY, no_sender)


def _ask_on(engine: Engine, asker: Asker, rounds: Rounds, stop: threading.Event, every_s: float) -> None:
    number, pause_s = 0, 0.0
    while not stop.wait(pause_s or every_s / 4):
        try:
            this = rounds.after(number)
            if this is None:
                continue
            number, sealed = this
            well = asker.ask_all(engine, sealed)
        except Exception:  # the thread's own edge: whatever it is, this witness is asked again later
            log.exception("witness.failed", witness=asker.witness.name)
            well = False
        pause_s = 0.0 if well else min(max(pause_s * 2, every_s), BACKOFF_MAX_S)


_MEANS = {
    SIGNED: "the signature is not one of this witness on this checkpoint",
    MALFORMED: "it could not read the request",
    FORBIDDEN: "it knows no key that signed this checkpoint",
    UNKNOWN: "it does not know this log",
    CONFLICT: "it has signed otherwise: see why the log is halted",
    INCONSISTENT: "it has signed another log of this name: see why the log is halted",
}


def _told(answer: Answer) -> str:
    """Return what an answer that brought no signature means, for whoever reads the log of this process."""
    return f"answer {answer.status}: {_MEANS.get(answer.status, 'no signature')}"
