"""One fact of a weapon's history as its reader may have it, from the bytes of its event and what they refer to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from salw.core.db import Row
from salw.core.language import Language, translate
from salw.custody.rules import USER_HOLDERS, is_late
from salw.scanning.history_lookups import Identity, Known, Version
from salw.scanning.history_schemas import (
    ActorOut,
    ClockOut,
    DocumentOut,
    EntryOut,
    EvidenceOut,
    EvidenceState,
    MeansOut,
    PlaceOut,
    ProofOut,
    SignatoryOut,
)
from salw.scanning.proofs import Proven, is_as_hashed, proof_state
from salw.scanning.sentences import sentence, title
from salw.scanning.words import clocks_text, day_text, holder_name, person_name, rank_of, somebody


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a history is told: his language, the country's time, how far each log is proven if he is shown that."""

    language: Language
    zone: ZoneInfo
    proven: Mapping[int, Proven] | None


@dataclass(frozen=True, slots=True)
class Fact:
    """An event's row with what its bytes say.

    `author` is who acted, by the version of himself, or None for a `process` of the node; `day` is the day in the
    country's time. `via` is None in events of schema 1. `holders` are the facts that name one, `texts` the commitments
    to texts. `receiver` and `giver` are the people whom a weapon came to and whom it left, as they were then.
    """

    row: Row
    facts: dict[str, Any]
    at: datetime
    day: date
    author: Version | None
    process: str | None
    via: dict[str, str] | None
    holders: dict[str, UUID]
    receiver: Version | None
    giver: Version | None
    texts: dict[str, bytes]


def entry_of(fact: Fact, known: Known, reader: Reader) -> EntryOut:
    """Return one entry of a history."""
    facts, language, row = fact.facts, reader.language, fact.row
    places = {key: _place(fact, key, known, reader) for key in fact.holders}
    called = title(row["kind"], row["movement_kind"], facts, language)
    phrases = _phrases(fact, places, known, reader)
    return EntryOut(
        id=row["id"],
        kind=row["kind"],
        text=called,
        sentence=sentence(row["kind"], facts, phrases, reader.zone, language) or called,
        said_at=facts.get("occurred_at") or facts.get("held_at") or fact.at,
        recorded_at=row["recorded_at"],
        late=_late(fact, reader),
        seq=facts.get("seq"),
        source=places.get("from"),
        destination=places.get("to"),
        document=_document(fact, known, reader),
        evidence=[_evidence(kind, digest, known, language) for kind, digest in fact.texts.items()],
        actor=_actor(fact, known, reader),
        clock=_clock(fact, reader),
        log_index=row["idx"],
        proof=_proof(row, reader),
    )


def _late(fact: Fact, reader: Reader) -> bool:
    said = fact.facts.get("occurred_at")
    return said is not None and is_late(
        datetime.fromisoformat(said), fact.row["recorded_at"], reader.zone.key, fact.facts.get("paper")
    )


def _place(fact: Fact, key: str, known: Known, reader: Reader) -> PlaceOut | None:
    """Return a holder that the facts name: its unit as it was called, a person as he was."""
    holder = known.holders.get(fact.holders[key])
    if holder is None:
        return None
    unit = known.units.at(holder["unit_id"], holder["unit_name"], fact.at)
    who = _who(fact, key, known)
    erased_on = who.erased_on if who else None
    return PlaceOut(
        kind=holder["kind"],
        kind_name=translate(f"holder_kind.{holder['kind']}", reader.language),
        name=holder_name(
            holder["kind"],
            holder["name"],
            who.value if who else None,
            named=holder["named"],
            language=reader.language,
            erased_on=erased_on,
        ),
        unit_name=unit.then,
        unit_name_now=unit.now,
        erased_on=erased_on,
    )


def _who(fact: Fact, key: str, known: Known) -> Identity | None:
    """Return the person whom a hand receipt names, in scope: as he was then, else as he is written today."""
    holder = known.holders.get(fact.holders[key])
    if holder is None or holder["kind"] != "person" or holder["person_id"] is None:
        return None
    then = fact.giver if key == "from" else fact.receiver
    if then is not None and then[0] == holder["person_id"] and then in known.identities:
        return known.identities[then]
    return known.identities.get((holder["person_id"], None))


def _phrases(fact: Fact, places: Mapping[str, PlaceOut | None], known: Known, reader: Reader) -> dict[str, str]:
    """Return what a sentence may name, in words; what is not known is said to be unknown."""
    language = reader.language
    said = {
        key: _in_words(place, _who(fact, key, known), language) for key, place in places.items() if place is not None
    }
    unknown = translate("told.unknown", language)
    phrases = {
        "source": said.get("from", unknown),
        "destination": said.get("to", unknown),
        "holder": said.get("holder", unknown),
        "store": said.get("store", unknown),
        "person": _receiver_in_words(fact, known, language),
        "check": _check_in_words(fact, known, language),
    }
    source = places.get("from")
    phrases["source_unit"] = source.unit_name if source else unknown
    transit = known.holders.get(fact.holders["to"]) if "to" in fact.holders else None
    if transit is not None and transit["awaited_by_unit_id"] is not None:
        unit = known.units.at(transit["awaited_by_unit_id"], transit["awaited_by_unit_name"], fact.at)
        phrases["awaited"] = unit.then
    return phrases


def _in_words(place: PlaceOut, who: Identity | None, language: Language) -> str:
    if who is not None and who.erased_on is not None:
        rank = rank_of(who.value) or translate("told.place.user", language)
        erased_on = day_text(who.erased_on, language)
        return translate("told.place.erased", language, who=rank, unit=place.unit_name, erased_on=erased_on)
    if place.kind in USER_HOLDERS and place.name == place.kind_name:
        return translate(f"told.place.{place.kind}", language, unit=place.unit_name)
    return translate("told.place", language, name=place.name, unit=place.unit_name)


def _receiver_in_words(fact: Fact, known: Known, language: Language) -> str:
    who = known.identities.get(fact.receiver) if fact.receiver is not None else None
    if who is None:
        return translate("told.somebody", language)
    if who.erased_on is not None:
        return translate("told.somebody_erased", language, erased_on=day_text(who.erased_on, language))
    return person_name(who.value, language)


def _check_in_words(fact: Fact, known: Known, language: Language) -> str:
    check = fact.facts.get("stocktake")
    kind = known.checks.get(UUID(check)) if check else None
    return translate(f"stocktake.kind.{kind}" if kind else "told.check", language)


def _actor(fact: Fact, known: Known, reader: Reader) -> ActorOut:
    """Return who acted: in the capacity and the unit of that day, and by the name he had then."""
    language = reader.language
    if fact.author is None:
        function = translate(f"process.{fact.process}", language)
        return ActorOut(
            function=function,
            unit_name=None,
            unit_name_now=None,
            name=None,
            erased_on=None,
            text=function,
            via=None,
        )
    row = known.functions.get((fact.author[0], fact.day))
    who = known.identities.get(fact.author) if row is not None and row["named"] else None
    unit = known.units.at(row["unit_id"], row["unit_name"], fact.at) if row else None
    function = _function(row, language)
    name = person_name(who.value, language, erased_on=who.erased_on) if who else None
    return ActorOut(
        function=function,
        unit_name=unit.then if unit else None,
        unit_name_now=unit.now if unit else None,
        name=name,
        erased_on=who.erased_on if who else None,
        text=somebody(
            function,
            unit.then if unit else None,
            who.value if who else None,
            who.erased_on if who else None,
            language,
        ),
        via=_via(fact.via, known, language),
    )


def _function(row: Row | None, language: Language) -> str:
    return translate(f"role.{row['role']}" if row and row["role"] else "role.none", language)


def _via(via: Mapping[str, str] | None, known: Known, language: Language) -> MeansOut | None:
    if via is None:
        return None
    name = known.means.get(UUID(via["id"])) if "id" in via else None
    code = f"via.{via['kind']}"
    return MeansOut(
        kind=via["kind"],
        name=name,
        text=translate(f"{code}.named", language, name=name) if name else translate(code, language),
    )


def _document(fact: Fact, known: Known, reader: Reader) -> DocumentOut | None:
    facts = fact.facts
    if not facts.get("document_kind"):
        return None
    row = known.documents.get(UUID(facts["document"]))
    signatory = None
    if row is not None and row["signatory_id"] is not None:
        signatory = _signatory(row["signatory_id"], row["dated_on"], fact.at, known, reader.language)
    return DocumentOut(
        kind=facts["document_kind"],
        kind_name=translate(f"document.{facts['document_kind']}", reader.language),
        number=facts["number"],
        # Events of schema 1 do not say of which day their paper is; the book does.
        dated_on=facts.get("dated_on") or (row["dated_on"] if row else None),
        # The number that somebody wrote on a paper may be erased in the book, so it is read there.
        reference=row["reference"] if row else None,
        signatory=signatory,
    )


def _signatory(person: UUID, day: date, at: datetime, known: Known, language: Language) -> SignatoryOut:
    row = known.functions.get((person, day))
    who = known.identities.get((person, None)) if row is not None and row["named"] else None
    unit = known.units.at(row["unit_id"], row["unit_name"], at).then if row else None
    name = person_name(who.value, language, erased_on=who.erased_on) if who else None
    erased_on = who.erased_on if who else None
    return SignatoryOut(
        function=_function(row, language),
        unit_name=unit,
        name=name,
        erased_on=erased_on,
        text=somebody(_function(row, language), unit, who.value if who else None, erased_on, language),
    )


def _evidence(kind: str, digest: bytes, known: Known, language: Language) -> EvidenceOut:
    """Return a text that the event commits to: the text, that it was erased, or that others may read it."""
    kept = known.texts.get(digest)
    state = EvidenceState.RESERVED
    text = None
    if kept is not None:
        erased = kept.erased_on is not None
        state = EvidenceState.ERASED if erased else EvidenceState.READABLE
        text = None if erased else _written(kept.value)
    erased_on = kept.erased_on if kept else None
    name = translate(f"evidence.{kind}", language)
    return EvidenceOut(
        kind=kind,
        kind_name=name,
        state=state,
        commitment=digest.hex(),
        text=text,
        erased_on=erased_on,
        says=translate(
            f"evidence_state.{state}",
            language,
            name=name,
            text=text,
            erased_on=day_text(erased_on, language) if erased_on else "",
        ),
    )


def _written(value: Any) -> str:
    """Return a kept text: one by itself, or several under their names, each on a line."""
    return "\n".join(str(part) for part in value.values() if part) if isinstance(value, dict) else str(value)


def _clock(fact: Fact, reader: Reader) -> ClockOut | None:
    if not fact.via or "at" not in fact.via:
        return None
    device_at, received_at = datetime.fromisoformat(fact.via["at"]), fact.row["recorded_at"]
    return ClockOut(
        device_at=device_at,
        received_at=received_at,
        seconds_later=int((received_at - device_at).total_seconds()),
        text=clocks_text(device_at, received_at, reader.zone, reader.language),
    )


def _proof(row: Row, reader: Reader) -> ProofOut | None:
    if reader.proven is None:
        return None
    # The bytes are what this history tells: a signature over others says nothing of them.
    as_hashed = is_as_hashed(bytes(row["canonical"]), row["event_hash"], row["sealed_hash"])
    state = proof_state(row["idx"], reader.proven.get(row["log_id"]), as_hashed=as_hashed)
    return ProofOut(state=state, name=translate(f"proof_state.{state}", reader.language), log_number=row["log_id"])
