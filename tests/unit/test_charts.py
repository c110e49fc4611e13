"""Charts: lengths are shares of the longest bar, what is told of a bar stands beside what is not, no bar is cut."""

from dataclasses import replace
from xml.etree import ElementTree

from salw.web.charts import GREY, INK, PAPER, Bar, Chart, draw, draw_file

SVG = "{http://www.w3.org/2000/svg}"
CHART = Chart(
    "T & é",
    "4e trimestre 2026",
    (
        Bar("Mali & <Niger>", ('dit "un"',), 200, 50, 80),
        Bar("Niger", (), 100, 0, 0),
        Bar("B", (), 0, 0, 0),
    ),
    ("marquées", "non marquées", "non montré"),
    ("Source",),
)


def boxes(svg: str) -> list[tuple[str, str, str]]:
    """Return begin, width and fill of every box."""
    rects = ElementTree.fromstring(svg).iter(f"{SVG}rect")  # noqa: S314 - our own drawing
    return [(rect.get("x") or "", rect.get("width") or "", rect.get("fill") or "") for rect in rects]


def test_a_bar_is_filled_as_far_as_it_is_marked_and_grey_where_its_marking_is_not_told() -> None:
    svg = draw(CHART)
    swatches = [("1", "14", fill) for fill in (INK, PAPER, GREY)]
    first = [("0.00%", "24.75%", INK), ("24.75%", "14.85%", PAPER), ("39.60%", "59.40%", GREY)]
    assert boxes(svg) == [*first, ("0.00%", "49.50%", GREY), *swatches]
    texts = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own drawing
    assert texts == ["Mali & <Niger>", 'dit "un"', "Niger", "B", *CHART.legend]


def test_a_file_bears_its_title_its_quarter_and_its_source_and_a_chart_of_nothing_is_a_picture_too() -> None:
    svg = draw_file(CHART, width_px=720)
    assert all(f">{said}</text>" in svg for said in ("T &amp; é", "4e trimestre 2026", "Source", *CHART.legend))
    svg = draw_file(replace(CHART, title="Rien", bars=(), notes=()), width_px=720)
    assert (svg.count("Rien"), boxes(svg)) == (3, [("", "100%", PAPER)])
