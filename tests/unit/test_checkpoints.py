"""Checkpoints, requests to witnesses, proof files and policies: read as the specifications say, written the same."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salw.ledger.checkpoints import (
    Checkpoint,
    Proof,
    Request,
    encode,
    read_checkpoint,
    read_proof,
    read_request,
)
from salw.ledger.notes import Algorithm, Note, NoteError, Verifier, read_note
from salw.ledger.policy import PolicyError, read_policy
from salw.ledger.published import Published

# The examples of C2SP tlog-checkpoint, tlog-witness and tlog-cosignature.
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
TEXT = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
LOG_LINE = (
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
    "zyWE+xeMcTOAYQ8=\n"
)
WITNESS_LINE = (
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"
    "mbIUBkBIfZ+qnA==\n"
)
NOTE = f"{TEXT}\n{LOG_LINE}{WITNESS_LINE}"
REQUEST = f"""old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

{TEXT}
{LOG_LINE}"""
PROOF = f"""c2sp.org/tlog-proof@v1
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=

{NOTE}"""

hashes = st.binary(min_size=32, max_size=32)
notes = st.builds(lambda size, root: Checkpoint("bf.example/2027", size, root), st.integers(0, 2**63 - 1), hashes)


def test_the_examples_of_the_specifications_are_read_and_written_the_same() -> None:
    note = read_note(NOTE.encode())
    checkpoint = read_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size, encode(checkpoint.root)) == (
        "example.com/behind-the-sofa",
        20852163,
        ROOT,
    )
    assert checkpoint.text == TEXT
    assert note.signatures[1].time == 1679315147
    request = read_request(REQUEST.encode())
    assert (request.old, len(request.path), request.checkpoint) == (20852014, 4, checkpoint)
    assert request.text == REQUEST
    proof = read_proof(PROOF.encode())
    assert (proof.index, len(proof.path), proof.checkpoint, proof.note) == (73894, 2, checkpoint, note)
    assert proof.text == PROOF


def test_lines_that_we_do_not_know_are_allowed_where_the_specification_allows_them() -> None:
    assert read_checkpoint(TEXT + "an extension\n") == read_checkpoint(TEXT)
    extra = PROOF.replace("index", "extra YWdlLXYx\nindex", 1)
    assert read_proof(extra.encode()) == read_proof(PROOF.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com\n1\n",
        f"\n1\n{ROOT}\n",
        f"example.com\n01\n{ROOT}\n",
        f"example.com\n-1\n{ROOT}\n",
        f"example.com\n{2**63}\n{ROOT}\n",
        f"example.com\n1\n{ROOT[:-4]}\n",
        f"example.com\n1\n{ROOT}",
        f"example.com\n1\n{ROOT}\n\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError, match=r"checkpoint\.malformed"):
        read_checkpoint(text)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("old", "new"),
        ("old 20852014", "old 020852014"),
        ("old 20852014", "old"),
        ("old 20852014", f"old {2**63}"),
        ("PlRNCrwHpqhG", "PlRNCrwHpqh!"),
        ("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=", "PlRN"),
        ("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n", "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 64),
        ("old 20852014\n", "old 20852014\r\n"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused(wrong: str, right: str) -> None:
    assert wrong in REQUEST
    with pytest.raises(NoteError, match=r"witness\.malformed"):
        read_request(REQUEST.replace(wrong, right, 1).encode())
    with pytest.raises(NoteError):
        read_request(b"old 0\n")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("@v1", "@v2"), ("index 7", "index 07"), ("index", "place"), ("index 73894\n", ""), ("gSKy", "gSK!")],
)
def test_a_proof_that_cannot_be_read_is_refused(wrong: str, right: str) -> None:
    with pytest.raises(NoteError, match=r"proof\.malformed"):
        read_proof(PROOF.replace(wrong, right, 1).encode())


@given(notes, st.integers(0, 2**63 - 1), st.lists(hashes, max_size=63))
def test_what_is_written_is_read_back(checkpoint: Checkpoint, number: int, path: list[bytes]) -> None:
    note = Note(checkpoint.text, read_note(NOTE.encode()).signatures)
    request = Request(number, tuple(path), note, checkpoint)
    assert read_request(request.text.encode()) == request
    proof = Proof(number, tuple(path), note, checkpoint)
    assert read_proof(proof.text.encode()) == proof


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    for read in (read_request, read_proof):
        with pytest.raises(NoteError):
            read(data)


def key(name: str, number: int, algorithm: Algorithm = Algorithm.COSIGNATURE) -> str:
    return Verifier(name, algorithm, bytes([number]) * 32).text


POLICY = f"""# Burkina Faso: two witnesses, both of them for a report
log {key("bf.example/2027", 1, Algorithm.ED25519)} https://bf.example/log/
witness mali {key("ml.example/w", 2)} https://ml.example/v1/witness/
 witness\tniger {key("ne.example/w", 3)}
witness regional {key("regional.example/w", 4)}

group neighbours all mali niger
group enough 1 neighbours regional
quorum enough
"""


def test_a_policy_says_who_must_have_signed() -> None:
    policy = read_policy(POLICY.encode())
    assert [log.url for log in policy.logs] == ["https://bf.example/log"]
    assert [k.text for k in policy.keys_of("bf.example/2027")] == [key("bf.example/2027", 1, Algorithm.ED25519)]
    assert policy.keys_of("bf.example/2028") == ()
    assert [(w.name, w.url) for w in policy.witnesses] == [
        ("mali", "https://ml.example/v1/witness"),
        ("niger", None),
        ("regional", None),
    ]
    met = [{"mali", "niger"}, {"regional"}, {"mali", "regional"}]
    unmet = [set(), {"mali"}, {"niger"}, {"somebody else"}]
    assert [policy.is_met_by(names) for names in met] == [True, True, True]
    assert [policy.is_met_by(names) for names in unmet] == [False] * 4
    assert read_policy(b"quorum none\n").is_met_by(())


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("", "policy.no_quorum", 0),
        ("quorum mali\n", "policy.unknown_member", 1),
        ("quorum none\nquorum none\n", "policy.quorum_twice", 2),
        ("logs x\n", "policy.unknown_line", 1),
        ("log\n", "policy.unknown_line", 1),
        ("log x\n", "note.key_malformed", 1),
        (f"log {key('a', 1)}\n", "policy.wrong_kind_of_key", 1),
        (f"witness w {key('a', 1, Algorithm.ED25519)}\n", "policy.wrong_kind_of_key", 1),
        (f"witness w {key('a', 1)}\nwitness v {key('b', 1)}\n", "policy.key_twice", 2),
        (f"witness w {key('a', 1)}\nwitness w {key('a', 2)}\n", "policy.name_taken", 2),
        (f"witness none {key('a', 1)}\n", "policy.name_taken", 1),
        (f"witness w {key('a', 1)}\ngroup g 2 w\n", "policy.wrong_threshold", 2),
        (f"witness w {key('a', 1)}\ngroup g 0 w\n", "policy.wrong_threshold", 2),
        (f"witness w {key('a', 1)}\ngroup g any\n", "policy.unknown_member", 2),
        (f"witness w {key('a', 1)}\ngroup g any v\n", "policy.unknown_member", 2),
        ("group g any g\n", "policy.unknown_member", 1),
        ("group g any none\n", "policy.unknown_member", 1),
        (f"witness w {key('a', 1)}\ngroup g any w w\n", "policy.member_twice", 2),
        (f"witness w {key('a', 1)}\ngroup g any w\ngroup h any w\n", "policy.member_twice", 3),
        ("quorum none\r\n", "policy.control_character", 1),
    ],
)
def test_a_line_of_a_policy_that_cannot_be_right_is_named(text: str, reason: str, line: int) -> None:
    with pytest.raises(PolicyError) as refused:
        read_policy(text.encode())
    assert (refused.value.reason, refused.value.line) == (reason, line)


def test_bytes_beyond_ascii_are_taken_as_they_are() -> None:
    policy = read_policy(
        b"# commission nationale \xe9\nwitness t\xe9moin " + key("a", 1).encode() + b"\nquorum t\xe9moin\n"
    )
    assert len(policy.witnesses) == 1


def test_the_file_of_a_published_checkpoint_has_a_name_that_a_stick_takes() -> None:
    published = Published(Path("checkpoints"))
    origins = ["registre.example/bf/2026", "127.0.0.1:8000/bf/9f3a11", "127.0.0.1/8000/bf/9f3a11", 'a:b*c?"<>|\\d']
    names = [published.path_of(origin).name for origin in origins]
    assert names[0] == "registre.example_bf_2026.checkpoint"
    assert len(set(names)) == len(names)
    assert [name for name in names if set(name) & set('<>:"/\\|?*')] == []
