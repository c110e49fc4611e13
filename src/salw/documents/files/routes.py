"""`/v1/files`: keep a picture or a paper, and read it."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response

from salw.access.guard import Desk, requires
from salw.access.queries import get_unit
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.edge import BODY_SIZE
from salw.documents.files import queries
from salw.documents.files.operations import keep_file
from salw.documents.files.rules import SIZE_MOST
from salw.documents.files.schemas import FileOut, SentFile
from salw.documents.files.stripping import strip

router = APIRouter(tags=["documents"])

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}
# Whatever somebody managed to bring in, a browser shows it as a picture or saves it, and runs nothing of it.
_INERT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_ANY = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}


@router.put("/files/{file_id}", openapi_extra={BODY_SIZE: SIZE_MOST})
def put_file(
    file_id: UUID,
    content: Annotated[bytes, Body(media_type="application/octet-stream")],
    unit: Annotated[UUID, Query(description="Whose file it is.")],
    desk: Desk = requires(Permission.FILE_KEEP),
) -> FileOut:
    """Keep a PNG, JPEG, WebP or PDF of at most 4 MiB, known by its bytes; pictures lose their metadata.

    The body is the file itself. The id is the client's; a repeat gives the first answer, and bytes that the unit has
    already are that file.
    """

    def work() -> FileOut:
        unit_id = get_unit(desk.db, desk.actor, unit)
        kept = strip(content)
        found = keep_file(desk.db, actor=desk.actor, now=desk.now, file_id=file_id, unit_id=unit_id, kept=kept)
        return FileOut(id=found, media_type=kept.media_type, size=len(kept.content))

    sent = SentFile(unit=unit, sha256=hashlib.sha256(content).hexdigest())
    return answer_once(desk, "file", file_id, sent, FileOut, work)


@router.get(
    "/files/{file_id}", response_class=Response, responses={200: {"description": "The file as it is kept.", **_ANY}}
)
def get_file(file_id: UUID, desk: Desk = requires(Permission.FILE_READ)) -> Response:
    """Return a file of a unit in scope, or a photo of a weapon in scope."""
    row = queries.get_file(desk.db, desk.actor, file_id)
    return Response(
        bytes(row["bytes"]),
        media_type=row["media_type"],
        headers={
            "Content-Disposition": f'attachment; filename="{file_id}.{_ENDINGS[row["media_type"]]}"',
            "Content-Security-Policy": _INERT,
        },
    )
