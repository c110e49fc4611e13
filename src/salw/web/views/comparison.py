"""What the commission's chart says: how many weapons each country shows in stock, and how many of them are marked."""

import csv
import io
from datetime import datetime
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from xlsxwriter import Workbook

from salw.core.language import Language, translate
from salw.summaries.rules import Detail
from salw.summaries.schemas import CountryOut
from salw.web.charts import Bar, Chart


def chart_of(summary: dict[str, Any], language: Language) -> Chart:
    """Return a bar a country that published the quarter: its stock, what of it shows its marking, what is marked."""
    shown = [country for country in summary["answer"].countries if country.published]
    notes = [translate("web.chart_source", language, sources=" · ".join(_source(c, language) for c in shown))]
    if any(_rounded(country) for country in shown):
        notes.append(translate("web.chart_rounded", language))
    return Chart(
        finding(summary, language),
        _quarter(summary, language),
        tuple(_bar(country, language) for country in shown),
        (
            translate("web.legend_marked", language),
            translate("web.legend_unmarked", language),
            translate("web.legend_unshown", language),
        ),
        tuple(notes if shown else ()),
    )


def finding(summary: dict[str, Any], language: Language) -> str:
    """Return what the chart shows, as its title."""
    shown = [country for country in summary["answer"].countries if country.published]
    rated = sorted((c for c in shown if c.totals.marked.rate is not None), key=lambda c: c.totals.marked.rate or 0)
    if len(rated) > 1:
        low, high = rated[0], rated[-1]
        return translate(
            "web.finding_marked",
            language,
            low=_rate(low.totals.marked.rate, language),
            low_country=_name(low, language),
            high=_rate(high.totals.marked.rate, language),
            high_country=_name(high, language),
        )
    if shown:
        most = max(shown, key=lambda c: c.totals.in_stock)
        return translate(
            "web.finding_stock" if len(shown) > 1 else "web.finding_only",
            language,
            country=_name(most, language),
            count=_number(most.totals.in_stock, language),
        )
    return translate("web.finding_none", language)


def as_csv(summary: dict[str, Any], language: Language) -> bytes:
    """Return the figures of the chart as a file for spreadsheets: semicolons, and a mark that says UTF-8."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(_figures(summary, language))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(summary: dict[str, Any], language: Language) -> bytes:
    """Return the figures of the chart as a workbook: figures are numbers, and one quarter gives one file."""
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": finding(summary, language), "author": "salw", "created": datetime(2000, 1, 1)})  # noqa: DTZ001 - a property of the file, no time
    page, strong = book.add_worksheet(str(summary["answer"].quarter)), book.add_format({"bold": True})
    for number, row in enumerate(_figures(summary, language)):
        page.write_row(number, 0, row, None if number else strong)
    page.autofit()
    book.close()
    return file.getvalue()


def _figures(summary: dict[str, Any], language: Language) -> list[list[Any]]:
    """Return the rows of the files: figures, what they leave out, and where they come from, a country a row."""
    measures = {"in_stock": "web.stock", "marked": "web.marked_count", "among": "web.marked_among"}
    measures |= {"losses": "web.losses", "recoveries": "web.recoveries"}
    abouts = ("web.at_least", "web.rounded", "web.quarter", "web.release", "web.source")
    rows: list[list[Any]] = [[translate(head, language) for head in ("web.country", *measures.values(), *abouts)]]
    for country in summary["answer"].countries:
        totals, least, rounded = country.totals, "", ""
        figures: list[Any] = [""] * len(measures)
        if country.published:
            figures = [totals.in_stock, totals.marked.count, totals.marked.among, totals.losses, totals.recoveries]
            partial = [translate(head, language) for code, head in measures.items() if code in totals.partial]
            least = ", ".join(partial) or translate("web.no", language)
            rounded = translate("web.rounded_to_5" if _rounded(country) else "web.no", language)
        about = (least, rounded, _quarter(summary, language), _release(country, language), _source(country, language))
        rows.append([_name(country, language), *figures, *about])
    return rows


def _bar(country: CountryOut, language: Language) -> Bar:
    totals, marked = country.totals, country.totals.marked
    code = "web.bar_at_least" if "in_stock" in totals.partial else "web.bar_stock"
    said = [translate(code, language, count=_number(totals.in_stock, language))]
    if marked.rate is None:
        said.append(translate("web.bar_unshown", language))
    else:
        # The rate is of those whose marking is shown, and of no others: its base stands beside it.
        count, rate = _number(marked.count, language), _rate(marked.rate, language)
        said.append(translate("web.bar_marked", language, count=count, rate=rate))
        said.append(translate("web.bar_among", language, count=_number(marked.among, language)))
    return Bar(_name(country, language), tuple(said), totals.in_stock, marked.count, marked.among)


def _rounded(country: CountryOut) -> bool:
    return any(force.detail is Detail.ROUNDED for force in country.forces)


def _quarter(summary: dict[str, Any], language: Language) -> str:
    return str(format_date(summary["since"], "QQQQ y", locale=language))


def _release(country: CountryOut, language: Language) -> str:
    if country.release is None:
        return translate("web.unpublished", language)
    code = "web.provisional" if country.release.provisional else "web.final"
    return translate(code, language, number=country.release.number)


def _source(country: CountryOut, language: Language) -> str:
    """Return who published and when: the release is the country's commission's."""
    if country.release is None:
        return ""
    told = {"country": _name(country, language), "release": _release(country, language)}
    return translate("web.source_of", language, **told, day=country.release.published_at.date())


def _name(country: CountryOut, language: Language) -> str:
    return (country.name_fr if language == "fr" else country.name_en) or country.code


def _number(value: int, language: Language) -> str:
    return str(format_decimal(value, locale="fr" if language == "fr" else "en_GB"))


def _rate(value: float | None, language: Language) -> str:
    return (
        "–"
        if value is None
        else str(format_percent(value, format="0.0\u00a0%" if language == "fr" else "0.0%", locale=language))
    )
