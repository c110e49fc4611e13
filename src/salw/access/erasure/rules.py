"""Who may order an erasure and who may approve it, and what stands in its way. Pure."""

from uuid import UUID

from salw.core.errors import Conflict, DomainError, NotFound, Refused

REASON_LEAST = 20


def check_another(*, acts: UUID, person: UUID) -> None:
    """Refuse whoever would erase himself. Raises `erasure.own`."""
    if acts == person:
        raise Refused("erasure.own")


def check_two_officers(*, approves: UUID, ordered: UUID) -> None:
    """Refuse an approval by who ordered: it takes two, under whatever derogation. Raises `erasure.same_officer`."""
    if approves == ordered:
        raise Refused("erasure.same_officer")


# What `erase_person` answers where it changed nothing because something stands in the way.
OBSTACLES: dict[str, tuple[type[DomainError], str]] = {
    "not_found": (NotFound, "erasure.not_found"),
    "not_approved": (Conflict, "erasure.not_approved"),
    "withdrawn": (Conflict, "erasure.withdrawn"),
    "account_open": (Conflict, "erasure.account_open"),
    "still_answers": (Conflict, "erasure.still_answers"),
}


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_erasure": (Conflict, "request.id_reused"),
    "uq_erasure_open": (Conflict, "erasure.already_ordered"),
    "ck_erasure_two_officers": (Refused, "erasure.same_officer"),
    "ck_erasure_of_another": (Refused, "erasure.own"),
}
