"""Where an order on paper stands, who may confirm it, and what may rest on it. Pure."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from uuid import UUID

from salw.access.rules import Role
from salw.core.errors import Conflict, DomainError, Refused, Unacceptable


class OrderStatus(StrEnum):
    """Recorded is shown as *à confirmer*. The values are stored and never renamed."""

    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    CONTESTED = "contested"


def check_recorded(dated_on: date, *, today: date, signatory_id: UUID, recorder_id: UUID) -> None:
    """Refuse an order of tomorrow, and one that its signatory records himself: who orders does not keep.

    Raises `document.in_the_future`, `order.own`.
    """
    if dated_on > today:
        raise Unacceptable("document.in_the_future", dated_on=dated_on)
    if signatory_id == recorder_id:
        raise Refused("order.own")


def check_decision(
    status: str, *, decider_id: UUID, signatory_id: UUID, recorder_id: UUID, roles: Collection[str]
) -> None:
    """Refuse a decision by anybody but the signatory or a commander of the unit, and never by who recorded it.

    Raises `order.decided`, `order.own`, `order.not_yours`.
    """
    if status != OrderStatus.RECORDED:
        raise Conflict("order.decided", status=status)
    if decider_id == recorder_id:
        raise Refused("order.own")
    if decider_id != signatory_id and Role.UNIT_COMMANDER.value not in roles:
        raise Refused("order.not_yours")


def check_usable(status: str) -> None:
    """Refuse an act on an order that the commander contests. Raises `order.contested`."""
    if status == OrderStatus.CONTESTED:
        raise Conflict("order.contested")


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_paper_order": (Conflict, "request.id_reused"),
    "ck_paper_order_signed_by_another": (Refused, "order.own"),
    "ck_paper_order_decided_by_another": (Refused, "order.own"),
}
