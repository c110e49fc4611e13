"""Where an order on paper stands, who may confirm it, and what may rest on it. Pure."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from salw.core.errors import Conflict, DomainError, Refused, Unacceptable


class OrderStatus(StrEnum):
    """Recorded is shown as *à confirmer*. The values are stored and never renamed."""

    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    CONTESTED = "contested"


# An order is recorded by who acts on it, once he is back on the line: an older one is a slip of the pen.
OLDEST = timedelta(days=366)


def check_recorded(dated_on: date, *, today: date, signatory_id: UUID, recorder_id: UUID) -> None:
    """Refuse an order of tomorrow or of years ago, and one that its signatory records: who orders does not keep.

    Raises `document.in_the_future`, `order.too_old`, `order.own`.
    """
    if dated_on > today:
        raise Unacceptable("document.in_the_future", dated_on=dated_on)
    if dated_on < today - OLDEST:
        raise Unacceptable("order.too_old", dated_on=dated_on)
    if signatory_id == recorder_id:
        raise Refused("order.own")


def check_decision(status: str, *, decider_id: UUID, signatory_id: UUID, recorder_id: UUID, commands: bool) -> None:
    """Refuse a decision by anybody but the signatory or a commander of the unit, and never by who recorded it.

    Raises `order.decided`, `order.own`, `order.not_yours`.
    """
    if status != OrderStatus.RECORDED:
        raise Conflict("order.decided", status=status)
    if decider_id == recorder_id:
        raise Refused("order.own")
    if decider_id != signatory_id and not commands:
        raise Refused("order.not_yours")


def check_seen(seen: Collection[UUID], approved: Sequence[UUID]) -> None:
    """Refuse to confirm what the commander did not see: the transfers approved in his name. Raises `order.not_seen`."""
    if set(seen) != set(approved):
        raise Conflict("order.not_seen", transfers=[str(t) for t in approved], count=len(approved))


def check_usable(status: str) -> None:
    """Refuse an act on an order that the commander contests. Raises `order.contested`."""
    if status == OrderStatus.CONTESTED:
        raise Conflict("order.contested")


def check_awaiting(status: str) -> None:
    """Refuse an approval on an order that was decided: what he confirmed, he had seen.

    Raises `order.contested`, `order.decided`.
    """
    check_usable(status)
    if status != OrderStatus.RECORDED:
        raise Conflict("order.decided", status=status)


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_paper_order": (Conflict, "request.id_reused"),
    "ck_paper_order_signed_by_another": (Refused, "order.own"),
    "ck_paper_order_decided_by_another": (Refused, "order.own"),
}
