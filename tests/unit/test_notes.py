"""Signed notes and keys: what Go's package writes is read, what we write comes back, what is damaged is refused."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.core.settings import SettingsError
from salw.ledger import signing
from salw.ledger.notes import Algorithm, Note, NoteError, read_note, read_verifier, verified, with_signatures
from salw.ledger.signing import SigningError, add_line, new_private_key, read_log_keys, read_witness_key

# The example of the documentation of golang.org/x/mod/sumdb/note: its keys and its note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def key_file(folder: Path, *lines: str, mode: int = 0o600) -> Path:
    path = folder / "keys"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    path.chmod(mode)
    return path


def test_a_note_that_go_signed_is_verified_and_signed_the_same(tmp_path: Path) -> None:
    note = read_note(f"{GO_TEXT}\n{GO_LINE}".encode())
    key = read_verifier(GO_KEY)
    assert key.text == GO_KEY
    assert verified(note, [key]) == [(key, note.signatures[0])]
    signer = read_log_keys(key_file(tmp_path, f"BF {GO_PRIVATE}"))["BF"][0]
    assert signer.verifier == key
    assert signer.sign(GO_TEXT, NOW).line == GO_LINE


@pytest.mark.parametrize(
    "damage",
    [
        lambda n: n.replace("answer", "Answer"),
        lambda n: n.replace("x08go/ZJ", "x08go/ZK"),
    ],
)
def test_a_known_keys_signature_that_is_wrong_condemns_the_note(damage: object) -> None:
    note = read_note(damage(f"{GO_TEXT}\n{GO_LINE}").encode())  # type: ignore[operator]
    with pytest.raises(NoteError, match=r"note\.signature_wrong"):
        verified(note, [read_verifier(GO_KEY)])


def test_signatures_of_unknown_keys_are_passed_over(tmp_path: Path) -> None:
    other = read_log_keys(key_file(tmp_path, f"BF {new_private_key('PeterNeumann', Algorithm.ED25519)}"))["BF"][0]
    note = with_signatures(read_note(f"{GO_TEXT}\n{GO_LINE}".encode()), [other.sign(GO_TEXT, NOW)])
    assert [key for key, _ in verified(note, [read_verifier(GO_KEY)])] == [read_verifier(GO_KEY)]
    assert [key for key, _ in verified(note, [other.verifier])] == [other.verifier]
    assert verified(read_note(str(note).encode()), []) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        f"{GO_TEXT}\n{GO_LINE}".encode()[:-1],
        f"{GO_TEXT}\n{GO_LINE}\n".encode(),
        f"{GO_TEXT}\n{GO_LINE}".replace("— ", "- ").encode(),
        f"{GO_TEXT}\n{GO_LINE}".replace("x08go", "x08g!").encode(),
        f"{GO_TEXT}\n{GO_LINE}".replace("AM=\n", "AN=\n").encode(),
        f"{GO_TEXT}\n— PeterNeumann AAAA\n".encode(),
        f"{GO_TEXT}\t\n\n{GO_LINE}".encode(),
        f"{GO_TEXT}\n{GO_LINE}".encode() + b"\xff\n",
        (GO_TEXT + "\n" + GO_LINE * 101).encode(),
        ("x" * 70_000 + "\n\n" + GO_LINE).encode(),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError, match=r"note\.malformed"):
        read_note(data)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "PeterNeumann",
        GO_KEY[:-1],
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("+AR", "+AQ"),
        "+" + GO_KEY,
        GO_KEY.replace("Peter", "Peter "),
    ],
)
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(NoteError, match=r"note\.key_malformed"):
        read_verifier(line)


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    try:
        note = read_note(data)
    except NoteError:
        return
    assert read_note(str(note).encode()) == note


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=80))
def test_a_note_that_was_written_is_read_back(text: str) -> None:
    note = Note(text + "\n", read_note(f"{GO_TEXT}\n{GO_LINE}".encode()).signatures)
    assert read_note(str(note).encode()) == note


def test_a_witness_signs_with_the_time_and_the_time_is_signed(tmp_path: Path) -> None:
    signer = read_witness_key(key_file(tmp_path, new_private_key("mali.example/w", Algorithm.COSIGNATURE)))
    signature = signer.sign(GO_TEXT, NOW)
    assert signature.time == int(NOW.timestamp())
    note = Note(GO_TEXT, (signature,))
    assert verified(note, [signer.verifier]) == [(signer.verifier, signature)]
    later = signature.value[:7] + bytes([signature.value[7] ^ 1]) + signature.value[8:]
    with pytest.raises(NoteError, match=r"note\.signature_wrong"):
        verified(Note(GO_TEXT, (type(signature)(signature.name, signature.key_id, later),)), [signer.verifier])


@pytest.mark.parametrize(
    "lines",
    [
        ["BF"],
        [f"BFA {GO_PRIVATE}"],
        [f"BF {GO_PRIVATE[:-2]}"],
        [f"BF {GO_PRIVATE.replace('c74f20a3', 'c74f20a4')}"],
        [f"BF {GO_KEY}"],
        [f"BF {GO_PRIVATE}", f"ML {GO_PRIVATE}"],
        [f"BF {new_private_key('mali.example/w', Algorithm.COSIGNATURE)}"],
    ],
)
def test_a_line_of_a_key_file_that_is_no_key_is_named(lines: list[str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_log_keys(key_file(tmp_path, "# the keys of the log", *lines))
    assert refused.value.code == "settings.key_line_malformed"
    assert refused.value.details["line"] == len(lines) + 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_may_touch_is_refused(mode: int, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_log_keys(key_file(tmp_path, f"BF {GO_PRIVATE}", mode=mode))
    assert refused.value.code == "settings.loose_file"


def test_a_file_of_our_own_is_for_us_alone_from_the_beginning(tmp_path: Path) -> None:
    path = tmp_path / "log_keys"
    for country in ("BF", "ML"):
        add_line(path, f"{country} {new_private_key(f'localhost/{country}', Algorithm.ED25519)}")
    assert path.stat().st_mode & 0o777 == 0o600
    assert {c: [s.verifier.name for s in signers] for c, signers in read_log_keys(path).items()} == {
        "BF": ["localhost/BF"],
        "ML": ["localhost/ML"],
    }
    assert list(tmp_path.iterdir()) == [path]


def test_a_signer_that_fails_is_said_to_fail(tmp_path: Path) -> None:
    for command in ("false", "no-such-program", "cat"):
        signer = read_log_keys(key_file(tmp_path, f"BF {GO_KEY} {command}"))["BF"][0]
        with pytest.raises(SigningError):
            signer.sign(GO_TEXT, NOW)


def test_a_signer_that_prints_without_end_is_ended(tmp_path: Path) -> None:
    signer = read_log_keys(key_file(tmp_path, f"BF {GO_KEY} sh -c 'echo $$ >{tmp_path}/number; exec yes'"))["BF"][0]
    began = time.monotonic()
    with pytest.raises(SigningError, match="more than 65536 bytes"):
        signer.sign(GO_TEXT, NOW)
    assert time.monotonic() - began < 5
    assert ended(tmp_path / "number")


def test_a_signer_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "_COMMAND_WAITS_S", 0.5)  # as the rest of ten seconds
    script = tmp_path / "signer"
    # The child holds the pipe open when the script itself has ended well.
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $! >{tmp_path}/number\n")
    script.chmod(0o700)
    signer = read_log_keys(key_file(tmp_path, f"BF {GO_KEY} {script}"))["BF"][0]
    with pytest.raises(SigningError, match="timed out"):
        signer.sign(GO_TEXT, NOW)
    assert ended(tmp_path / "number")


def ended(file: Path, seconds: float = 5) -> bool:
    """Say whether the process whose number a file has is gone, within some seconds."""
    number, until = int(file.read_text()), time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False
