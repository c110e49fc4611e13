"""Our logs before their witnesses: what is asked, what is kept, who is waited for, and what stops a log."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from attesting import make_signer
from cluster import Database
from salw.core import clock
from salw.core.db import make_engine, run
from salw.core.ids import random_bytes
from salw.core.language import LANGUAGES, translate
from salw.ledger.asking import Outcome, conclude, list_sealed, make_request
from salw.ledger.checkpoints import Request
from salw.ledger.leading import Chores, Sealer, lead_forever, lead_once
from salw.ledger.notes import Algorithm
from salw.ledger.policy import NONE, Group, Log, Policy, Witness
from salw.ledger.published import Published
from salw.ledger.sealing import list_halts
from salw.ledger.signing import Signer
from salw.ledger.standing import Standing, list_standings
from salw.ledger.witness_rules import NOTHING_SEEN, SIGNED, Answer, Seen, judge_growth, judge_signature
from salw.ledger.witnesses import Unreachable, Witnesses
from world import World, build_world


class Neighbour:
    """A witness in memory, by the same rules; it can be away, slow, or wrong."""

    def __init__(self, signer: Signer, log_key: Signer) -> None:
        self.signer, self.log_key = signer, log_key
        self.seen = NOTHING_SEEN
        self.asked: list[int] = []
        self.away = False
        self.answers: Callable[[Request], Answer] = self.judge

    def send(self, request: Request) -> Answer:
        if self.away:
            raise Unreachable("away")
        self.asked.append(request.old)
        return self.answers(request)

    def judge(self, request: Request) -> Answer:
        refused = judge_signature(request, [self.log_key.verifier]) or judge_growth(request, self.seen)
        if refused is not None:
            return refused
        self.seen = Seen(request.checkpoint.size, request.checkpoint.root)
        return Answer(SIGNED, lines=self.signer.sign(request.note.text, clock.now()).line)


class Home:
    """Burkina Faso's node: its database, its sealer, and two neighbours called ml and ne."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.engines = {role: make_engine(database.urls[role]) for role in ("salw_app", "salw_sequencer", "postgres")}
        self.world: World = build_world(self.engines["salw_app"])
        self.key = make_signer(folder, f"journal.example/{random_bytes(4).hex()}", Algorithm.ED25519)
        self.sealer = Sealer(lambda _: (self.key,), Published(folder / "checkpoints"), clock.now)
        self.neighbours = {
            name: Neighbour(make_signer(folder, f"temoin.example/{name}", Algorithm.COSIGNATURE), self.key)
            for name in ("ml", "ne")
        }

    @property
    def sequencer(self) -> Engine:
        return self.engines["salw_sequencer"]

    def policy(self, least: int) -> Policy:
        witnesses = tuple(
            Witness(name, n.signer.verifier, f"https://{name}.example") for name, n in self.neighbours.items()
        )
        return Policy((Log(self.key.verifier, None),), witnesses, (Group("g", least, ("ml", "ne")),), "g")

    def witnesses(self, least: int = 2, *, every_s: float = 0.1) -> Witnesses:
        return Witnesses(self.policy(least), lambda w: self.neighbours[w.name].send, every_s=every_s)

    def seal(self, least: int = 2) -> Standing:
        """Sequence, seal and ask once, as `salw ledger sequence --once` does, and return where the log stands."""
        lead_once(self.sequencer, self.sealer, Chores(witnesses=self.witnesses(least)))
        return self.standing(least)

    def standing(self, least: int = 2) -> Standing:
        with self.sequencer.begin() as db:
            return list_standings(db, self.policy(least))[-1]

    def halt(self) -> str | None:
        with self.sequencer.begin() as db:
            return next((str(row["code"]) for row in list_halts(db).values()), None)

    def go_back(self, size: int) -> None:
        """Put back the database and the published checkpoint as a backup from `size` has them."""
        with self.engines["postgres"].begin() as db:
            run(db, "set local session_replication_role = replica")
            for table in ("checkpoint", "cosignature", "witnessed"):
                run(db, f"delete from {table} where size > %(s)s", {"s": size})
            run(db, "delete from leaf where idx >= %(s)s", {"s": size})
        self.sealer.published.path_of(self.key.verifier.name).unlink()


@pytest.fixture
def home(fresh_database: Database, tmp_path: Path) -> Iterator[Home]:
    made = Home(fresh_database, tmp_path)
    yield made
    for engine in made.engines.values():
        engine.dispose()


def test_what_a_quorum_signed_is_witnessed(home: Home) -> None:
    ml, ne = home.neighbours.values()
    first = home.seal()
    assert first.witnessed == first.sealed == first.recorded > 0
    assert first.witnessed_at is not None
    assert [(w.name, w.size) for w in first.witnesses] == [("ml", first.sealed), ("ne", first.sealed)]
    home.world.register(3)
    ne.away = True
    second = home.seal()
    assert (second.sealed, second.witnessed) == (second.recorded, first.sealed), "sealed, and not yet witnessed"
    assert [w.size for w in second.witnesses] == [second.sealed, first.sealed]
    assert second.halt is None
    ne.away = False
    assert home.seal().witnessed == second.sealed
    home.world.register(1)
    ne.away = True
    assert home.seal(least=1).witnessed == home.standing().sealed, "where one of two is enough, one is enough"
    assert ml.asked[-1] == second.sealed, "asked from what it has signed"


def test_what_is_no_signature_of_a_known_witness_is_not_kept(home: Home, tmp_path: Path) -> None:
    ml, ne = home.neighbours.values()
    stranger = make_signer(tmp_path, "temoin.example/ml", Algorithm.COSIGNATURE)
    ml.answers = lambda request: Answer(SIGNED, lines=stranger.sign(request.note.text, clock.now()).line)
    ne.answers = lambda _: Answer(SIGNED, lines="— temoin.example/ne AAAA\n")
    told = home.seal(least=1)
    assert (told.sealed, told.witnessed) == (told.recorded, 0)
    assert [w.size for w in told.witnesses] == [None, None]


def test_a_witness_that_has_seen_more_of_this_log_by_another_way_is_asked_from_there(home: Home) -> None:
    ml = home.neighbours["ml"]
    first = home.seal()
    with home.engines["postgres"].begin() as db:
        run(db, "set local session_replication_role = replica")
        run(db, "delete from cosignature")
    ml.asked.clear()
    home.world.register(2)
    second = home.seal()
    assert second.witnesses[0].size == second.sealed
    assert ml.asked[:2] == [0, first.sealed]


def test_a_witness_that_does_not_know_us_stops_nothing(home: Home) -> None:
    for status in (400, 403, 404, 500, 503):
        home.neighbours["ne"].answers = lambda _, status=status: Answer(status)  # type: ignore[misc]  # bound here
        home.world.register(1)
        told = home.seal()
        assert (told.sealed, told.witnessed, told.halt) == (told.recorded, 0, None)


def test_a_log_that_went_back_is_stopped_before_anything_is_signed(home: Home) -> None:
    """Database and checkpoint file were put back together: the witness alone knows better."""
    first = home.seal()
    home.world.register(30)
    lost = home.seal()
    home.go_back(first.sealed)
    home.world.register(60)
    stopped = home.seal()
    assert stopped.halt is not None
    details = stopped.halt["details"]
    assert stopped.halt["code"] == "ledger.behind_witness"
    assert details == {
        "origin": home.key.verifier.name,
        "witness": details["witness"],
        "size": first.sealed,
        "seen": lost.sealed,
    }
    assert stopped.sealed == first.sealed
    for language in LANGUAGES:
        assert str(lost.sealed) in translate(stopped.halt["code"], language, **details), "says what to do"
    assert home.seal().sealed == first.sealed, "nor the next time"
    for neighbour in home.neighbours.values():
        neighbour.away = True
    assert home.seal().sealed == first.sealed, "nor when nobody answers any more"


def test_another_history_is_stopped_where_a_witness_refuses_it(home: Home) -> None:
    first = home.seal()
    home.world.register(30)
    lost = home.seal()
    home.go_back(first.sealed)
    home.world.register(lost.sealed)
    for neighbour in home.neighbours.values():
        neighbour.away = True
    home.seal()  # nobody could be reached: it went on, beyond what was lost
    ml = home.neighbours["ml"]
    ml.away = False
    home.world.register(1)
    before = home.standing().sealed
    stopped = home.seal()
    assert stopped.halt is not None
    assert stopped.halt["code"] == "ledger.refused_by_witness"
    assert stopped.halt["details"]["witness"] == "ml"
    assert stopped.sealed == before > lost.sealed
    with home.sequencer.begin() as db:
        assert run(db, "select 1 from cosignature where size > %(s)s", {"s": first.sealed}) == []


def test_what_a_witness_stopped_its_own_word_lifts_and_nobody_elses(home: Home) -> None:
    home.seal()
    ml = home.neighbours["ml"]
    ml.answers = lambda _: Answer(409, size=10_000)  # it is wrong, or somebody in its place
    home.world.register(1)
    assert home.seal().halt is not None
    assert home.neighbours["ne"].asked, "the other one goes on signing"
    assert home.halt() == "ledger.behind_witness"
    ml.answers = lambda _: Answer(404)
    home.seal()
    assert home.halt() == "ledger.behind_witness", "to know us no more lifts nothing"
    ml.answers = ml.judge
    told = home.seal()
    assert (told.halt, told.sealed, told.witnessed) == (None, told.recorded, told.recorded)


def test_a_witness_taken_out_of_the_policy_stops_nothing_any_more(home: Home) -> None:
    home.neighbours["ml"].answers = lambda _: Answer(409, size=10_000)
    home.seal()
    home.seal()
    assert home.halt() == "ledger.behind_witness"
    policy = home.policy(1)
    without = replace(policy, witnesses=policy.witnesses[1:], groups=(Group("g", 1, ("ne",)),))
    chores = Chores(witnesses=Witnesses(without, lambda w: home.neighbours[w.name].send))
    home.world.register(1)
    lead_once(home.sequencer, home.sealer, chores)
    told = home.standing()
    assert (told.halt, told.witnessed) == (None, told.recorded)


def test_what_the_tiles_do_not_prove_is_not_sent(home: Home) -> None:
    """Somebody changed a table: that is found at home, and no witness learns of a second tree."""
    home.seal()
    asked = list(home.neighbours["ml"].asked)
    with home.engines["postgres"].begin() as db:
        run(db, "update tile set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)")
    home.seal()
    assert home.neighbours["ml"].asked == asked
    with home.engines["postgres"].begin() as db:
        run(db, "set local session_replication_role = replica")
        run(db, "delete from cosignature")
    home.seal()
    assert home.neighbours["ml"].asked == asked, "nor where there is nothing to be consistent with"


def test_where_the_policy_asks_for_nobody_nothing_is_called_witnessed(home: Home) -> None:
    nobody = replace(home.policy(1), quorum=NONE)
    chores = Chores(witnesses=Witnesses(nobody, lambda w: home.neighbours[w.name].send))
    lead_once(home.sequencer, home.sealer, chores)
    told = home.standing()
    assert (told.witnesses[0].size, told.witnessed) == (told.sealed, 0)


def test_a_log_that_was_stopped_goes_on_by_itself_once_the_witness_agrees(home: Home) -> None:
    home.seal()
    ml = home.neighbours["ml"]
    with led(home):
        ml.answers = lambda _: Answer(409, size=10_000)
        home.world.register(1)
        until(lambda: home.halt() == "ledger.behind_witness")
        home.world.register(1)
        ml.answers = ml.judge
        until(lambda: home.halt() is None and home.standing().witnessed == home.standing().recorded)


def test_of_two_that_sign_at_once_the_second_sees_the_first(home: Home) -> None:
    """Each in a transaction of its own: without taking turns neither would see a quorum."""
    for neighbour in home.neighbours.values():
        neighbour.away = True
    home.seal()
    with home.sequencer.begin() as db:
        (sealed,) = list_sealed(db)
        request = make_request(db, sealed, 0)
    policy = home.policy(2)
    answers = [(w, home.neighbours[w.name].judge(request)) for w in policy.witnesses]
    (first, its), (second, others) = answers

    def keep_second() -> None:
        with home.sequencer.begin() as db:
            assert conclude(db, sealed, second, policy, 0, others)[0] is Outcome.SIGNED

    thread = threading.Thread(target=keep_second)
    with home.sequencer.begin() as db:
        assert conclude(db, sealed, first, policy, 0, its)[0] is Outcome.SIGNED
        thread.start()
        thread.join(0.3)
        assert thread.is_alive(), "it waits for what the first does"
    thread.join(20)
    assert home.standing().witnessed == sealed.checkpoint.size


def test_a_slow_witness_delays_neither_sealing_nor_the_other(home: Home) -> None:
    ml, ne = home.neighbours.values()
    home.seal()
    wait = threading.Event()

    def slowly(request: Request) -> Answer:
        wait.wait(20)
        return ml.judge(request)

    with led(home):
        until(lambda: len(ml.asked) > 1)  # it was asked at the start
        ml.answers = slowly
        home.world.register(2)
        until(lambda: home.standing().witnesses[1].size == home.standing().recorded)
        assert home.standing().witnesses[0].size != home.standing().recorded
        home.world.register(2)
        until(lambda: home.standing().witnesses[1].size == home.standing().recorded)
        wait.set()
        ml.answers = ml.judge
        until(lambda: home.standing().witnessed == home.standing().recorded)
    assert ne.asked[-1] > 0


@contextmanager
def led(home: Home) -> Iterator[None]:
    """Let the sequencer lead with its witnesses asked beside, as its process does."""
    stop = threading.Event()
    chores = Chores(witnesses=home.witnesses())
    thread = threading.Thread(
        target=lead_forever, args=(home.sequencer, stop.is_set, home.sealer, chores), kwargs={"pause_s": 0.02}
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
