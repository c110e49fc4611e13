"""`/v1/label-blanks`, `-codes`, `-attachments`, `-voidings` and `-reprints`; racks."""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Response

from salw.access.guard import Desk, requires
from salw.access.queries import is_demo
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.db import Row
from salw.registry.labels import queries, schemas
from salw.registry.labels.operations import attaching, keeping, making
from salw.registry.labels.rules import Attachment, read_codes
from salw.registry.queries import get_label_batch
from salw.registry.schemas import LabelBatchOut, batch_out
from salw.registry.sheets import render_preview, render_sheet, render_zpl
from salw_labels import Kind

router = APIRouter(tags=["registry"])

File = Literal["labels.zpl", "preview.svg"]
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zpl": {}, "image/svg+xml": {}}, "description": "The same file each time."}
}
_PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {}}, "description": "The sheets, ready to print at 100 %."}
}


@router.post("/label-blanks")
def post_blanks(body: schemas.BlanksIn, desk: Desk = requires(Permission.LABEL_MAKE)) -> LabelBatchOut:
    """Reserve a block of blank labels for a store. The id is the client's; a repeat gives the first answer."""

    def work() -> LabelBatchOut:
        made = making.reserve_blanks(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            batch_id=body.id,
            store_id=body.store,
            count=body.count,
            stock=body.stock,
            start=body.start_position,
            copies=body.copies,
        )
        return batch_out(body.id, made)

    return answer_once(desk, "label_blanks", body.id, body, LabelBatchOut, work)


@router.post("/label-codes")
def post_codes(body: schemas.CodesIn, desk: Desk = requires(Permission.LABEL_MAKE)) -> LabelBatchOut:
    """Make the codes of stores, racks or persons. The id is the client's; a repeat gives the first answer."""

    def work() -> LabelBatchOut:
        made = making.make_codes(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            batch_id=body.id,
            kind=Kind(body.kind),
            ids=body.of,
            stock=body.stock,
            start=body.start_position,
            copies=body.copies,
            replace_reason=body.reason,
        )
        return batch_out(body.id, made)

    return answer_once(desk, "label_codes", body.id, body, LabelBatchOut, work)


@router.post("/label-attachments")
def post_attachments(
    body: schemas.AttachmentsIn, desk: Desk = requires(Permission.LABEL_MAKE)
) -> schemas.AttachmentsOut:
    """Put blanks of a store on its weapons, the whole list or nothing. A repeat gives the first answer."""

    def work() -> schemas.AttachmentsOut:
        attached = attaching.attach_blanks(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            store_id=body.store,
            attachments=[Attachment(a.label, a.serial, a.weapon) for a in body.attachments],
        )
        return schemas.attachments_out(body.id, attached)

    return answer_once(desk, "label_attachments", body.id, body, schemas.AttachmentsOut, work)


@router.post("/label-voidings")
def post_voiding(body: schemas.VoidingIn, desk: Desk = requires(Permission.LABEL_MAKE)) -> schemas.VoidingOut:
    """Void labels, or what is left of a block of blanks, for a reason. A repeat gives the first answer."""

    def work() -> schemas.VoidingOut:
        voided = keeping.cancel_labels(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            codes=read_codes(body.labels or []),
            batch_id=body.batch,
            reason=body.reason,
        )
        return schemas.VoidingOut(id=body.id, labels=voided)

    return answer_once(desk, "label_voiding", body.id, body, schemas.VoidingOut, work)


@router.put("/label-reprints/{reprint_id}")
def put_reprint(
    reprint_id: UUID, body: schemas.ReprintIn, desk: Desk = requires(Permission.LABEL_MAKE)
) -> schemas.ReprintOut:
    """Print labels again under the same codes, for a reason, and say where the sheets are.

    The id is the client's; a repeat gives the first answer.
    """

    def work() -> schemas.ReprintOut:
        made = keeping.reprint_labels(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            reprint_id=reprint_id,
            codes=read_codes(body.labels),
            stock=body.stock,
            start=body.start_position,
            copies=body.copies,
            reason=body.reason,
        )
        return schemas.ReprintOut(
            id=reprint_id, labels=made.labels, sheets=made.sheets, sheet=f"/v1/label-reprints/{reprint_id}/sheet.pdf"
        )

    return answer_once(desk, "label_reprint", reprint_id, body, schemas.ReprintOut, work)


@router.get("/label-reprints/{reprint_id}/sheet.pdf", response_class=Response, responses=_PDF)
def get_reprint_sheet(reprint_id: UUID, desk: Desk = requires(Permission.LABEL_MAKE)) -> Response:
    """Give the sheets of a reprint, the same each time. Keep the file as a key: the symbols make a label true."""
    pdf = render_sheet(
        queries.get_reprint(desk.db, desk.actor, reprint_id),
        queries.list_printed(desk.db, desk.actor, reprint_id=reprint_id),
        demo=is_demo(desk.db),
        language=desk.actor.language,
    )
    headers = {"Content-Disposition": f'inline; filename="etiquettes-{reprint_id}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.get("/label-batches/{batch_id}/{file}", response_class=Response, responses=_FILES)
def get_batch_file(batch_id: UUID, file: File, desk: Desk = requires(Permission.LABEL_MAKE)) -> Response:
    """Give the labels of a batch for a thermal printer (`labels.zpl`), or its first page as a picture."""
    batch = get_label_batch(desk.db, desk.actor, batch_id)
    return _file(file, batch, queries.list_printed(desk.db, desk.actor, batch_id=batch_id))


@router.get("/label-reprints/{reprint_id}/{file}", response_class=Response, responses=_FILES)
def get_reprint_file(reprint_id: UUID, file: File, desk: Desk = requires(Permission.LABEL_MAKE)) -> Response:
    """Give the labels of a reprint for a thermal printer (`labels.zpl`), or its first page as a picture."""
    reprint = queries.get_reprint(desk.db, desk.actor, reprint_id)
    return _file(file, reprint, queries.list_printed(desk.db, desk.actor, reprint_id=reprint_id))


def _file(file: File, batch: Row, labels: Sequence[Row]) -> Response:
    if file == "labels.zpl":
        return Response(render_zpl(batch, labels), media_type="application/zpl")
    return Response(render_preview(batch, labels), media_type="image/svg+xml")


@router.put("/racks/{rack_id}")
def put_rack(rack_id: UUID, body: schemas.RackIn, desk: Desk = requires(Permission.LABEL_MAKE)) -> schemas.RackOut:
    """Write down a rack of a store. The id is the client's; a repeat gives the first answer."""

    def work() -> schemas.RackOut:
        making.open_rack(desk.db, actor=desk.actor, now=desk.now, rack_id=rack_id, store_id=body.store, name=body.name)
        return schemas.RackOut(id=rack_id, name=body.name, code=None)

    return answer_once(desk, "rack", rack_id, body, schemas.RackOut, work)


@router.get("/stores/{store_id}/racks")
def get_racks(store_id: UUID, desk: Desk = requires(Permission.ORGANISATION_READ)) -> list[schemas.RackOut]:
    """List the racks of a store by name, with the code that each bears."""
    return [schemas.RackOut(**row) for row in queries.list_racks(desk.db, desk.actor, store_id)]
