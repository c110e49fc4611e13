"""The text that explains a bundle to whoever opens it: French, then English. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from salw.core.language import LANGUAGES, Language, translate


@dataclass(frozen=True, slots=True)
class Told:
    """What the text says of a bundle: its subject, how many events it holds and leaves out, its signed heads."""

    kind: str
    name: str
    country: str
    count: int
    unsealed: int
    notes: tuple[str, ...]


def make_readme(told: Told, digests: Mapping[str, str]) -> str:
    """Return the text, with the SHA-256 of every other file of the bundle."""
    return "\n\n\n".join(_in(language, told, digests) for language in LANGUAGES)


def write_readme(text: str) -> bytes:
    """Return the bytes of its file: Notepad of an old Windows reads UTF-8 by its mark, and ends lines its own way."""
    return ("\ufeff" + text.replace("\n", "\r\n")).encode()


def _in(language: Language, told: Told, digests: Mapping[str, str]) -> str:
    return translate(
        "bundle.readme",
        language,
        subject=translate(f"verifier.subject.{told.kind}", language, name=told.name),
        count=told.count,
        country=told.country,
        unsealed=told.unsealed,
        checkpoints="\n".join(told.notes),
        digests="".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())),
    )
