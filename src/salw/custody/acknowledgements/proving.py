"""What a route asks of a person's PIN or card before anything is written."""

from salw.access.guard import Desk
from salw.custody.acknowledgements.operations import proofs
from salw.custody.acknowledgements.schemas import AcknowledgementPart


def prove(desk: Desk, part: AcknowledgementPart) -> None:
    """Refuse a PIN or a card that is not the person's; the count of attempts stays, whatever comes of the request.

    Raises `session.too_many_attempts`, `pin.wrong` and what `prove_card` raises.
    """
    if part.pin is not None:
        proofs.prove_pin(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            person_id=part.person,
            pin=part.pin.get_secret_value(),
            keep=desk.keep,
        )
    if part.card is not None:
        proofs.prove_card(desk.db, person_id=part.person, text=part.card.get_secret_value())
