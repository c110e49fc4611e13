"""Kinds of supporting documents and how their numbers are written."""

from enum import StrEnum


class DocumentKind(StrEnum):
    """Stored values; the words people read are `document.<value>` in the catalogue."""

    ENTRY_ORDER = "entry_order"  # ordre d'entrée
    EXIT_ORDER = "exit_order"  # ordre de sortie
    MOVEMENT_ORDER = "movement_order"  # ordre de mouvement
    ISSUE_SLIP = "issue_slip"  # bon de perception
    RETURN_SLIP = "return_slip"  # bon de réintégration
    LOSS_REPORT = "loss_report"  # PV de perte
    RECOVERY_REPORT = "recovery_report"  # PV de récupération
    DESTRUCTION_REPORT = "destruction_report"  # PV de destruction
    OPENING_BALANCE = "opening_balance"  # balance d'entrée
    RECEIPT_REPORT = "receipt_report"  # PV de réception
    CORRECTION = "correction"  # certificat administratif


def printed_number(number: int, year: int) -> str:
    """Return a document number as the books print it: six digits, a slash, the year."""
    return f"{number:06d}/{year}"
