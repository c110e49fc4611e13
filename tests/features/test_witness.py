"""This node as a witness, over HTTP: every status of C2SP tlog-witness by the sentence that asks for it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from attesting import MemoryLog, knows, make_signer
from salw.access.factors.rules import Party
from salw.core import clock
from salw.core.db import make_engine, run, run_one
from salw.core.ids import random_bytes
from salw.core.settings import FACTOR_KEY_BYTES
from salw.ledger import witnessing
from salw.ledger.checkpoints import Request
from salw.ledger.notes import Algorithm, Note, Verifier, read_signatures, verified
from salw.ledger.policy import NOBODY
from salw.ledger.signing import Signer
from salw.ledger.witness_rules import judge_growth
from salw.ledger.witnessing import Witnessing
from salw.main import create_app
from service_fixtures import running
from world import World

Make = Callable[[], MemoryLog]


class Node:
    """A node that is a witness: whom it knows can be changed while it runs."""

    def __init__(self, address: str, signer: Signer, tell: Callable[[Witnessing], None]) -> None:
        self.client = httpx.Client(base_url=address + "/v1/witness", timeout=30)
        self.signer = signer
        self._tell = tell
        self._known: list[Verifier] = []

    def know(self, key: Verifier) -> None:
        self._known.append(key)
        self.sign_with(self.signer)

    def sign_with(self, signer: Signer | None) -> None:
        self._tell(Witnessing(signer, knows(*self._known)))

    def ask(self, request: Request | bytes) -> httpx.Response:
        return self.client.post(
            "/add-checkpoint", content=request.text.encode() if isinstance(request, Request) else request
        )


@pytest.fixture(scope="module")
def node(urls: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    app = create_app(urls, Party("http://localhost:8000", random_bytes(FACTOR_KEY_BYTES)))
    assert app.state.witnessing.policy == NOBODY
    signer = make_signer(tmp_path_factory.mktemp("witness"), "temoin.example/ne", Algorithm.COSIGNATURE)
    with running(app) as address:
        made = Node(address, signer, lambda now: setattr(app.state, "witnessing", now))
        yield made
        made.client.close()


@pytest.fixture
def new_log(node: Node, tmp_path: Path) -> Make:
    """Return the way to make a log that the witness knows."""

    def make() -> MemoryLog:
        log = MemoryLog(make_signer(tmp_path, f"journal.example/{random_bytes(6).hex()}", Algorithm.ED25519))
        node.know(log.signer.verifier)
        return log

    return make


def test_a_checkpoint_that_continues_what_was_seen_is_cosigned(node: Node, new_log: Make) -> None:
    """200: signature lines "from the witness key(s) on the checkpoint", starting with an em dash and ending in LF."""
    log, seen = new_log(), 0
    for step in (3, 1, 300):
        request = log.request(seen, log.grow(step))
        before = int(time.time())
        answer = node.ask(request)
        assert answer.status_code == 200, answer.text
        lines = read_signatures(answer.text)
        assert answer.text == "".join(line.line for line in lines)
        ((key, signature),) = verified(Note(request.note.text, lines), [node.signer.verifier])
        assert key == node.signer.verifier
        assert before <= signature.time <= time.time()
        seen = request.checkpoint.size


def test_the_same_checkpoint_is_cosigned_again_at_a_later_time(node: Node, new_log: Make) -> None:
    log = new_log()
    size = log.grow(7)
    assert node.ask(log.request(0)).status_code == 200
    assert node.ask(log.request(size)).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda _: "{}",
        lambda text: text.replace("old 0", "old 00"),
        lambda text: text.replace("old 0", "old -1"),
        lambda text: text.replace("old 0", "size 0"),
        lambda text: text.replace("old 0\n\n", "old 0\n"),
        lambda text: text.replace("old 0\n", "old 0\nnot base64\n"),
        lambda text: text.replace("old 0\n", "old 0\n" + ("A" * 43 + "=\n") * 64),
        lambda text: text.removesuffix("\n"),
        lambda text: text.partition("— ")[0],
        lambda text: text.replace("\n5\n", "\n05\n"),
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_what_is_no_request_is_told_so(node: Node, new_log: Make, spoil: Callable[[str], str]) -> None:
    """400: what is no sequence of an old size line, at most 63 hashes, an empty line and a checkpoint."""
    log = new_log()
    log.grow(5)
    answer = node.ask(spoil(log.request(0).text).encode())
    assert (answer.status_code, answer.json()["code"]) == (400, "witness.malformed")
    assert node.ask(log.request(0)).status_code == 200, "and it is none by what was spoilt"


def test_an_old_size_beyond_the_checkpoint_is_refused(node: Node, new_log: Make) -> None:
    """400: "The old size MUST be equal to or lower than the checkpoint size."""
    log = new_log()
    size = log.grow(5)
    answer = node.ask(log.request(size + 1))
    assert (answer.status_code, answer.json()["code"]) == (400, "witness.shrinks")


def test_a_checkpoint_that_no_known_key_signed_is_refused(node: Node, new_log: Make, tmp_path: Path) -> None:
    """403: "If none of the signatures verify against a trusted public key"."""
    log, other = new_log(), make_signer(tmp_path, "journal.example/autre", Algorithm.ED25519)
    same_name = make_signer(tmp_path, log.origin, Algorithm.ED25519)
    size = log.grow(5)
    honest = log.request(0)
    for signers in ([other], [same_name]):
        answer = node.ask(replace(honest, note=log.note(size, signers)))
        assert (answer.status_code, answer.json()["code"]) == (403, "witness.not_of_the_log")
    wrong = log.note(size)
    wrong = replace(wrong, signatures=(replace(wrong.signatures[0], value=bytes(64)),))
    assert node.ask(replace(honest, note=wrong)).status_code == 403
    both = log.note(size, [other, log.signer])
    assert node.ask(replace(honest, note=both)).status_code == 200, "it MUST ignore signatures from unknown keys"


def test_an_unknown_log_is_refused(node: Node, new_log: Make, tmp_path: Path) -> None:
    """404: "If the checkpoint origin is unknown"."""
    new_log()
    stranger = MemoryLog(make_signer(tmp_path, f"journal.example/{random_bytes(6).hex()}", Algorithm.ED25519))
    stranger.grow(2)
    answer = node.ask(stranger.request(0))
    assert (answer.status_code, answer.json()["code"]) == (404, "witness.unknown_log")


def test_a_node_without_a_witness_key_knows_no_log(node: Node, new_log: Make) -> None:
    log = new_log()
    log.grow(2)
    node.sign_with(None)
    assert node.ask(log.request(0)).status_code == 404
    node.sign_with(node.signer)
    assert node.ask(log.request(0)).status_code == 200


def test_who_does_not_know_what_was_seen_is_told_the_size(node: Node, new_log: Make) -> None:
    """409: the latest size in decimal and LF, as text/x.tlog.size; zero if it never cosigned."""
    log = new_log()
    size = log.grow(20)
    for old, told in ((5, "0\n"), (20, "0\n")):
        answer = node.ask(log.request(old))
        assert (answer.status_code, answer.text, answer.headers["content-type"]) == (409, told, "text/x.tlog.size")
    assert node.ask(log.request(0)).status_code == 200
    log.grow(20)
    for old in (0, size - 1, size + 1):
        answer = node.ask(log.request(old))
        assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
            409,
            f"{size}\n",
            "text/x.tlog.size",
        )
    assert node.ask(log.request(0, 10)).status_code == 409, "nor is an older one signed again"
    assert node.ask(log.request(size)).status_code == 200


def test_another_tree_of_the_same_size_is_refused(node: Node, new_log: Make) -> None:
    """409: "If the old size matches the checkpoint size, the witness MUST check that the root hashes are identical."""
    log = new_log()
    size = log.grow(8)
    forked = log.fork(5)
    forked.grow(3)
    assert node.ask(log.request(0)).status_code == 200
    answer = node.ask(forked.request(size))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json", "not a size: to ask again would be no use"
    assert answer.json()["code"] == "witness.other_tree"
    assert node.ask(log.request(size)).status_code == 200


def test_an_empty_tree_has_the_root_of_nothing(node: Node, new_log: Make) -> None:
    log = new_log()
    request = log.request(0)
    forged = replace(request.checkpoint, root=bytes(32))
    note = Note(forged.text, (log.signer.sign(forged.text, clock.now()),))
    assert node.ask(Request(0, (), note, forged)).status_code == 409
    assert node.ask(request).status_code == 200


def test_a_proof_that_does_not_verify_is_refused(node: Node, new_log: Make) -> None:
    """422: "If the Merkle Consistency Proof doesn't verify"; it "MUST be empty if the old size is zero"."""
    log = new_log()
    seen = log.grow(6)
    unasked = replace(log.request(0), path=(bytes(32),))
    assert (answer := node.ask(unasked)).status_code == 422
    assert answer.json()["code"] == "witness.not_consistent"
    assert node.ask(log.request(0)).status_code == 200
    forked = log.fork(3)
    log.grow(10)
    forked.grow(13)
    honest = log.request(seen)
    for wrong in (
        forked.request(seen),
        replace(honest, path=honest.path[:-1]),
        replace(honest, path=(*honest.path, bytes(32))),
        replace(honest, path=tuple(reversed(honest.path))),
        replace(honest, path=()),
    ):
        assert node.ask(wrong).status_code == 422
    assert node.ask(honest).status_code == 200, "and what was refused left no trace in what was seen"


def test_no_node_witnesses_a_log_of_its_own(
    node: Node, new_log: Make, owner_engine: Engine, world: World, tmp_path: Path
) -> None:
    """The own country's witness never counts, by the log's name as by its key, whatever the policy file says."""
    by_key, by_name, other = new_log(), new_log(), new_log()
    renamed = MemoryLog(replace(by_key.signer, verifier=replace(by_key.signer.verifier, name=f"{by_key.origin}/2")))
    node.know(renamed.signer.verifier)
    other_key = make_signer(tmp_path, by_name.origin, Algorithm.ED25519)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        for number, log, key in ((901, by_key, by_key.signer), (902, by_name, other_key)):
            values = {"id": number, "origin": log.origin, "key": key.verifier.text}
            run(
                db,
                "insert into log (country, id, origin, first_idx) values ('NE', %(id)s, %(origin)s, %(id)s) ",
                values,
            )
            run(db, "insert into log_key (country, log_id, key) values ('NE', %(id)s, %(key)s)", values)
    try:
        for log in (by_key, by_name, renamed):
            log.grow(3)
            answer = node.ask(log.request(0))
            assert (answer.status_code, answer.json()["code"]) == (404, "witness.own_log")
        other.grow(3)
        assert node.ask(other.request(0)).status_code == 200
    finally:
        with owner_engine.begin() as db:
            run(db, "set local role salw_owner")
            run(db, "alter table log_key disable trigger append_only")
            run(db, "delete from log_key where log_id > 900")
            run(db, "alter table log_key enable trigger append_only")
            run(db, "delete from log where id > 900")


def test_of_two_at_once_the_smaller_never_takes_the_place_of_the_larger(
    node: Node, new_log: Make, urls: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race of the specification: A with N and B with N+K, both checked before either is kept."""
    log = new_log()
    log.grow(3)
    assert node.ask(log.request(0)).status_code == 200
    log.grow(4)
    asked = {"A": log.request(3, 5), "B": log.request(3, 7)}
    both_wait, checking = threading.Barrier(2), []

    def slowly(request: Request, seen: object) -> object:
        checking.append(request.checkpoint.size)
        time.sleep(0.3)  # long enough for the other to come as far as it can
        return judge_growth(request, seen)  # type: ignore[arg-type]  # what it was given

    monkeypatch.setattr(witnessing, "judge_growth", slowly)
    answers: dict[str, httpx.Response] = {}

    def ask(name: str) -> None:
        with httpx.Client(base_url=node.client.base_url) as client:
            both_wait.wait()
            answers[name] = client.post("/add-checkpoint", content=asked[name].text.encode())

    threads = [threading.Thread(target=ask, args=(name,)) for name in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.status_code for a in answers.values()) == [200, 409]
    (winner,) = (name for name, answer in answers.items() if answer.status_code == 200)
    loser = next(answer for answer in answers.values() if answer.status_code == 409)
    assert len(checking) == 2
    assert loser.text == f"{asked[winner].checkpoint.size}\n", "it was checked after the other was kept"
    engine = make_engine(urls["salw_auditor"])
    with engine.begin() as db:
        row = run_one(db, "select size from witness_state where origin = %(o)s", {"o": log.origin})
    engine.dispose()
    assert row == {"size": asked[winner].checkpoint.size}


def test_what_could_not_be_signed_was_not_seen(node: Node, new_log: Make) -> None:
    """A failing signer: nothing is kept, and the same request is signed later."""
    log = new_log()
    log.grow(3)

    def fail(_message: bytes) -> bytes:
        return bytes(64)

    node.sign_with(Signer(node.signer.verifier, fail))
    answer = node.ask(log.request(0))
    assert (answer.status_code, answer.json()["code"]) == (503, "service.busy")
    node.sign_with(node.signer)
    assert node.ask(log.request(0)).status_code == 200


def test_it_is_the_signature_that_counts_and_not_how_it_is_sent(node: Node, new_log: Make) -> None:
    """Other people's programs send plain text; the specification names no type."""
    for headers in ({"Content-Type": "text/plain; charset=utf-8"}, {"Content-Type": "application/octet-stream"}, {}):
        log = new_log()
        log.grow(1)
        answer = node.client.post("/add-checkpoint", content=log.request(0).text.encode(), headers=headers)
        assert answer.status_code == 200


def test_a_body_that_no_request_has_is_refused_by_its_length(node: Node) -> None:
    long = node.client.post("/add-checkpoint", content=b"x" * 100_000)
    assert (long.status_code, long.json()["code"]) == (413, "request.too_large")
