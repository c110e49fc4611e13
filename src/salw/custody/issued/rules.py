"""Which weapons on issue a list is about. Pure."""

from enum import StrEnum


class IssuedState(StrEnum):
    """Everything that is out, what ought to be back already, or what is issued without a day."""

    OUT = "out"
    OVERDUE = "overdue"
    PERMANENT = "permanent"
