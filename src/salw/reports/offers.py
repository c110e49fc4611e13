"""The two routes of a report: `.json` for who may read it, `.{pdf,xlsx,csv}` for who may take it away as a file."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from salw.access.guard import Desk, requires
from salw.access.rules import Permission
from salw.core.shapes import Day
from salw.reports.rendering.formats import MEDIA_TYPES, PrintedFormat

From = Annotated[Day, Query(alias="from", description="First day (YYYY-MM-DD), in the country's time.")]
To = Annotated[Day, Query(alias="to", description="Last day (YYYY-MM-DD), included; not after today.")]
Language = Annotated[
    str | None, Query(description="Language of the words: fr (by default) or en.", pattern="^(fr|en)$")
]
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report as a file.",
        "content": {media.split(";")[0]: {"schema": {"type": "string"}} for media in MEDIA_TYPES.values()},
    }
}

Report = TypeVar("Report")
Draw = Callable[[Desk], Report]
Write = Callable[[Desk, Report, PrintedFormat | None], tuple[bytes, str]]


def offer(
    router: APIRouter,
    path: str,
    name: str,
    ask: Callable[..., Draw[Report]],
    *,
    shape: type[BaseModel],
    write: Write[Report],
) -> None:
    """Add both routes of a report to `router`.

    `ask` declares what one may ask for and returns what draws the report; its docstring is what the document says.
    `write` returns the bytes of a report and their file's name: of JSON where no form is given.
    """

    def get_report(
        *,
        desk: Desk = requires(Permission.REPORT_READ),  # first: who may not ask is not told what is wrong with it
        draw: Annotated[Draw[Report], Depends(ask)],
        language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    ) -> Response:
        return _answer(*write(desk, draw(desk), None), "application/json")

    def print_report(
        *,
        desk: Desk = requires(Permission.REPORT_EXPORT),  # first: who may not ask is not told what is wrong with it
        draw: Annotated[Draw[Report], Depends(ask)],
        form: PrintedFormat,
        language: Language = None,  # noqa: ARG001 - read by the guard, declared for the document
    ) -> Response:
        return _answer(*write(desk, draw(desk), form), MEDIA_TYPES[form])

    told = inspect.getdoc(ask)
    router.add_api_route(f"{path}.json", get_report, name=f"get_{name}", description=told, response_model=shape)
    router.add_api_route(
        f"{path}.{{form}}",
        print_report,
        name=f"print_{name}",
        description=f"{told} As a file.",
        response_class=Response,
        responses=FILES,
    )


def _answer(content: bytes, name: str, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'inline; filename="{name}"'})
