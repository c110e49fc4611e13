"""Checking a bundle from its bytes alone: no service, no network, no database, no settings. Pure.

What is checked: every hash and every proof, in every case; signatures against the keys that the reader brings, and
where he brings none, against those that the bundle names, which only shows that it agrees with itself.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from salw.ledger.checkpoints import Checkpoint, read_checkpoint
from salw.ledger.merkle import HASH_SIZE, PROOF_MAX, leaf_hash, verify_consistency, verify_inclusion
from salw.ledger.notes import Algorithm, Note, NoteError, Signature, Verifier, decode, read_note, verifies
from salw.ledger.policy import NOBODY, Policy, PolicyError, read_policy
from salw.proofs.bundles.archive import ArchiveError, read_archive
from salw.proofs.bundles.contents import (
    ANCHORS,
    CHECKPOINT,
    EVENTS,
    FORMAT,
    HEAD,
    LABELS,
    POLICY,
    PROOFS,
    VALUES,
    load_json,
)
from salw.proofs.bundles.strangers import find_strangers
from salw.proofs.bundles.verdict import ProvenEvent, ProvenLog, Signer, Trust, Verdict

REGISTERED = "weapon.registered"
_COMMITMENT = re.compile(rb"[0-9a-f]{64}")
_MALFORMED = (ValueError, KeyError, TypeError, IndexError, AttributeError)


class Keys:
    """The keys that signatures are held against: the reader's, and those that the bundle names."""

    def __init__(self, yours: Sequence[Verifier], policy: Policy | None, named: Policy) -> None:
        held = [*yours, *(() if policy is None else _keys_of(policy))]
        self.brought = bool(held)
        self.policy = policy
        self.yours = {(key.name, key.key_id): key for key in held}
        self.named = {(key.name, key.key_id): key for key in _keys_of(named)}

    def find(self, signature: Signature) -> tuple[Verifier | None, Trust]:
        """Return the key of a signature and whose word it is."""
        whose = (signature.name, signature.key_id)
        if whose in self.yours:
            return self.yours[whose], Trust.YOURS
        if whose in self.named:
            return self.named[whose], Trust.BUNDLE
        return None, Trust.UNKNOWN


def verify_bundle(data: bytes, yours: Sequence[Verifier] = (), policy: Policy | None = None) -> Verdict:
    """Return what a bundle proves, and everything in it that is damaged or does not fit. Raises nothing."""
    verdict = Verdict()
    try:
        files = read_archive(data)
    except ArchiveError as error:
        verdict.add(error.code.removeprefix("bundle."), error.where)
        return verdict
    try:
        head = load_json(files[HEAD])
        logs = [(_whole(part["log"]), _whole(part["first"])) for part in _list(head["logs"])]
        _whole(head["unsealed"])
        texts = [head["country"], *(head["subject"][name] for name in ("kind", "id", "name"))]
        if head["format"] != FORMAT or not all(isinstance(text, str) for text in texts):
            raise ValueError
    except _MALFORMED:
        verdict.add("malformed", HEAD)
        return verdict
    try:
        named = read_policy(files[POLICY]) if files[POLICY] else NOBODY
    except (*_MALFORMED, PolicyError):
        verdict.add("malformed", POLICY)
        return verdict
    verdict.head = head
    keys = Keys(yours, policy, named)
    for log, first in logs:
        _verify_log(verdict, files, keys, log, first)
    _verify_subject(verdict)
    with _reading(verdict, VALUES):
        _verify_values(verdict, files.get(VALUES, b"[]"))
    with _reading(verdict, LABELS):
        verdict.labels = _labels(load_json(files[LABELS]))
    if verdict.is_sound:
        for code, name in find_strangers(files, head):
            verdict.remark(code, name)
    return verdict


@contextmanager
def _reading(verdict: Verdict, name: str) -> Iterator[None]:
    """Note the file that is being read as unreadable where it is."""
    try:
        yield
    except (*_MALFORMED, NoteError):
        verdict.add("malformed", name)


def read_signatures(keys: Keys, note: Note) -> tuple[tuple[Signer, ...], list[str]]:
    """Return who signed a checkpoint, each once, and the names under which a known key's signature is wrong."""
    signers: dict[tuple[str, bytes], Signer] = {}
    wrong: list[str] = []
    for signature in note.signatures:
        whose = (signature.name, signature.key_id)
        if whose in signers:
            continue
        key, trust = keys.find(signature)
        if key is not None and not verifies(key, signature, note.text):
            wrong.append(signature.name)
            continue
        witness = key is not None and key.algorithm is Algorithm.COSIGNATURE
        signers[whose] = Signer(signature.name, key.text if key else "", trust, signature.time if witness else None)
    return tuple(signers.values()), wrong


def is_signed(keys: Keys, signers: Sequence[Signer], origin: str) -> bool:
    """Say whether the log's own key is among the signers: the reader's key where he brought any."""
    wanted = Trust.YOURS if keys.brought else Trust.BUNDLE
    return any(s.trust is wanted and s.time is None and s.name == origin for s in signers)


def _check_signatures(verdict: Verdict, keys: Keys, note: Note, where: str) -> tuple[Signer, ...]:
    signers, wrong = read_signatures(keys, note)
    for name in wrong:
        verdict.add("signature_wrong", f"{where} {name}")
    return signers


def _require_trust(verdict: Verdict, keys: Keys, signers: Sequence[Signer], origin: str, where: str) -> None:
    """Note that the log's own key is not among the signers, or too few witnesses, by what the reader brought.

    Asked of the head of a log alone: what is proven to be the beginning of it may bear an older key. A reader who
    has a key of this log, which did not sign, holds another's work; one who has none of it gave another log's.
    """
    if not is_signed(keys, signers, origin):
        if not keys.brought:
            verdict.add("not_signed", f"{where} {origin}")
        elif any(name == origin for name, _ in keys.yours):
            verdict.add("key_not_yours", f"{where} {origin}")
        else:
            verdict.misfit("key_of_another_log", origin)
    if keys.policy is not None:
        signed = {signer.key for signer in signers if signer.trust is Trust.YOURS}
        names = {witness.name for witness in keys.policy.witnesses if witness.key.text in signed}
        if not keys.policy.is_met_by(names):
            verdict.add("too_few_witnesses", where)


def _verify_log(verdict: Verdict, files: Mapping[str, bytes], keys: Keys, log: int, first: int) -> None:
    folder = f"{log}/"
    try:
        note = read_note(files[folder + CHECKPOINT])
        checkpoint = read_checkpoint(note.text)
    except (*_MALFORMED, NoteError):
        verdict.add("malformed", folder + CHECKPOINT)
        return
    signers = _check_signatures(verdict, keys, note, folder + CHECKPOINT)
    _require_trust(verdict, keys, signers, checkpoint.origin, folder + CHECKPOINT)
    proven = ProvenLog(log, first, checkpoint, signers, {checkpoint.size: checkpoint.root})
    verdict.logs.append(proven)
    if folder + EVENTS not in files:
        verdict.add("malformed", folder + EVENTS)
        return
    with _reading(verdict, folder + PROOFS):
        _verify_events(verdict, log, checkpoint, files[folder + EVENTS], load_json(files[folder + PROOFS]))
    with _reading(verdict, folder + ANCHORS):
        _verify_anchors(verdict, keys, proven, files[folder + ANCHORS], folder)


def _verify_anchors(verdict: Verdict, keys: Keys, log: ProvenLog, data: bytes, folder: str) -> None:
    checkpoint = log.checkpoint
    for anchor in _list(load_json(data)):
        size, where = _whole(anchor["size"]), f"{folder}{ANCHORS} {anchor['size']}"
        root, path = _hash(anchor["root"]), [_hash(text) for text in _list(anchor["path"])]
        if not verify_consistency(size, checkpoint.size, root, checkpoint.root, path):
            verdict.add("anchor_wrong", where)
            continue
        if anchor["note"]:
            earlier = read_note(anchor["note"].encode())
            if read_checkpoint(earlier.text) != Checkpoint(checkpoint.origin, size, root):
                verdict.add("anchor_wrong", where)
                continue
            _check_signatures(verdict, keys, earlier, where)
        log.sizes[size] = root


def _verify_events(verdict: Verdict, log: int, checkpoint: Checkpoint, lines: bytes, proofs: Any) -> None:
    entries = lines.split(b"\n")
    hashes, paths = [_hash(text) for text in _list(proofs["hashes"])], _list(proofs["paths"])
    if entries.pop() or len(entries) != len(paths):
        verdict.add("events_missing", f"{log}/{EVENTS}")
    last = -1
    for canonical, path in zip(entries, paths, strict=False):
        index, *places = (_whole(number) for number in _list(path))
        where = f"{log}/{index}"
        if index <= last:
            verdict.add("event_out_of_order", where)
        if len(places) > PROOF_MAX:
            verdict.add("malformed", where)
        last = index
        try:
            said = load_json(canonical)
            told = all(isinstance(said[n], str) for n in ("kind", "at")) and all(
                isinstance(said[n], dict) for n in ("actor", "facts")
            )
        except _MALFORMED:
            said, told = {}, False
        shown = verify_inclusion(
            leaf_hash(canonical), index, checkpoint.size, [hashes[p] for p in places], checkpoint.root
        )
        if not shown:
            verdict.add("event_wrong", where)
        elif not told:
            verdict.add("malformed", where)
        verdict.events.append(ProvenEvent(log, index, canonical, said if told else {}, shown))


def _verify_subject(verdict: Verdict) -> None:
    """Hold what the bundle says of itself against its events, as far as they say it.

    The country, and of a weapon its number; no other weapon's event, and its movements numbered without a gap.
    """
    subject = verdict.head["subject"]
    for event in verdict.events:
        number = event.said.get("facts", {}).get("registry_number")
        if event.proven and event.said.get("kind") == REGISTERED and isinstance(number, str):
            verdict.numbers[str(event.said.get("weapon"))] = number
        if event.said and event.said.get("country") != verdict.head["country"]:
            verdict.add("head_wrong", HEAD)
    if subject["kind"] != "weapon":
        return
    if verdict.sealed_name not in (None, subject["name"]):
        verdict.add("head_wrong", HEAD)
    moves = []
    for event in verdict.events:
        if event.said and event.said.get("weapon") != subject["id"]:
            verdict.add("event_of_another", f"{event.log}/{event.index}")
        facts = event.said.get("facts", {})
        if "seq" in facts and "to" in facts and "from" in facts:
            moves.append(facts["seq"])
    if moves != list(range(1, len(moves) + 1)):
        verdict.add("movement_missing", subject["id"])


def _verify_values(verdict: Verdict, data: bytes) -> None:
    committed = {found.decode() for event in verdict.events for found in _COMMITMENT.findall(event.canonical)}
    for value in _list(load_json(data)):
        commitment, salt, text = value["commitment"], value["salt"], value["text"]
        if not _COMMITMENT.fullmatch(salt.encode()):
            raise ValueError(salt)
        if hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest() != commitment or commitment not in committed:
            verdict.add("value_wrong", commitment)
            continue
        verdict.values[commitment] = load_json(text.encode())


def _labels(labels: Any) -> Mapping[str, Any]:
    for family, texts in (("holders", ("kind", "unit")), ("weapons", ("number",)), ("actors", ("unit",))):
        for label in labels[family].values():
            if not all(isinstance(label[name], str) for name in texts):
                raise ValueError(family)
    return dict(labels)


def _keys_of(policy: Policy) -> list[Verifier]:
    return [*(log.key for log in policy.logs), *(witness.key for witness in policy.witnesses)]


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(value)
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _hash(text: str) -> bytes:
    value = decode(text, "proof.malformed")
    if len(value) != HASH_SIZE:
        raise ValueError(text)
    return value
