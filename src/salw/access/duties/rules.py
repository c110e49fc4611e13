"""Which duties must not meet in one person, and for how long a derogation may let them. Pure."""

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Refused, Unacceptable


class Duty(StrEnum):
    """Two acts that one person may not do both of. The values are stored and never renamed.

    Write-off and destruction are none of these: they always take two officers, and nobody can derogate from that.
    """

    ORDERER_KEEPER = "orderer_keeper"
    REQUESTER_APPROVER = "requester_approver"
    SENDER_RECEIVER = "sender_receiver"
    COUNTER_APPROVER = "counter_approver"
    KEEPER_CHECKER = "keeper_checker"
    GIVER_RECEIVER = "giver_receiver"


# Who did the other act of each duty, as the rows of a use case have it: nobody yet where it is None.
Others = Mapping[Duty, Collection[UUID | None]]

# A derogation is for as long as it takes to send somebody, not for ever: a year, also one with 29 February in it.
DAYS_MOST = 366


def duties_in_the_way(person_id: UUID, others: Others) -> list[Duty]:
    """Return the duties of which `person_id` did the other act himself."""
    return [duty for duty, people in others.items() if person_id in people]


def refusal(duty: Duty, unit: UUID | None) -> Refused:
    """Return the refusal of an act for a duty; its text names the duty and who may grant a derogation from it."""
    return Refused(f"duty.{duty.value}", duty=duty.value, unit=str(unit) if unit else None)


def check_paper(*, dated_on: date, first_day: date, last_day: date, today: date) -> None:
    """Refuse a derogation that is not written yet, reaches back before its paper, or lasts too long or not at all.

    Both days count. Raises `document.in_the_future`, `derogation.before_its_paper`, `derogation.backwards`,
    `derogation.too_long`, `derogation.over`.
    """
    if dated_on > today:
        raise Unacceptable("document.in_the_future", dated_on=dated_on)
    if first_day < dated_on:
        raise Unacceptable("derogation.before_its_paper", dated_on=dated_on)
    if last_day < first_day:
        raise Unacceptable("derogation.backwards")
    if (last_day - first_day).days >= DAYS_MOST:
        raise Unacceptable("derogation.too_long", days=DAYS_MOST)
    if last_day < today:
        raise Unacceptable("derogation.over", last_day=last_day)


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_derogation": (Conflict, "request.id_reused"),
    "ck_derogation_act_not_by_who_granted": (Refused, "derogation.own_use"),
}
