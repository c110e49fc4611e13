"""Rules of a transfer (mutation): where it stands, and which step may follow. Pure."""

from enum import StrEnum

from salw.core.errors import Conflict


class TransferStatus(StrEnum):
    """Where a transfer (mutation) stands. Short: some weapons did not arrive and stay in transit."""

    ORDERED = "ordered"
    APPROVED = "approved"
    DISPATCHED = "dispatched"
    CLOSED = "closed"
    SHORT = "short"
    CANCELLED = "cancelled"


class LineStatus(StrEnum):
    """Where one weapon of a transfer stands."""

    ORDERED = "ordered"
    DISPATCHED = "dispatched"
    RECEIVED = "received"
    CANCELLED = "cancelled"


# From which statuses each step may be taken: approval before dispatch, cancellation only before it, and
# a late weapon may still arrive on a transfer that was declared short.
MAY_APPROVE = frozenset({TransferStatus.ORDERED})
MAY_DISPATCH = frozenset({TransferStatus.APPROVED})
MAY_RECEIVE = frozenset({TransferStatus.DISPATCHED, TransferStatus.SHORT})
MAY_CANCEL = frozenset({TransferStatus.ORDERED, TransferStatus.APPROVED})
UNDER_WAY = MAY_CANCEL | MAY_RECEIVE


def check_transfer_status(current: str, allowed: frozenset[TransferStatus]) -> None:
    """Refuse a step that the transfer's status does not allow. Raises `transfer.wrong_status`."""
    if current not in allowed:
        raise Conflict("transfer.wrong_status", status=current, allowed=sorted(allowed))


def status_after_receipt(before: str, *, outstanding: int, complete: bool) -> TransferStatus:
    """Return where a transfer stands once `outstanding` of its weapons are still in transit.

    `complete` is the receiver's word that no more is expected; a transfer once short stays short until
    the last weapon has arrived.
    """
    if outstanding == 0:
        return TransferStatus.CLOSED
    return TransferStatus.SHORT if complete else TransferStatus(before)
