"""`/comparaison`: the countries side by side, as a chart and as tables, for the commissions."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from salw.access.rules import Permission, roles_with
from salw.core.errors import Refused, Unacceptable
from salw.core.language import Language, translate
from salw.reports.rendering.formats import MEDIA_TYPES, PrintedFormat
from salw.web.charts import draw, draw_file, paint_file
from salw.web.desks import Asked, show
from salw.web.views import comparison as views
from salw.web.views import first

router = APIRouter(include_in_schema=False)

FILE_WIDTH_PX = 720


@router.get("/comparaison")
def get_comparison(request: Request, language: Asked, quarter: str | None = None) -> Response:
    """Show the chart, what it says, and the tables it is drawn from."""
    summary = _summary(request, language, quarter)
    chart = views.chart_of(summary, language)
    drawn = Markup(draw(chart)) if chart.bars else None  # noqa: S704 - the drawing escapes what it writes
    wrong = summary["wrong"]
    errors = {"quarter": translate(wrong.code, language, **wrong.details)} if wrong else None
    context = {
        "summary": summary,
        "finding": chart.title,
        "chart": drawn,
        "notes": chart.notes,
        "summary_action": "/comparaison",
    }
    return show(request, language, "comparison.html", context, errors=errors)


@router.get("/comparaison/armes.svg")
def get_chart(request: Request, language: Asked, quarter: str | None = None) -> Response:
    """Return the chart as a file."""
    summary = _asked(request, language, quarter)
    svg = draw_file(views.chart_of(summary, language), width_px=FILE_WIDTH_PX)
    return _file(svg.encode(), "image/svg+xml", f"armes-{summary['answer'].quarter}.svg")


@router.get("/comparaison/armes.png")
def get_picture(request: Request, language: Asked, quarter: str | None = None) -> Response:
    """Return the chart as a picture, for programs that place no SVG."""
    summary = _asked(request, language, quarter)
    png = paint_file(views.chart_of(summary, language), width_px=FILE_WIDTH_PX)
    return _file(png, "image/png", f"armes-{summary['answer'].quarter}.png")


@router.get("/comparaison/armes.csv")
def get_figures(request: Request, language: Asked, quarter: str | None = None) -> Response:
    """Return the figures of the chart as a file."""
    summary = _asked(request, language, quarter)
    return _file(views.as_csv(summary, language), "text/csv", f"armes-{summary['answer'].quarter}.csv")


@router.get("/comparaison/armes.xlsx")
def get_workbook(request: Request, language: Asked, quarter: str | None = None) -> Response:
    """Return the figures of the chart as a workbook."""
    summary = _asked(request, language, quarter)
    return _file(
        views.as_xlsx(summary, language), MEDIA_TYPES[PrintedFormat.XLSX], f"armes-{summary['answer'].quarter}.xlsx"
    )


def _summary(request: Request, language: Language, quarter: str | None) -> dict[str, Any]:
    summary = first.summary(request, language, quarter)
    if summary is None:
        asked = Permission.SUMMARY_READ
        raise Refused("access.not_permitted", permission=asked.value, roles=roles_with(asked))
    return summary


def _asked(request: Request, language: Language, quarter: str | None) -> dict[str, Any]:
    """Return the summary of the quarter that a file is asked of; a file of another quarter would pass for it."""
    summary = _summary(request, language, quarter)
    if wrong := summary["wrong"]:
        raise Unacceptable(wrong.code, **wrong.details)
    return summary


def _file(body: bytes, kind: str, name: str) -> Response:
    return Response(body, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
