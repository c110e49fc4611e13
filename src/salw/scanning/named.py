"""What a scanned code names that is no weapon: a store, a rack, a person, or the store that a blank is reserved for."""

from uuid import UUID

from salw.core.actor import Actor
from salw.core.db import Row
from salw.core.language import translate
from salw.registry.codes import tail_differs
from salw.scanning.rules import FoundBy, LabelStatus
from salw.scanning.schemas import LabelOut, NamedOut, ScanOut, UnitOut, WarningOut
from salw.scanning.words import person_name
from salw_labels import PREFIXES, Kind, LabelCode


def named_out(row: Row, actor: Actor, *, typed: bool, tail: str | None) -> ScanOut:
    """Return what a code names, from a row of `registry.labels.queries.find_named`.

    A person of a unit that is not the reader's is called by his kind, as on a weapon's card.
    """
    language = actor.language
    kind, identifier, name = _named(row, actor)
    void = row["voided_at"] is not None
    code = "label.blank_void" if void and kind is FoundBy.BLANK else f"label.{'void_code' if void else kind}"
    warned = [code] if void else []
    if tail_differs(tail, row["tail"]):
        warned.append("label.copied_code")
    named = NamedOut(
        kind=kind.value,
        id=identifier,
        name=name,
        store=row["place_id"],
        store_name=row["store_name"],
        unit=UnitOut(id=row["unit_uuid"], name=row["unit_name"]),
        label=LabelOut(
            code=row["code"],
            printed=LabelCode(row["code"], row["tail"]).printed,
            status=LabelStatus.VOID if void else LabelStatus.VALID,
        ),
        text=translate(code, language, name=name, store=row["store_name"] or "", unit=row["unit_name"]),
        warnings=[WarningOut(code=w, text=translate(w, language, name=name)) for w in warned],
    )
    return ScanOut(found_by=kind, typed=typed, card=None, candidates=[], more=False, named=named)


def _named(row: Row, actor: Actor) -> tuple[FoundBy, UUID | None, str]:
    if row["person_id"] is not None:
        elsewhere = translate("holder_kind.person", actor.language)
        name = person_name(row["person"], actor.language) if row["known"] else elsewhere
        return FoundBy.PERSON, row["person_id"], name
    if row["rack_id"] is not None:
        return FoundBy.RACK, row["rack_id"], row["rack_name"]
    if row["code"].startswith(PREFIXES[Kind.STORE]):
        return FoundBy.STORE, row["store_id"], row["store_name"]
    return FoundBy.BLANK, None, row["store_name"]
