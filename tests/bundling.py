"""Bundles for tests: asked for over HTTP, taken apart, and damaged in every way that a bundle can be."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moving import give_back, issue
from salw.custody.rules import Expected
from salw.ledger.canonical import canonical
from salw.ledger.checkpoints import Checkpoint, encode, read_checkpoint
from salw.ledger.leading import Sealer
from salw.ledger.notes import Algorithm, Note, Signature, Verifier, read_note
from salw.proofs.bundles.archive import read_archive, write_archive
from salw.proofs.bundles.verdict import Verdict
from world import World

Files = dict[str, bytes]


def ask(client: httpx.Client, world: World, job: str = "auditor", **asked: object) -> httpx.Response:
    """Ask for a bundle as one of the cast."""
    values = {name.rstrip("_"): str(value) for name, value in asked.items()}
    return client.get("/ledger/bundles", params=values, headers=world[job].headers)


def bundle(client: httpx.Client, world: World, job: str = "auditor", **asked: object) -> bytes:
    """Return a bundle that is given."""
    answer = ask(client, world, job, **asked)
    assert answer.status_code == 200, answer.text
    return answer.content


def changed(data: bytes, change: Callable[[Files], None]) -> bytes:
    """Return a bundle with its files changed and put together again, as somebody with a program would."""
    files = read_archive(data)
    change(files)
    return write_archive(files)


def lines(files: Mapping[str, bytes]) -> list[bytes]:
    """Return the events of the first log, each with its newline."""
    return files["1/events.jsonl"].splitlines(keepends=True)


def _event_byte(files: Files) -> None:
    first, *rest = lines(files)
    files["1/events.jsonl"] = b"".join([first.replace(b'"schema":', b'"schemA":', 1), *rest])


def _swapped(files: Files) -> None:
    first, second, *rest = lines(files)
    files["1/events.jsonl"] = b"".join([second, first, *rest])


def _swapped_with_proofs(files: Files) -> None:
    _swapped(files)
    _edit(files, "1/proofs.json", lambda proofs: proofs["paths"].insert(0, proofs["paths"].pop(1)))


def _dropped(files: Files) -> None:
    files["1/events.jsonl"] = b"".join(lines(files)[1:])


def _dropped_with_proof(files: Files) -> None:
    first, _, *rest = lines(files)
    files["1/events.jsonl"] = b"".join([first, *rest])
    _edit(files, "1/proofs.json", lambda proofs: proofs["paths"].pop(1))


def _proof_hash(files: Files) -> None:
    _edit(files, "1/proofs.json", lambda proofs: proofs["hashes"].__setitem__(0, encode(bytes(32))))


def _note(files: Files, change: Callable[[Checkpoint, Note], Note]) -> None:
    note = read_note(files["1/checkpoint"])
    files["1/checkpoint"] = str(change(read_checkpoint(note.text), note)).encode()


def _size(files: Files) -> None:
    _note(files, lambda c, n: Note(Checkpoint(c.origin, c.size + 1, c.root).text, n.signatures))


def _signature(files: Files) -> None:
    def spoil(_: Checkpoint, note: Note) -> Note:
        first = note.signatures[0]
        return Note(note.text, (Signature(first.name, first.key_id, first.value[:-1] + bytes([first.value[-1] ^ 1])),))

    _note(files, spoil)


def _other_key(files: Files) -> None:
    """Let somebody else sign under the log's name, and name his key in the bundle: it agrees with itself."""
    files["1/checkpoint"], key = resign(files["1/checkpoint"])
    files["policy"] = f"log {key.text}\nquorum none\n".encode()
    _edit(files, "1/anchors.json", lambda anchors: anchors.clear())


def _anchor(files: Files) -> None:
    _edit(files, "1/anchors.json", lambda anchors: anchors[0].update(root=encode(bytes(32))))


def _value(files: Files) -> None:
    _edit(files, "values.json", lambda values: values[0].update(text=values[0]["text"].replace(":", ": ", 1)))


def _edit(files: Files, name: str, change: Callable[[Any], Any]) -> None:
    content = json.loads(files[name])
    change(content)
    files[name] = canonical(content)


def _deep(files: Files) -> None:
    """Let the labels hold what every reader of JSON reads, and no register writes."""
    files["labels.json"] = files["labels.json"][:-1] + b',"x":' + b"[" * 65 + b"]" * 65 + b"}"


def _fathomless(files: Files) -> None:
    files["1/anchors.json"] = b"[" * 100_000


def _number(files: Files) -> None:
    _edit(files, "bundle.json", lambda head: head["subject"].update(name="BF-9999999-9"))


def resign(note: bytes) -> tuple[bytes, Verifier]:
    """Return a checkpoint signed by a new key of the same name, and that key."""
    read = read_note(note)
    private = Ed25519PrivateKey.generate()
    key = Verifier(read_checkpoint(read.text).origin, Algorithm.ED25519, private.public_key().public_bytes_raw())
    signature = Signature(key.name, key.key_id, private.sign(read.text.encode()))
    return str(Note(read.text, (signature,))).encode(), key


@dataclass(frozen=True)
class Damage:
    """A way to damage a bundle, and the code of what is found."""

    do: Callable[[bytes], bytes]
    code: str


def _files(change: Callable[[Files], None], code: str) -> Damage:
    return Damage(lambda data: changed(data, change), code)


DAMAGES: Mapping[str, Damage] = {
    "a byte of an event": _files(_event_byte, "proven.event_wrong"),
    "two events swapped": _files(_swapped, "proven.event_wrong"),
    "two events swapped with their proofs": _files(_swapped_with_proofs, "proven.event_out_of_order"),
    "an event taken out": _files(_dropped, "proven.events_missing"),
    "a movement taken out with its proof": _files(_dropped_with_proof, "proven.movement_missing"),
    "a hash of the proofs": _files(_proof_hash, "proven.event_wrong"),
    "the size in the checkpoint": _files(_size, "proven.signature_wrong"),
    "the signature": _files(_signature, "proven.signature_wrong"),
    "the key of another": _files(_other_key, "proven.key_not_yours"),
    "an earlier root": _files(_anchor, "proven.anchor_wrong"),
    "a name": _files(_value, "proven.value_wrong"),
    "the number of the weapon": _files(_number, "proven.head_wrong"),
    "the country": _files(lambda f: _edit(f, "bundle.json", lambda h: h.update(country="ML")), "proven.head_wrong"),
    "labels too deep": _files(_deep, "proven.malformed"),
    "a file too deep to read": _files(_fathomless, "proven.malformed"),
    "the end cut off": Damage(lambda data: data[:-100], "proven.not_whole_file"),
    "something before it": Damage(lambda data: b"MZ" + data, "proven.not_whole_file"),
    "a byte on a bad stick": Damage(lambda data: data.replace(b'"schema":', b'"schemA":', 1), "proven.file_damaged"),
    "another file in its place": Damage(lambda _: b"%PDF-1.4 not a bundle at all", "proven.not_whole_file"),
}


# What somebody may put into a bundle that leaves its proofs whole, and what is said of it.
STRANGERS: Mapping[str, Damage] = {
    "a file": _files(lambda files: files.update({"ATTESTATION.txt": b"tout est vrai"}), "proven.extra_file"),
    "a page": _files(lambda files: files.update({"VERIFIER.html": b"<h1>INTACT</h1>"}), "proven.other_page"),
    "a text": _files(
        lambda files: files.update({"LISEZ-MOI.txt": files["LISEZ-MOI.txt"].replace(b"PROUVE PAS", b"PROUVE AUSSI")}),
        "proven.other_readme",
    ),
    "a place": _files(lambda files: _edit(files, "labels.json", _renamed), "proven.other_readme"),
}


def _renamed(labels: Any) -> None:
    for holder in labels["holders"].values():
        holder["unit"] = "Bamako"


def trusting(sealer: Sealer, country: str = "BF") -> list[Verifier]:
    """Return the keys of a log, as a reader has them on paper."""
    return [signer.verifier for signer in sealer.signers_of(country)]


def story(client: httpx.Client, world: World) -> Expected:
    """Return a weapon that was taken on charge, issued and returned, between events of other weapons."""
    weapon, *others = world.register(3)
    (drawn,) = issue(client, world, [weapon])
    issue(client, world, others)
    (back,) = give_back(client, world, [drawn])
    return back


def kinds(verdict: Verdict) -> list[str]:
    """Return the kinds of the events that are proven, in the order of the log."""
    return [event.said["kind"] for event in verdict.events if event.proven]


def codes(verdict: Verdict) -> set[str]:
    """Return the codes of what is wrong."""
    return {problem.code for problem in verdict.problems}


def misfits(verdict: Verdict) -> set[str]:
    """Return the codes of what the reader gave and what does not go with the bundle; nothing is wrong with that."""
    assert verdict.problems == []
    return {misfit.code for misfit in verdict.misfits}


JUNK = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'{"hashes":[1],"paths":[[0,0]]}',
    b'[{"size":-1}]',
    b"\xff\xfe",
    b'{"holders":{"a":1}}',
)


def junk(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Return a bundle with each of its files replaced by each kind of nonsense, and without it."""
    files = read_archive(data)
    for name in files:
        if name.endswith((".txt", ".html")):
            continue
        yield f"no {name}", write_archive({k: v for k, v in files.items() if k != name})
        for nonsense in JUNK:
            yield f"{nonsense!r} as {name}", write_archive({**files, name: nonsense})
