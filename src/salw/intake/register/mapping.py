"""The mapping file: which column of an armoury's register says what, and what its words mean."""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from salw.core.errors import Unacceptable
from salw.intake.schemas import CountryCode, Origin
from salw.registry.classification import ClassCode

Encoding = Literal["utf-8", "utf-8-sig", "cp1252", "iso-8859-1", "utf-16"]
Delimiter = Literal[",", ";", "\t", "|"]
Heading = Annotated[str, Field(min_length=1)]
Headings = Annotated[tuple[Heading, ...], Field(max_length=10)]
T = TypeVar("T")


def folded(text: str) -> str:
    """Return a text as words are looked up: no accents, one case, single spaces, no spaces around."""
    decomposed = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).casefold().split())


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that most resembles `word`, or nothing where none does."""
    by_fold = {folded(k): k for k in known}
    found = difflib.get_close_matches(folded(word), by_fold, n=1, cutoff=0.5)
    return by_fold[found[0]] if found else ""


class _Part(BaseModel):
    """A table of the mapping: an unknown word in it is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileOptions(_Part):
    """How to read the file; what is left out is found out (encoding, delimiter) or the first (sheet)."""

    sheet: str | Annotated[int, Field(ge=1)] | None = None
    header_row: Annotated[int, Field(ge=1, le=1000)] = 1
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None


class Columns(_Part):
    """The headings of each field, in order of preference. Marks take every column that is filled in."""

    serial: Headings = ()
    class_: Headings = Field((), alias="class")
    model: Headings = ()
    maker: Headings = ()
    calibre: Headings = ()
    made_in: Headings = ()
    made_year: Headings = ()
    import_mark: Headings = ()
    national_mark: Headings = ()
    remark: Headings = ()

    @field_validator("*", mode="before")
    @classmethod
    def _one_heading_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def headings(self) -> dict[str, tuple[str, ...]]:
        """Return the headings by field, as the mapping file names the fields."""
        return {name.rstrip("_"): getattr(self, name) for name in type(self).model_fields}


class Values(_Part):
    """What the words of a column mean; compared exactly first, then without case and accents."""

    class_: dict[str, ClassCode] = Field(default_factory=dict, alias="class")
    model: dict[str, str] = Field(default_factory=dict)
    calibre: dict[str, Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=dict)
    made_in: dict[str, CountryCode] = Field(default_factory=dict)


class Defaults(_Part):
    """What holds where a cell is empty, and for the file as a whole."""

    class_: ClassCode | None = Field(None, alias="class")
    made_in: CountryCode | None = None
    origin: Origin = Origin.OPENING_BALANCE
    occurred_on: date | None = None


class Ignored(_Part):
    """Rows that are no weapons: those with one of these texts in this column are refused as such."""

    column: Heading
    values: Annotated[tuple[str, ...], Field(min_length=1)]


class Register(_Part):
    """A whole mapping file."""

    file: FileOptions = FileOptions()
    columns: Columns
    values: Values = Values()
    defaults: Defaults = Defaults()
    ignore: tuple[Ignored, ...] = ()


class Lookup(Generic[T]):
    """The meaning of the words of one column, exact first, then folded."""

    def __init__(self, words: Mapping[str, T]) -> None:
        self.exact = dict(words)
        self.by_fold = {folded(word): meaning for word, meaning in words.items()}

    def get(self, text: str) -> T | None:
        """Return the meaning of a cell, or None."""
        found = self.exact.get(text)
        return self.by_fold.get(folded(text)) if found is None else found


def read_mapping(text: str) -> Register:
    """Return a mapping from its TOML text.

    Raises `register.mapping_not_toml` (with line and column), `register.mapping_missing` and others of its kind,
    which name the place, what stands there and, for an unknown word, the nearest known one.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The library says where only in its English sentence; without figures it is the end of the text.
        place = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (text.count("\n") + 1, 1)
        raise Unacceptable("register.mapping_not_toml", line=line, column=column) from error
    try:
        mapping = Register.model_validate(content)
    except ValidationError as error:
        raise _explained(error) from None
    for field, words in (
        ("class", mapping.values.class_),
        ("model", mapping.values.model),
        ("calibre", mapping.values.calibre),
        ("made_in", mapping.values.made_in),
    ):
        _check_one_meaning(field, words)
    if not mapping.columns.class_ and not mapping.columns.model and mapping.defaults.class_ is None:
        raise Unacceptable("register.mapping_without_class")
    return mapping


def _explained(error: ValidationError) -> Unacceptable:
    """Return the first thing that is wrong with a mapping, in words."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "-"
    if first["type"] == "extra_forbidden":
        *above, word = (str(part) for part in first["loc"])
        known = _known_words([part for part in above if not part.isdigit()])
        return Unacceptable("register.mapping_unknown_word", place=place, nearest=nearest(word, known))
    if "class" in first["loc"] and first["type"] == "enum":
        given = str(first["input"])
        return Unacceptable(
            "register.mapping_unknown_class",
            place=place,
            value=given,
            nearest=nearest(given, [c.value for c in ClassCode]),
        )
    if first["type"] == "missing":
        return Unacceptable("register.mapping_missing", place=place)
    value = str(first["input"])[:80]
    if first["type"] in ("enum", "literal_error"):
        choices = ", ".join(re.findall(r"'(.*?)'", first["ctx"]["expected"]))
        return Unacceptable("register.mapping_unknown_choice", place=place, value=value, known=choices)
    return Unacceptable("register.mapping_invalid", place=place, value=value)


def _known_words(path: list[str]) -> list[str]:
    part: Any = {
        (): Register,
        ("file",): FileOptions,
        ("columns",): Columns,
        ("values",): Values,
        ("defaults",): Defaults,
        ("ignore",): Ignored,
    }.get(tuple(path), Register)
    return [name.rstrip("_") for name in part.model_fields]


def _check_one_meaning(field: str, words: Mapping[str, Any]) -> None:
    """Refuse two spellings that read the same and mean different things."""
    seen: dict[str, tuple[str, Any]] = {}
    for word, meaning in words.items():
        before = seen.setdefault(folded(word), (word, meaning))
        if before[1] != meaning:
            raise Unacceptable("register.mapping_two_meanings", field=field, value=word, other=before[0])


def place_of(heading: str, headings: Sequence[str]) -> int | None:
    """Return the column that a mapping means: the heading as written, else but for its spaces; None if none."""
    if heading in headings:
        return list(headings).index(heading)
    spaced = [" ".join(h.split()) for h in headings]
    wanted = " ".join(heading.split())
    return spaced.index(wanted) if spaced.count(wanted) == 1 else None


def check_headings(mapping: Register, headings: Sequence[str], file: str) -> None:
    """Refuse a mapping that names a column the file lacks, or has twice.

    Raises `register.unknown_column`, `register.column_twice`.
    """
    named = [h for group in mapping.columns.headings().values() for h in group]
    named += [rule.column for rule in mapping.ignore]
    for heading in named:
        if place_of(heading, headings) is None:
            raise Unacceptable(
                "register.unknown_column",
                file=file,
                column=heading,
                nearest=nearest(heading, filter(str.strip, headings)),
            )
        if list(headings).count(heading) > 1:
            raise Unacceptable("register.column_twice", file=file, column=heading)
