"""Whether a calibre as armouries write it names one calibre. Pure; nothing is corrected."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, Literal

Known = Literal["known", "ambiguous", "unknown"]

# Bores that several cartridges of this region share: a bare "7,62" may be 39, 51, 54R or 25 mm long.
_AMBIGUOUS: Final = frozenset({"7.62", "762", "7.65", "765", "12.7", "127"})
# Beside the calibres of the catalogue: common names of the same cartridges, and of the civil and police
# weapons that end up in registers. Gauges and inches as people write them.
_COMMON_TEXT: Final = (
    "9 9para 9parabellum 9luger 9court 9k 9kurz 9x17 9x21 10 10auto 38 38spl 38special 38sp .38 .38spl .38special"
    " 357 .357 357mag .357mag 357magnum .357magnum 380 .380 380acp .380acp 32 .32 32acp .32acp 22 .22 22lr .22lr 25 .25"
    " 25acp .25acp 6.35 635 45 .45 45acp .45acp 44 .44 44mag .44mag 44magnum .44magnum 40 .40 40sw .40sw 40s&w .40s&w"
    " 5.56 556 5.56nato 5.56otan .223 223 5.45 545 .308 308 .30 30 30-06 .30-06 .303 303 .50 50 .50bmg 7.5 75 7.92 14.5"
    " 7.62nato 7.62otan 7.62court 7.62long 7.62x54 7.65browning 7.65long 12 16 20 24 28 32 36 410 .410 12ga 16ga 20ga"
    " 51 60 81 82 107 120 40x46 40x53 30 73 84"
)
_COMMON: Final = frozenset(_COMMON_TEXT.split())
_NOISE: Final = re.compile(r"\b(?:calibre|cal)\b\.?|mm\b|\s+")


def key_of(raw: str) -> str:
    """Return a calibre without what varies: case, spaces, "mm", comma or point, the sign between two figures."""
    text = unicodedata.normalize("NFKC", raw).casefold().strip()
    text = re.sub(r"(?<=[\d.,r])\s*(?:mm)?\s*[x×*]\s*(?=\d)", "x", text)
    return _NOISE.sub("", text).replace(",", ".").rstrip(".")


# Names of one cartridge beside its size; every other difference of bore or length is a difference.
_SAME: Final = {
    "9para": "9x19", "9parabellum": "9x19", "9luger": "9x19", "9court": "9x17", "9k": "9x17", "9kurz": "9x17",
    "380": "9x17", ".380": "9x17", "380acp": "9x17", ".380acp": "9x17", "9makarov": "9x18",
    "7.62nato": "7.62x51", "7.62otan": "7.62x51", ".308": "7.62x51", "308": "7.62x51",
    "5.56nato": "5.56x45", "5.56otan": "5.56x45", ".223": "5.56x45", "223": "5.56x45",
    "7.62court": "7.62x39", "7.62x54": "7.62x54r", "7.62long": "7.62x54r", "7.65long": "7.65x20",
    "7.65browning": "7.65x17", "32": "7.65x17", ".32": "7.65x17", "32acp": "7.65x17", ".32acp": "7.65x17",
    ".303": "7.7x56r", "303": "7.7x56r", ".50": "12.7x99", "50": "12.7x99", ".50bmg": "12.7x99",
    "357": ".357magnum", ".357": ".357magnum", "357mag": ".357magnum", ".357mag": ".357magnum",
    "357magnum": ".357magnum",
}  # fmt: skip
_BORE: Final = re.compile(r"\.?\d+(?:\.\d+)?")


def _sizes(key: str) -> tuple[str, str]:
    """Return the bore of a calibre without its point, and the whole, empty where only the bore is named."""
    bore = _BORE.match(key)
    plain = bore[0].replace(".", "") if bore else ""
    return plain, "" if bore is None or bore.end() == len(key) else key


def never_had(raw: str, of_model: str) -> bool:
    """Say whether a text names a calibre that a model of this one never had.

    A bare bore agrees with every cartridge of that bore; a text that names no size is not judged here, nor
    is a model whose calibre varies.
    """
    told, known = (_SAME.get(key, key) for key in (key_of(raw), key_of(of_model)))
    told_bore, told_whole = _sizes(told)
    known_bore, known_whole = _sizes(known)
    if not told_bore or not known_bore or told == known.split(".")[0]:  # an 81 mm mortar of 81.4 mm
        return False
    same_size = told_whole.startswith(known_whole) or known_whole.startswith(told_whole)  # "9x19 para", "7,62x54"
    return told_bore != known_bore or not same_size


class Calibres:
    """The calibres of a catalogue, with the common names beside them."""

    def __init__(self, catalogue: Iterable[str]) -> None:
        self._known = _COMMON | {key_of(text) for text in catalogue}
        self._found: dict[str, Known] = {}

    def judge(self, raw: str) -> Known:
        """Say whether a text names one calibre, several, or none that is known. An empty text is unknown."""
        found = self._found.get(raw)
        if found is None:
            key = key_of(raw)
            found = "ambiguous" if key in _AMBIGUOUS else "known" if key in self._known else "unknown"
            self._found[raw] = found
        return found
