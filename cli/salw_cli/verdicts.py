"""What checking a bundle came to, in lines for a person: what is proven, who signed, what is not known."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from salw.core.language import catalogue, translate
from salw.intake.register.findings import visible
from salw.ledger.checkpoints import encode
from salw.proofs.bundles.verdict import ProvenEvent, ProvenLog, Verdict

_INSTANT = re.compile(r"([0-9]+)-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})")


def tell(verdict: Verdict, digest: str, *, brought: bool, told: Sequence[str]) -> Iterator[str]:
    """Return the lines; nothing that stands in the bundle reaches the terminal as more than text."""
    for line in _lines(verdict, digest, brought=brought, told=told):
        yield visible(line)


def _lines(verdict: Verdict, digest: str, *, brought: bool, told: Sequence[str]) -> Iterator[str]:
    sound = "sound_trusted" if brought else "sound_untrusted"
    yield _say(f"verifier.{'damaged' if verdict.problems else 'misfit' if verdict.misfits else sound}")
    for problem in (*verdict.problems, *verdict.misfits):
        yield f"  ✗ {_say(problem.code, where=problem.where)} [{problem.code}]"
    for remark in verdict.remarks:
        yield f"  ! {_say(remark.code, where=remark.where)} [{remark.code}]"
    for line in told:
        yield f"  {line}"
    yield _say("verifier.file_hash", digest=digest)
    if not verdict.head:
        return
    subject = verdict.head["subject"]
    sealed = verdict.sealed_name
    named = _say(f"verifier.subject.{subject['kind']}", name=subject["name"] if sealed is None else sealed)
    yield _say("verifier.unproven", what=named) if sealed is None else named
    proven = sum(event.proven for event in verdict.events)
    yield _say("verifier.events" if proven else "verifier.events_none", count=len(verdict.events), proven=proven)
    if verdict.values:
        yield _say("verifier.values", count=len(verdict.values))
    if verdict.head["unsealed"]:
        yield _say("verifier.unsealed", count=verdict.head["unsealed"])
    for log in verdict.logs:
        yield from _log(log)
    yield _say("verifier.not_shown")
    yield _say("verifier.labels")
    for event in verdict.events:
        yield _event(event, verdict)


def _log(log: ProvenLog) -> Iterator[str]:
    head = log.checkpoint
    yield _say("verifier.log", origin=head.origin, size=head.size, root=encode(head.root))
    for signer in log.signers:
        line = _say(f"verifier.signed.{signer.trust}", name=signer.name, key=signer.key)
        if signer.time is not None:
            time = datetime.fromtimestamp(signer.time, UTC).strftime("%d/%m/%Y %H:%M UTC")
            line += f" ({_say('verifier.witness_at', time=time)})"
        yield f"  {line}"
    sizes = sorted(size for size in log.sizes if size != head.size)
    if sizes:
        yield f"  {_say('verifier.sizes', sizes=', '.join(map(str, sizes)))}"


def _event(event: ProvenEvent, verdict: Verdict) -> str:
    said, facts = event.said, event.said.get("facts", {})
    kind = f"proven.event.{said.get('kind')}"
    parts = [
        *([_instant(said["at"])] if said.get("at") else []),
        *([_say("verifier.happened", at=_instant(facts["occurred_at"]))] if facts.get("occurred_at") else []),
        _say("verifier.proven" if event.proven else "verifier.not_proven", index=event.index),
        _say(kind if kind in catalogue("fr") else "proven.event.other"),
    ]
    if said.get("weapon") and verdict.head["subject"]["kind"] != "weapon":
        parts.append(_weapon(verdict, str(said["weapon"])))
    for side in ("from", "to"):
        if facts.get(side):
            parts.append(_say(f"verifier.{side}", place=_holder(verdict, facts[side])))
    if facts.get("number"):
        parts.append(_say("verifier.document", number=facts["number"]))
    if said.get("actor"):
        parts.append(_say("verifier.by", who=_author(verdict, said)))
    return "  " + " · ".join(parts)


def _weapon(verdict: Verdict, weapon: str) -> str:
    if weapon in verdict.numbers:
        return _say("verifier.weapon", weapon=verdict.numbers[weapon])
    known = verdict.labels.get("weapons", {}).get(weapon)
    named = _say("verifier.weapon", weapon=known["number"] if known else weapon)
    return _by_label(named) if known else named


def _by_label(text: str) -> str:
    """Return what labels.json calls something with the mark that it proves nothing."""
    return _say("verifier.by_label", what=text)


def _instant(at: Any) -> str:
    """Return an instant as the page writes it; what is none as it stands."""
    parts = _INSTANT.match(str(at))
    return f"{parts[3]}/{parts[2]}/{parts[1]} {parts[4]}:{parts[5]} UTC" if parts else str(at)


def _holder(verdict: Verdict, holder: Any) -> str:
    known = verdict.labels.get("holders", {}).get(holder)
    if known is None:
        return str(holder)
    name = known.get("store") or _named(f"holder_kind.{known['kind']}", known["kind"])
    return _by_label(f"{name} ({known['unit']})")


def _author(verdict: Verdict, said: Any) -> str:
    actor = said.get("actor", {})
    if "process" in actor:
        return _say("verifier.node")
    value = verdict.values.get(str(actor.get("commitment"))) or {}
    parts = [" ".join(str(value[p]) for p in ("rank", "family_name", "given_names") if value.get(p))]
    known = verdict.labels.get("actors", {}).get(str(said.get("id")))
    if known:
        role = _named(f"role.{known.get('role')}", _say("role.none"))
        parts.append(_by_label(", ".join(text for text in (role, known["unit"]) if text)))
    return ", ".join(part for part in parts if part) or str(actor.get("person", "?"))


def _named(code: str, otherwise: str) -> str:
    """Return the words of a code that a bundle gives, or what to say where the program does not know it."""
    return _say(code) if code in catalogue("fr") else otherwise


def _say(code: str, **details: Any) -> str:
    return translate(code, "fr", **details)
