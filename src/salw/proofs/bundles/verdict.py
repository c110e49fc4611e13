"""What checking a bundle came to. Pure; the offline page comes to the same, word for word of these codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from salw.ledger.checkpoints import Checkpoint


class Trust(StrEnum):
    """Whose word a signature is: of a key that the reader gave, of one that only the bundle names, of none known."""

    YOURS = "yours"
    BUNDLE = "bundle"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something is damaged or does not fit. `where` names the file, the event or the key; codes are `proven.*`."""

    code: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """A signature on a checkpoint: whose by its own words, the key where it is known, the time of a witness."""

    name: str
    key: str
    trust: Trust
    time: int | None


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """An event of the bundle, what its bytes say, and whether it is proven to stand at its index."""

    log: int
    index: int
    canonical: bytes
    said: Mapping[str, Any]
    proven: bool


@dataclass(frozen=True, slots=True)
class ProvenLog:
    """A log of the bundle: its signed head, by whom, and the earlier sizes that it provably continues."""

    log: int
    first: int
    checkpoint: Checkpoint
    signers: tuple[Signer, ...]
    sizes: dict[int, bytes]


@dataclass
class Verdict:
    """Everything that was found; nothing is damaged where `problems` is empty.

    `misfits` are what the reader gave and what does not go with this bundle, whole as it is; `remarks` are files of
    it that prove nothing. `numbers` are registry numbers by weapon, as the sealed registrations say them.
    """

    problems: list[Problem] = field(default_factory=list)
    misfits: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)
    head: Mapping[str, Any] = field(default_factory=dict)
    logs: list[ProvenLog] = field(default_factory=list)
    events: list[ProvenEvent] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Say whether nothing is damaged."""
        return not self.problems

    @property
    def sealed_name(self) -> str | None:
        """Return the number of the bundle's weapon from its sealed registration, None where nothing sealed names it."""
        subject = self.head["subject"]
        return self.numbers.get(subject["id"]) if subject["kind"] == "weapon" else None

    def add(self, code: str, where: str = "") -> None:
        """Note a problem, each once."""
        _note(self.problems, code, where)

    def misfit(self, code: str, where: str = "") -> None:
        """Note what the reader gave and what does not go with this bundle, each once."""
        _note(self.misfits, code, where)

    def remark(self, code: str, where: str) -> None:
        """Note a file that proves nothing."""
        _note(self.remarks, code, where)


def _note(noted: list[Problem], code: str, where: str) -> None:
    problem = Problem(f"proven.{code}", where)
    if problem not in noted:
        noted.append(problem)
