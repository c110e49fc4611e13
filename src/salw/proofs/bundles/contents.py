"""What stands in a bundle, and how it is written. Pure: from values at hand to the bytes of the file.

LISEZ-MOI.txt        what this is, what it proves and what not, how to check it: in plain words, and the digests
VERIFIER.html        the page that checks a bundle on any machine; take it from elsewhere if you trust nobody
bundle.json          whose events these are, and the logs they stand in
policy               keys of the logs and witnesses as the node knows them (C2SP tlog-policy): a help, not a proof
<log>/checkpoint     the signed head of a log (C2SP tlog-checkpoint, with cosignatures)
<log>/events.jsonl   each event as it was hashed, one a line
<log>/proofs.json    per event its index and its audit path (RFC 6962), as places in one list of hashes
<log>/anchors.json   earlier sizes of the log (what a report stands on), each with its consistency proof
values.json          names and texts that the events commit to, with their salts; only where they were asked for
labels.json          what the register calls places and functions: read easily, proven by nothing
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from salw.ledger.canonical import canonical
from salw.proofs.bundles.archive import write_archive

FORMAT = "salw-bundle/1"
DEPTH_MAX = 64  # of JSON in JSON: far more than we write, far less than what any reader fails on
README, PAGE, HEAD, POLICY = "LISEZ-MOI.txt", "VERIFIER.html", "bundle.json", "policy"
VALUES, LABELS = "values.json", "labels.json"
CHECKPOINT, EVENTS, PROOFS, ANCHORS = "checkpoint", "events.jsonl", "proofs.json", "anchors.json"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose events a bundle holds: a `weapon`, a `store` or a `stocktake`, by identifier, and what people call it."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An event of a log: its index, the bytes that were hashed, its audit path, sibling first."""

    index: int
    canonical: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Anchor:
    """An earlier size of a log with its root and the proof that the checkpoint continues it.

    `note` is the checkpoint that was signed at this size, "" where none was.
    """

    size: int
    root: bytes
    path: tuple[bytes, ...]
    note: str


@dataclass(frozen=True, slots=True)
class LogPart:
    """What a bundle holds of one log; `first` is the place of its first event among all events of the country."""

    log: int
    first: int
    note: str
    entries: tuple[Entry, ...]
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A value that events commit to: SHA-256 over `salt` and `text`, its canonical JSON, is `commitment`."""

    commitment: bytes
    salt: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that is written. `unsealed` events are recorded and under no checkpoint yet: they are not in it."""

    country: str
    subject: Subject
    parts: tuple[LogPart, ...]
    policy: str
    unsealed: int
    values: tuple[Value, ...]
    labels: Mapping[str, Any]


def write_bundle(bundle: Bundle, *, page: bytes, readme: Callable[[Mapping[str, str]], bytes]) -> bytes:
    """Return the file. `readme` makes its text from the SHA-256 of every other file, by its name."""
    files: dict[str, bytes] = {PAGE: page, HEAD: canonical(_head(bundle)), POLICY: bundle.policy.encode()}
    for part in bundle.parts:
        folder = f"{part.log}/"
        files[folder + CHECKPOINT] = part.note.encode()
        files[folder + EVENTS] = b"".join(entry.canonical + b"\n" for entry in part.entries)
        files[folder + PROOFS] = canonical(_proofs(part.entries))
        files[folder + ANCHORS] = canonical([_anchor(anchor) for anchor in part.anchors])
    if bundle.values:
        files[VALUES] = canonical([_value(value) for value in bundle.values])
    files[LABELS] = canonical(dict(bundle.labels))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return write_archive({README: readme(digests), **files})


def load_json(data: bytes) -> Any:
    """Return what JSON stands for; what one reader takes and another refuses is refused. Raises `ValueError`."""

    def refuse(text: str) -> Any:
        raise ValueError(text)

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name stands twice")
        return found

    try:
        found = json.loads(data.decode("utf-8"), parse_constant=refuse, parse_float=refuse, object_pairs_hook=once)
    except RecursionError:
        raise ValueError("too deep") from None
    level = [found]
    for _ in range(DEPTH_MAX):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return found
    raise ValueError("too deep")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def encode(value: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(value).decode()


def _head(bundle: Bundle) -> dict[str, Any]:
    subject = bundle.subject
    return {
        "format": FORMAT,
        "country": bundle.country,
        "subject": {"kind": subject.kind, "id": subject.id, "name": subject.name},
        "logs": [{"log": part.log, "first": part.first} for part in bundle.parts],
        "unsealed": bundle.unsealed,
    }


def _proofs(entries: Sequence[Entry]) -> dict[str, Any]:
    # Neighbours share the upper part of their paths: each hash stands once, and a path names places.
    places: dict[bytes, int] = {}
    paths = [[entry.index, *(places.setdefault(h, len(places)) for h in entry.path)] for entry in entries]
    return {"hashes": [encode(h) for h in places], "paths": paths}


def _anchor(anchor: Anchor) -> dict[str, Any]:
    return {
        "size": anchor.size,
        "root": encode(anchor.root),
        "path": [encode(h) for h in anchor.path],
        "note": anchor.note,
    }


def _value(value: Value) -> dict[str, str]:
    return {"commitment": value.commitment.hex(), "salt": value.salt.hex(), "text": value.text}
