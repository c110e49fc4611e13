"""Who is believed about a log: the policy file (C2SP tlog-policy): logs, witnesses, groups and a quorum. Pure.

One file says both whom this node asks to witness its logs (the witnesses' addresses) and whose logs it witnesses (the
logs' keys). What cannot be read raises `PolicyError` with the number of the line.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from salw.ledger.notes import Algorithm, Note, NoteError, Signature, Verifier, read_verifier, verified

NONE = "none"


class PolicyError(ValueError):
    """A line of a policy file that cannot be right. `reason` is a code `policy.*`, `line` counts from 1."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"{reason}, line {line}")
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Log:
    """A log that is known: its key, whose name is its origin, and where it is served, if that is said."""

    key: Verifier
    url: str | None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness that is known, and where it takes requests, if it does over a network."""

    name: str
    key: Verifier
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of witnesses and groups, of which `least` must have signed."""

    name: str
    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Known logs and witnesses, and the name of the witness or group that must have signed (`none`: nobody)."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def keys_of(self, origin: str) -> tuple[Verifier, ...]:
        """Return the keys of a log, by its origin; none where it is unknown."""
        return tuple(log.key for log in self.logs if log.key.name == origin)

    def is_met_by(self, names: Collection[str]) -> bool:
        """Say whether the witnesses of these names are a quorum."""
        met = {witness.name: witness.name in names for witness in self.witnesses} | {NONE: True}
        for group in self.groups:
            met[group.name] = sum(met[member] for member in group.members) >= group.least
        return met[self.quorum]

    def cosigners(self, note: Note) -> list[tuple[Witness, Signature]]:
        """Return the known witnesses that cosigned a note. Raises `note.signature_wrong`."""
        signed = dict(verified(note, (w.key for w in self.witnesses)))
        return [(witness, signed[witness.key]) for witness in self.witnesses if witness.key in signed]


NOBODY = Policy((), (), (), NONE)  # the policy of a node that has no file: it knows no witness


def read_policy(data: bytes) -> Policy:
    """Return the policy that a file holds. Raises `PolicyError`."""
    reading = _Reading()
    for number, raw in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        words = re.split("[ \t]+", raw.strip(" \t"))
        if any((ord(c) < 0x20 and c != "\t") or ord(c) == 0x7F for c in raw):
            raise PolicyError("policy.control_character", number)
        if not words[0] or words[0].startswith("#"):
            continue
        read = reading.lines.get(words[0])
        if read is None:
            raise PolicyError("policy.unknown_line", number)
        try:
            read(words[1:])
        except (NoteError, ValueError) as error:
            raise PolicyError(str(error), number) from None
    if reading.quorum is None:
        raise PolicyError("policy.no_quorum", len(data.splitlines()))
    return Policy(tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum)


class _Reading:
    """A policy as far as it was read; each method takes the words of one line and refuses with a code."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self.lines = {"log": self.log, "witness": self.witness, "group": self.group, "quorum": self.set_quorum}
        self._names: set[str] = {NONE}
        self._grouped: set[str] = set()

    def log(self, words: list[str]) -> None:
        key, url = self._key(words, Algorithm.ED25519)
        self._refuse_twice(key, (log.key for log in self.logs))
        self.logs.append(Log(key, url))

    def witness(self, words: list[str]) -> None:
        name = self._new_name(words)
        key, url = self._key(words[1:], Algorithm.COSIGNATURE)
        self._refuse_twice(key, (witness.key for witness in self.witnesses))
        self.witnesses.append(Witness(name, key, url))

    def group(self, words: list[str]) -> None:
        name, members = self._new_name(words), words[2:]
        if not members or NONE in members or not self._names.issuperset({*members} - {name}) or name in members:
            raise ValueError("policy.unknown_member")
        if len(set(members)) < len(members) or self._grouped.intersection(members):
            raise ValueError("policy.member_twice")
        least = {"all": str(len(members)), "any": "1"}.get(words[1], words[1])
        if not re.fullmatch("[1-9][0-9]{0,3}", least) or int(least) > len(members):
            raise ValueError("policy.wrong_threshold")
        self._grouped.update(members)
        self.groups.append(Group(name, int(least), tuple(members)))

    def set_quorum(self, words: list[str]) -> None:
        if len(words) != 1 or words[0] not in self._names:
            raise ValueError("policy.unknown_member")
        if self.quorum is not None:
            raise ValueError("policy.quorum_twice")
        self.quorum = words[0]

    def _new_name(self, words: list[str]) -> str:
        if len(words) < 2 or words[0] in self._names:
            raise ValueError("policy.name_taken")
        self._names.add(words[0])
        return words[0]

    @staticmethod
    def _key(words: list[str], algorithm: Algorithm) -> tuple[Verifier, str | None]:
        if not 1 <= len(words) <= 2:
            raise ValueError("policy.unknown_line")
        key = read_verifier(words[0])
        if key.algorithm is not algorithm:
            raise ValueError("policy.wrong_kind_of_key")
        return key, words[1].rstrip("/") if len(words) == 2 else None

    @staticmethod
    def _refuse_twice(key: Verifier, known: Iterable[Verifier]) -> None:
        if key.public_key in {other.public_key for other in known}:
            raise ValueError("policy.key_twice")
