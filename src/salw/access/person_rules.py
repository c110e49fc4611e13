"""What a person may be and why his record changes. Pure."""

from enum import StrEnum


class PersonChange(StrEnum):
    """Why a person is changed: what was wrong or is another by civil status, a new rank, or a new unit."""

    CORRECTION = "correction"
    PROMOTION = "promotion"
    TRANSFER = "transfer"


class Sex(StrEnum):
    """Optional, and read in aggregates only."""

    F = "f"
    M = "m"
