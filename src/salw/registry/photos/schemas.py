"""What the routes of photos take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from salw.core.shapes import In, Out, Said, example
from salw.registry.photos.rules import PhotoKind


class PhotoIn(In):
    """A kept picture, and what it shows of the weapon."""

    model_config = example(file="019aa000-0000-7000-8000-0000000000f1", kind="mark")

    file: UUID
    kind: PhotoKind


class HidingIn(In):
    """Why a photo is hidden; the id is the client's, a repeat gives the first answer."""

    model_config = example(id="019aa000-0000-7000-8000-0000000000c9", reason="Photo d'une autre arme")

    id: UUID
    reason: Annotated[Said, Field(max_length=1_000)]


class PhotoOut(Out):
    """A photo of a weapon, read as `GET /v1/files/{file}`; a hidden one stays, with the reason."""

    id: UUID
    kind: PhotoKind
    file: UUID
    media_type: str
    added_at: datetime
    hidden_at: datetime | None
    reason: str | None


class PhotosOut(Out):
    """The photos of a weapon, oldest first."""

    weapon: UUID
    photos: list[PhotoOut]


class PhotoStepOut(Out):
    """A photo that was added or hidden."""

    id: UUID
    hidden: bool
