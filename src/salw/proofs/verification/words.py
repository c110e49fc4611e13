"""What was found, in words: where in the log, which weapon, what stands there and what should. Pure."""

from collections.abc import Mapping
from typing import Any

from salw.core.language import Language, translate
from salw.proofs.verification.breaks import Break


def sentence(found: Break, language: Language, numbers: Mapping[str, str]) -> str:
    """Return a break as a sentence. `numbers` are registry numbers; an unknown weapon keeps its identifier."""
    return translate(found.code, language, **places(found, language, numbers))


def places(found: Break, language: Language, numbers: Mapping[str, str]) -> dict[str, Any]:
    """Return what fills the places of a break's text."""
    at = "" if found.idx is None else f" ({translate('verify.at', language, idx=found.idx)})"
    weapon = numbers.get(found.weapon_id or "", found.weapon_id or "")
    return {**found.details, "idx": found.idx, "at": at, "weapon": weapon}
