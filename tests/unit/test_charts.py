"""Charts: lengths are shares of the longest bar, what is written in them is escaped, and no bar leaves the picture."""

from xml.etree import ElementTree

from salw.web.charts import Bar, draw_bars

SVG = "{http://www.w3.org/2000/svg}"


def widths(svg: str) -> list[float]:
    rects = ElementTree.fromstring(svg).iter(f"{SVG}rect")  # noqa: S314 - our own drawing
    return [float((rect.get("width") or "").rstrip("%")) for rect in rects]


def test_a_bar_is_as_long_as_its_share_and_filled_as_far_as_it_is_marked() -> None:
    svg = draw_bars(
        [Bar("Mali & <Niger>", 'dit "un"', 200, 50), Bar("Niger", "", 100, None), Bar("B", "", 0, 0)], "T & é"
    )
    assert widths(svg) == [99, 24.75, 49.5, 0]
    texts = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own drawing
    assert texts[:2] == ["Mali & <Niger>", 'dit "un"']


def test_a_file_bears_its_title_and_a_chart_of_nothing_is_a_picture_too() -> None:
    svg = draw_bars([], "Rien", width_px=720, alone=True)
    assert (svg.count("Rien"), widths(svg)) == (3, [100])
