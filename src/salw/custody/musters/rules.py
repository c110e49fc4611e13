"""Musters: how a weapon on issue is known to be there, and who may say so. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Refused, Unacceptable
from salw.custody.rules import CLOCK_ALLOWANCE

# A permanent issue is never overdue; one that no muster has seen for so long is asked after. Ours, a month of musters:
# no published figure is known (`domain.md` 3.1 has only checks of stores).
DAYS_UNSEEN = 30


class Seen(StrEnum):
    """How a weapon was seen at a muster, in the hands of who recorded."""

    SCAN = "scan"
    SERIAL = "serial"


class Told(StrEnum):
    """How somebody reported a weapon that the muster did not see."""

    RADIO = "radio"
    TELEPHONE = "telephone"
    MESSENGER = "messenger"
    LETTER = "letter"


class Result(StrEnum):
    """What a muster says of a weapon. Reported is never counted as seen."""

    PRESENTED = "presented"
    REPORTED = "reported"
    NOT_PRESENTED = "not_presented"


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one weapon: seen how, or reported how, by whom and when, or neither."""

    weapon_id: UUID
    seen: Seen | None = None
    told: Told | None = None
    reported_by: UUID | None = None
    reported_at: datetime | None = None

    @property
    def result(self) -> Result:
        """Return what this makes of the weapon."""
        if self.seen is not None:
            return Result.PRESENTED
        return Result.REPORTED if self.told is not None else Result.NOT_PRESENTED

    @property
    def how(self) -> str | None:
        """Return how it is known, or None."""
        return self.seen or self.told


def check_said_once(said: Sequence[Said]) -> None:
    """Refuse two things said of one weapon. Raises `custody.weapon_repeated`."""
    if len({one.weapon_id for one in said}) != len(said):
        raise Unacceptable("custody.weapon_repeated")


def was_held(held_at: datetime, since: datetime) -> bool:
    """Say whether who has a weapon `since` then had it at the instant of a muster; clocks may differ a little."""
    return held_at >= since - CLOCK_ALLOWANCE


def check_presenter(said: Said, *, answerable: UUID | None, recorder: UUID) -> None:
    """Refuse that somebody vouches for the weapon that he answers for, or for his own report.

    Who presents does not record (R5, R7); that a weapon was not presented may be said by anybody. Raises
    `muster.own_weapon`.
    """
    if said.result is Result.NOT_PRESENTED:
        return
    if recorder in (answerable, said.reported_by):
        raise Refused("muster.own_weapon", weapon=str(said.weapon_id))


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_muster": (Conflict, "request.id_reused"),
    "ck_muster_line_presenter_is_another": (Refused, "muster.own_weapon"),
    "ck_muster_line_reporter_is_another": (Refused, "muster.own_weapon"),
}
