"""What a photo of a weapon shows, and what each constraint means. Pure."""

from enum import StrEnum

from salw.core.errors import Conflict, DomainError


class PhotoKind(StrEnum):
    """What a photo is of. The values are stored and never renamed."""

    WHOLE = "whole"
    MARK = "mark"
    DAMAGE = "damage"


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_weapon_photo": (Conflict, "request.id_reused"),
    "uq_weapon_photo_country_weapon_id_file_id": (Conflict, "photo.known"),
}
