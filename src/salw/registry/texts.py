"""What armouries write where a mark or a serial should stand: normal form, script, legibility, doubts. Pure.

The raw text is always kept beside what these functions return; none of them refuses a text.
"""

import re
import unicodedata
from typing import Final, Literal

Script = Literal["latin", "cyrillic", "arabic", "chinese", "mixed", "none"]
Legibility = Literal["legible", "partial", "illegible", "absent", "removed"]

# Capital letters that look the same on steel; Б, Г, Д, Ж ... have no Latin double and stay Cyrillic.
_HOMOGLYPHS: Final = str.maketrans("АВЕКМНОРСТХУ", "ABEKMHOPCTXY")
# "N°", "Nº", "№" announce a number and are not part of it. Before NFKC: it would turn № and º into letters.
_NUMBER_SIGN: Final = re.compile(r"[nN][°º]|№")
_NOT_OF_A_MARK: Final = re.compile(r"[^A-Z0-9]+")


def _normalise_once(text: str) -> str:
    text = unicodedata.normalize("NFKC", _NUMBER_SIGN.sub("", text))
    text = unicodedata.normalize("NFKC", text.upper()).translate(_HOMOGLYPHS)
    return "".join(str(unicodedata.decimal(char, char)) for char in text if char.isalnum())


def normalise_mark(raw: str) -> str:
    """Return the form in which marks are compared: capital letters and digits only.

    Cyrillic letters that look Latin become Latin, Arabic-Indic and Persian digits become 0-9; the number
    sign, spaces, dots, dashes, slashes, stars and factory symbols go. Leading zeros stay: some makers strike
    them. Normalising twice changes nothing. Words are not understood: ask `legibility_of` before comparing,
    or every "illisible" equals every other.
    """
    if raw.isascii():  # nearly every serial: nothing for Unicode to do, at a tenth of the cost
        return _NOT_OF_A_MARK.sub("", raw.upper())
    text = _normalise_once(raw)
    # Removing a symbol can bring together two characters that Unicode composes: repeat until nothing changes.
    while (again := _normalise_once(text)) != text:
        text = again
    return text


def _script_of_character(char: str) -> Script | None:
    name = unicodedata.name(char, "")
    if "CYRILLIC" in name:
        return "cyrillic"
    if "ARABIC" in name:
        return "arabic"
    if name.startswith("CJK"):
        return "chinese"
    return "latin" if "LATIN" in name else None


def script_of(raw: str) -> Script:
    """Return the script of the letters, and of digits other than 0-9; "none" where there are none.

    Letters of any further script are not counted. A homoglyph counts as what it is in Unicode: a Cyrillic А
    beside Latin letters is "mixed", which is worth a second look at the weapon.
    """
    if raw.isascii():
        return "latin" if any(char.isalpha() for char in raw) else "none"
    text = unicodedata.normalize("NFKC", _NUMBER_SIGN.sub("", raw))
    found = {script for char in text if char.isalnum() and (script := _script_of_character(char)) is not None}
    if not found:
        return "none"
    return found.pop() if len(found) == 1 else "mixed"


def _folded(raw: str) -> str:
    """Return the text in lower case without accents, spaces collapsed; other characters stay."""
    decomposed = unicodedata.normalize("NFKD", raw)
    text = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"\s+", " ", text.lower()).strip()


def _words(pattern: str) -> re.Pattern[str]:
    """Compile stems of words without a digit, so that no serial is taken for a word."""
    return re.compile(rf"(?<![a-z0-9])(?:{pattern})[a-z]*(?![a-z0-9])")


# French first, then the Portuguese and English of registers met so far. "Removed" says that a mark was there
# and is no longer (efface, meule); it does not say by whom. Worn or rusted marks are illegible, not removed.
_REMOVED: Final = _words(
    r"effac|meul|gratt|lime[es]?\b|supprim|obliter|oblieter|obleter|ras[ae]?pad|raspas?d|ponce|burin|enlev|maquill"
    r"|su[mr]?p?r[ie]*m[id]|sumprid|suprim|supr?id|suprm|suplimid|surpimid|suprad|pinad|supinad|picotad|piciotad"
    r"|picotat|adulterad|esmerilh|lixad|removid|apagad|riscad|expungid|ocultad|filed|ground|erased|removed|defaced"
)
_ILLEGIBLE: Final = _words(
    r"illis|ilisib|illeg|ilegi|inleg|ineleg|intelegiv|usee?s?\b|rouill|corrod|oxyd|oxid|desgastad|danificad"
    r"|enferruj|ferrug|prejudicad|prej\b|verifier|a revoir|inconnu|indefini|indetermin|unknown|unread"
    r"|nao legiv|nao visiv|n(?:ao)? identif|sem leitura|ignorad"
)
_ABSENT: Final = _words(
    r"neant|sans n|sans$|sans marqu|pas de n|aucun|absent|non marqu|non numerot|inexist|ausent|nihil|nill?\b"
    r"|none|no serial|no number|not marked|sem n|sem$|sem apar|nada c|desprovid|s ?/? ?nu?m|s ?/? ?nr"
    r"|n(?:ao)? ?/? ?(?:const|possu|apare|tem\b|ha\b|exist|local|encontr)"
)
# "S/N" and its kin say that there is no number only when nothing follows: "S/N 4567" is a number.
_ABSENT_WHOLE: Final = re.compile(r"\W*(?:s\W{0,3}n\W{0,3}o?|n\W{0,3}[ca]|n\W?[do°]|ras|non|nao|sans|sem|sem no?)\W*")
_PARTIAL: Final = _words(r"partiel|parcial|parc\b|partly|partial|incomplet")
_UNREAD_WHOLE: Final = re.compile(r"[\W_]*(?:x[\W_]*)+|[\s*?_…]+")
# One star before or after a number is struck on the weapon (or frames a bar code); stars inside it stand for
# characters that nobody could read.
_UNREAD_PART: Final = re.compile(r"\?|…|\.{2,}|_{2,}|\*{2,}|\w\*+\w|x{3,}")
_DITTO: Final = re.compile(r"\W*(?:idem|id|ditto|dito)\W*|[\s\-–—]*(?:[\"”″〃]|''|//)[\s\-–—]*")
_READ_DIGITS: Final = re.compile(r"\d{2,}")


def legibility_of(raw: str) -> Legibility:
    """Return how well the mark was read, from the words and signs that armouries write.

    "absent": no mark, or none written down (néant, sans numéro, S/N alone, an empty cell, a dash).
    "removed": it was there and is gone (meulé, effacé, RASPADO). "illegible": it is there, or may be, and
    nobody has read it (illisible, à vérifier, ?, XXX, idem). "partial": some characters were read. Anything
    else is "legible", also a text without digits: it may be a maker's mark (`suspect_reasons` doubts it).
    """
    text = _folded(raw)
    if not any(char.isalnum() or unicodedata.category(char) == "So" for char in text):
        if _DITTO.fullmatch(text) or _UNREAD_WHOLE.fullmatch(text):
            return "illegible"
        return "absent"
    if _DITTO.fullmatch(text) or _UNREAD_WHOLE.fullmatch(text):
        return "illegible"
    if _ABSENT_WHOLE.fullmatch(text):
        return "absent"
    if _PARTIAL.search(text):
        return "partial"
    for words, meaning in _MEANINGS:
        if words.search(text):
            return "partial" if meaning != "absent" and _READ_DIGITS.search(text) else meaning
    return "partial" if _UNREAD_PART.search(text) else "legible"


# In this order: "sans numéro, effacé" tells more than "sans numéro".
_MEANINGS: Final[tuple[tuple[re.Pattern[str], Legibility], ...]] = (
    (_REMOVED, "removed"),
    (_ILLEGIBLE, "illegible"),
    (_ABSENT, "absent"),
)

_CUT_LENGTH: Final = 12
_SHORT_LENGTH: Final = 3
_SCIENTIFIC: Final = re.compile(r"\d+[.,]\d+e[+-]?\d+|\d+e[+-]\d+")
_DECIMAL: Final = re.compile(r"\d{3,}[.,]0{1,2}")
_QUANTITY: Final = re.compile(
    r"(?<![a-z0-9])(?:\d{1,4} ?(?:unidades?|unites?|pieces?|pcs?|exemplaires?|armes?|fusils?|pistolets?"
    r"|revolvers?|mitrailleuses?|carabines?|mortiers?)(?![a-z0-9])|lots? (?:de )?\d"
    r"|qu?te\W{0,3}\d|quantite\W{0,3}\d)"
)
_RANGE: Final = re.compile(
    r"(?<!\d)(\d{1,18}) ?(?:\bau?\b|\bto\b|->|→|\.{2,3}) ?(?:n[°o] ?)?[a-z]{0,4}(\d{1,18})(?!\d)"
)
_DASHED_RANGE: Final = re.compile(r"(?<![\w-])(\d{4,18}) ?[-–—] ?(\d{4,18})(?![\w-])")
_ANNOUNCED: Final = re.compile(r"(?:n[°o]|\bde|\bdu|\bfrom)\W{0,3}[a-z]{0,4}\d{1,18} ?(?:au?|to)\b")
_SEPARATOR: Final = re.compile(r"[;,&+/|]|\b(?:et|ou|e|y|and)\b")
_YEAR: Final = re.compile(r"(?:18|19|20)\d\d")

SUSPECT_CODES: Final = (
    "serial.scientific_notation",
    "serial.decimal",
    "serial.ditto",
    "serial.placeholder",
    "serial.quantity",
    "serial.range",
    "serial.several",
    "serial.no_digit",
    "serial.too_short",
    "serial.cut_at_12",
)


def suspect_reasons(raw: str) -> tuple[str, ...]:
    """Return why a text in a serial column needs a second look, in the order of `SUSPECT_CODES`.

    Every reason is a doubt, not a refusal. `serial.cut_at_12` says only that the text is exactly twelve
    characters long: it means something in a file where no cell of the column is longer. A text that states
    that there is no number is no doubt: `legibility_of` says so.
    """
    text = re.sub(r"\s*\n\s*", ";", raw.strip())
    folded = _folded(text)
    if not folded:
        return ()
    normal = normalise_mark(raw)
    readable = legibility_of(raw) in ("legible", "partial")
    is_range = _is_range(folded, has_accent="à" in text.lower())
    found = {
        "serial.scientific_notation": bool(_SCIENTIFIC.fullmatch(folded)),
        "serial.decimal": bool(_DECIMAL.fullmatch(folded)),
        "serial.ditto": bool(_DITTO.fullmatch(folded)),
        "serial.placeholder": _is_placeholder(folded, normal),
        "serial.quantity": bool(_QUANTITY.search(folded)),
        "serial.range": is_range,
        "serial.several": not is_range and _is_several(folded),
        "serial.no_digit": readable and bool(normal) and not any(char.isdigit() for char in normal),
        "serial.too_short": readable and 0 < len(normal) < _SHORT_LENGTH,
        "serial.cut_at_12": len(raw.strip()) == _CUT_LENGTH,
    }
    return tuple(code for code in SUSPECT_CODES if found[code])


def _is_placeholder(folded: str, normal: str) -> bool:
    """Say whether the text only fills the cell: one character repeated, or the digits in their order."""
    if _UNREAD_WHOLE.fullmatch(folded):
        return True
    counted = "12345678901234567890"
    in_order = len(normal) > _SHORT_LENGTH and counted.startswith(normal)
    repeated = len(set(normal)) == 1 and (len(normal) > _SHORT_LENGTH or set(normal) == {"0"})
    return in_order or repeated


def _is_range(folded: str, *, has_accent: bool) -> bool:
    """Say whether the text names the first and the last of a row of numbers ("N° 1 à 12", "4561-4572")."""
    dashed = _DASHED_RANGE.search(folded)
    if dashed and len(dashed[1]) == len(dashed[2]) and int(dashed[1]) < int(dashed[2]):
        return True
    match = _RANGE.search(folded)
    if match is None or int(match[1]) >= int(match[2]):
        return False
    # A bare "a" between two numbers may be a letter of the serial ("12 A 345") unless more is said.
    same_length = len(match[1]) == len(match[2]) > _SHORT_LENGTH
    bare_letter = re.search(r"\d ?a ?", match[0]) is not None
    return not bare_letter or has_accent or same_length or _ANNOUNCED.search(folded) is not None


def _is_several(folded: str) -> bool:
    """Say whether two parts each look like a serial of their own; a year before a slash is not one."""
    parts = [part for part in _SEPARATOR.split(folded) if len(re.findall(r"\d", part)) > _SHORT_LENGTH]
    return len(parts) > 1 and not _YEAR.fullmatch(parts[0].strip())
