"""Requests to witnesses over HTTP: which addresses will do, and what counts as an answer."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from attesting import MemoryLog, make_signer
from salw.core import clock
from salw.core.settings import SettingsError
from salw.ledger import sending
from salw.ledger.notes import Algorithm, NoteError
from salw.ledger.policy import NONE, Policy, Witness
from salw.ledger.witness_rules import Answer, AnswerFile, read_answer
from salw.ledger.witnesses import Unreachable


@pytest.fixture
def log(tmp_path: Path) -> MemoryLog:
    made = MemoryLog(make_signer(tmp_path, "journal.example/bf", Algorithm.ED25519))
    made.grow(9)
    return made


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness("ml", make_signer(tmp_path, "temoin.example/ml", Algorithm.COSIGNATURE).verifier, None)


def at(witness: Witness, url: str) -> Witness:
    return Witness(witness.name, witness.key, url)


@pytest.mark.parametrize(
    "url", ["https://ml.example/v1/witness", "http://127.0.0.1:8000/w", "http://localhost/w", "http://[::1]:8/w"]
)
def test_addresses_that_will_do(witness: Witness, url: str) -> None:
    sending.check_addresses(Policy((), (at(witness, url), witness), (), NONE))


@pytest.mark.parametrize(
    "url", ["http://ml.example/w", "http://10.0.0.1/w", "ftp://ml.example", "ml.example", "https://", "http://[::1/w"]
)
def test_a_refusal_that_could_be_forged_on_its_way_is_not_asked_for(witness: Witness, url: str) -> None:
    with pytest.raises(SettingsError) as error:
        sending.check_addresses(Policy((), (at(witness, url),), (), NONE))
    assert error.value.code == "settings.witness_address"
    assert url in str(error.value)


@contextmanager
def answering(status: int, kind: str, said: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Serve one answer to whatever is posted; yields the address and what was posted."""
    posted: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(self.path.encode() + b" " + self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/w", posted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "said", "answer"),
    [
        (200, "text/plain", "— x AAAAAAAA\n".encode(), Answer(200, lines="— x AAAAAAAA\n")),
        (409, "text/x.tlog.size", b"17\n", Answer(409, size=17)),
        (409, "text/x.tlog.size; charset=utf-8", b"17", Answer(409, size=17)),
        (409, "application/problem+json", b"{}", Answer(409)),
        (422, "text/plain", b"", Answer(422)),
        (302, "text/plain", b"", Answer(302)),
    ],
)
def test_an_answer_is_read_as_the_protocol_says(
    log: MemoryLog, witness: Witness, status: int, kind: str, said: bytes, answer: Answer
) -> None:
    request = log.request(4)
    with answering(status, kind, said) as (address, posted):
        assert sending.http_sender(at(witness, address))(request) == answer
    assert posted == [b"/w/add-checkpoint " + request.text.encode()]


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [(200, "text/plain", b"\xff"), (409, "text/x.tlog.size", b"017\n"), (200, "text/plain", b"x" * 100_000)],
)
def test_what_cannot_be_read_is_no_answer(
    log: MemoryLog, witness: Witness, status: int, kind: str, said: bytes
) -> None:
    with answering(status, kind, said) as (address, _), pytest.raises(Unreachable):
        sending.http_sender(at(witness, address))(log.request(4))


def test_nobody_there_is_no_answer(log: MemoryLog, witness: Witness) -> None:
    with answering(200, "text/plain", b"") as (address, _):
        pass
    with pytest.raises(Unreachable):
        sending.http_sender(at(witness, address))(log.request(4))


def test_an_answer_on_a_stick_reads_as_it_was_written(log: MemoryLog, witness: Witness, tmp_path: Path) -> None:
    signer = make_signer(tmp_path, "temoin.example/ne", Algorithm.COSIGNATURE)
    note = log.request(0).note
    line = log.signer.sign(note.text, clock.now()).line
    for answer in (Answer(409, size=7), Answer(422), Answer(200, lines=line)):
        file = read_answer(AnswerFile(signer.verifier.text, answer, note).text.encode())
        assert (file.witness, file.answer.status, file.answer.size) == (
            signer.verifier.text,
            answer.status,
            answer.size,
        )
        assert file.checkpoint == log.request(0).checkpoint
        assert answer.lines in file.answer.lines
    assert read_answer(AnswerFile("x", Answer(400), None).text.encode()).note is None
    whole = AnswerFile("x", Answer(409, size=7), note).text
    for spoilt in (
        "",
        whole.replace("status 409\n", ""),
        whole.replace("status 409", "status 99"),
        whole.replace("size 7", "size 07"),
        whole.replace("size 7", "size 7\nsize 8"),
        whole.replace("salw-witness-answer/v1", "salw-witness-answer/v2"),
        whole.replace("\n\n", "\n", 1),
        whole[:-3],
    ):
        with pytest.raises(NoteError):
            read_answer(spoilt.encode())
