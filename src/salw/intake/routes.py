"""`PUT /v1/weapons/{id}`: taking a weapon on charge."""

from uuid import UUID

from fastapi import APIRouter

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.ids import new_id
from salw.custody.schemas import order_of, when
from salw.incidents.queries import find_open_loss_matches
from salw.incidents.schemas import matches_out
from salw.intake.operations.registration import register_weapons
from salw.intake.schemas import FOUND_ORIGINS, RegisteredOut, SameSerialOut, WeaponIn, new_weapon
from salw.registry.queries import find_model_class, list_same_serial
from salw.registry.rules import check_identity, check_marks

router = APIRouter(tags=["registry"])


@router.put("/weapons/{weapon_id}")
def put_weapon(weapon_id: UUID, body: WeaponIn, desk: Desk = requires(Permission.WEAPON_REGISTER)) -> RegisteredOut:
    """Take a weapon on charge. The id is the client's; a repeat gives the first answer."""

    def work() -> RegisteredOut:
        weapon = new_weapon(weapon_id, body)
        model_class = find_model_class(desk.db, weapon.model_code) if weapon.model_code else None
        check_identity(weapon, model_class=model_class, this_year=desk.actor.today.year)
        check_marks(weapon.marks, desk.actor.today)
        document, numbers = register_weapons(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            document_id=new_id(),
            store_id=body.store,
            origin=body.origin.movement,
            weapons=[weapon],
            occurred_at=when(body.occurred_at, desk.now),
            order=order_of(body.order),
        )
        matches = find_open_loss_matches(desk.db, desk.actor, weapon.marks) if body.origin in FOUND_ORIGINS else []
        serial = weapon.serial_mark
        alike = list_same_serial(desk.db, desk.actor, weapon_id, serial.normalised) if serial else []
        return RegisteredOut(
            id=weapon_id,
            registry_number=numbers[0],
            version=1,
            document_number=document.printed,
            unidentified=weapon.unidentified,
            open_loss_matches=matches_out(matches),
            same_serial=[SameSerialOut(**row) for row in alike],
        )

    return answer_once(desk, "weapon", weapon_id, body, RegisteredOut, work)
