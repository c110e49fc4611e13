"""`/v1/witness/add-checkpoint`: this node as a witness of its neighbours' logs (C2SP tlog-witness)."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request, Response

from salw.core import clock
from salw.core.http import NOT_NOW, problem
from salw.ledger.notes import NOTE_SIZE_MAX
from salw.ledger.signing import SigningError
from salw.ledger.witness_rules import SIGNED, SIZE_TYPE
from salw.ledger.witnessing import Engines, Witnessing, attest

router = APIRouter(tags=["witness"])
log = structlog.get_logger("salw.witness")

REQUEST_SIZE_MAX = NOTE_SIZE_MAX + 4096  # a note, and above it at most 63 hashes of 44 characters

_ASKED: dict[str, Any] = {
    "security": [],
    "x-body-size-max": REQUEST_SIZE_MAX,
    "requestBody": {
        "required": True,
        "description": "`old N`, the consistency proof from there line by line, an empty line, the signed checkpoint. "
        "Of any type, or none.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
}


async def whole_body(request: Request) -> bytes:
    """Return the body as it came: it is no JSON, and what is signed in it must not be read as anything else."""
    return await request.body()


@router.post(
    "/witness/add-checkpoint",
    openapi_extra=_ASKED,
    response_class=Response,
    responses={
        200: {
            "description": "The cosignature, one signature line",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        409: {
            "description": "The size that was seen of this log, where it is not `old`; a problem where that size has "
            "another root",
            "content": {SIZE_TYPE: {"schema": {"type": "string"}}},
        },
    },
)
def add_checkpoint(request: Request, data: Annotated[bytes, Depends(whole_body)]) -> Response:
    """Cosign a neighbour's checkpoint if it continues what was seen of that log. The log's signature is the log-in."""
    state: Any = request.app.state
    witnessing: Witnessing = state.witnessing
    engines = Engines(state.engines["app"], state.engines["exchange"])
    try:
        answer = attest(engines, witnessing, data, clock.now)
    except NOT_NOW:
        # The protocol's own 409 would say that the log has two trees.
        return problem(request, 503, "service.busy", {})
    except SigningError as error:
        log.error("witness.not_signed", error=str(error))
        return problem(request, 503, "service.busy", {})
    if answer.status == SIGNED:
        return Response(answer.lines, media_type="text/plain")
    if answer.size is not None:
        return Response(f"{answer.size}\n", answer.status, {"Content-Type": SIZE_TYPE})
    return problem(request, answer.status, answer.code or "", {})
