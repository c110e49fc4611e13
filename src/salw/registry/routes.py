"""`/v1/models` and `/v1/label-batches`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from salw.access.guard import Desk, requires
from salw.access.queries import is_demo
from salw.access.repeats import answer_once
from salw.access.rules import Permission
from salw.core.pages import PAGE_SIZE, PAGE_SIZE_MAX, Page, decode_text_cursor, encode_text_cursor
from salw.registry import operations, queries
from salw.registry.classification import ClassCode
from salw.registry.labels.queries import list_printed
from salw.registry.schemas import LabelBatchIn, LabelBatchOut, ModelOut, batch_out, model_out
from salw.registry.sheets import render_sheet
from salw.registry.texts import normalise_mark

router = APIRouter(tags=["registry"])


@router.get("/models")
def get_models(
    desk: Desk = requires(Permission.MODEL_READ),
    q: Annotated[str | None, Query(max_length=100, description="Part of a name, an alias or a code.")] = None,
    class_code: Annotated[ClassCode | None, Query(alias="class")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE,
) -> Page[ModelOut]:
    """List the model catalogue by code."""
    rows = queries.list_models(
        desk.db,
        q=normalise_mark(q) if q else None,
        class_code=class_code.value if class_code else None,
        after=decode_text_cursor(cursor),
        limit=limit + 1,
    )
    items = [model_out(row, desk.actor.language) for row in rows[:limit]]
    return Page(items=items, next_cursor=encode_text_cursor(items[-1].code) if len(rows) > limit else None)


@router.post("/label-batches")
def post_label_batch(body: LabelBatchIn, desk: Desk = requires(Permission.LABEL_MAKE)) -> LabelBatchOut:
    """Make one valid label a weapon. The id is the client's; a repeat gives the first answer."""

    def work() -> LabelBatchOut:
        made = operations.make_labels(
            desk.db,
            actor=desk.actor,
            now=desk.now,
            batch_id=body.id,
            weapon_ids=body.weapons,
            stock=body.stock,
            start=body.start_position,
            copies=body.copies,
            replace_reason=body.reason,
        )
        return batch_out(body.id, made)

    return answer_once(desk, "label_batch", body.id, body, LabelBatchOut, work)


@router.get(
    "/label-batches/{batch_id}/sheet.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}, "description": "The sheets, ready to print at 100 %."}},
)
def get_sheet(batch_id: UUID, desk: Desk = requires(Permission.LABEL_MAKE)) -> Response:
    """Print the valid labels of a batch. The symbols hold what makes a label true: keep the file as a key."""
    batch = queries.get_label_batch(desk.db, desk.actor, batch_id)
    pdf = render_sheet(
        batch,
        list_printed(desk.db, desk.actor, batch_id=batch_id),
        demo=is_demo(desk.db),
        language=desk.actor.language,
    )
    return Response(
        pdf,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="etiquettes-{batch_id}.pdf"'},
    )
