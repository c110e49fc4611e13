"""`/v1/weapons/{id}/photos`: add, list and hide the photos of a weapon."""

from uuid import UUID

from fastapi import APIRouter

from salw.access.guard import Desk, requires
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.shapes import Addressed
from salw.registry.photos import operations, queries
from salw.registry.photos.schemas import HidingIn, PhotoIn, PhotoOut, PhotosOut, PhotoStepOut

router = APIRouter(tags=["registry"])


@router.put("/weapons/{weapon_id}/photos/{photo_id}")
def put_photo(
    weapon_id: UUID, photo_id: UUID, body: PhotoIn, desk: Desk = requires(Permission.PHOTO_RECORD)
) -> PhotoStepOut:
    """Attach a kept picture to a weapon. The id is the client's; a repeat gives the first answer."""

    def work() -> PhotoStepOut:
        operations.add_photo(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            photo_id=photo_id,
            weapon_id=weapon_id,
            file_id=body.file,
            kind=body.kind,
        )
        return PhotoStepOut(id=photo_id, hidden=False)

    addressed = Addressed(subject=weapon_id, body=body)
    return answer_once(desk, "photo", photo_id, addressed, PhotoStepOut, work)


@router.post("/photos/{photo_id}/hiding")
def post_hiding(photo_id: UUID, body: HidingIn, desk: Desk = requires(Permission.PHOTO_RECORD)) -> PhotoStepOut:
    """Hide a photo for a reason; nothing is deleted."""

    def work() -> PhotoStepOut:
        operations.hide_photo(desk.db, actor=desk.actor, now=desk.now, photo_id=photo_id, reason=body.reason)
        return PhotoStepOut(id=photo_id, hidden=True)

    addressed = Addressed(subject=photo_id, body=body)
    return answer_once(desk, "photo.hiding", body.id, addressed, PhotoStepOut, work)


@router.get("/weapons/{weapon_id}/photos")
def get_photos(weapon_id: UUID, desk: Desk = requires(Permission.WEAPON_READ)) -> PhotosOut:
    """List the photos of a weapon in scope."""
    rows = queries.list_photos(desk.db, desk.actor, weapon_id)
    return PhotosOut(weapon=weapon_id, photos=[PhotoOut(**row) for row in rows])
