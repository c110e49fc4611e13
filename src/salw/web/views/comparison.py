"""What the commission's chart says: how many weapons each country shows in stock, and how many of them are marked."""

import csv
import io
from datetime import datetime
from typing import Any

from babel.numbers import format_decimal, format_percent
from xlsxwriter import Workbook

from salw.core.language import Language, translate
from salw.summaries.schemas import CountryOut
from salw.web.charts import Bar


def bars_of(summary: dict[str, Any], language: Language) -> list[Bar]:
    """Return a bar a country that published the quarter: its stock, and the marked part of it."""
    return [_bar(country, language) for country in summary["answer"].countries if country.published]


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
    heads = ("web.country", "web.in_stock", "web.marked_count", "web.marked_among", "web.losses", "web.recoveries")
    rows: list[list[Any]] = [[translate(head, language) for head in heads]]
    for country in summary["answer"].countries:
        totals = country.totals
        figures = (totals.in_stock, totals.marked.count, totals.marked.among, totals.losses, totals.recoveries)
        rows.append([_name(country, language), *(figures if country.published else [""] * len(figures))])
    return rows


def _bar(country: CountryOut, language: Language) -> Bar:
    totals = country.totals
    told = {"count": _number(totals.in_stock, language)}
    code = "web.bar_at_least" if "in_stock" in totals.partial else "web.bar_stock"
    if totals.marked.rate is None:
        return Bar(_name(country, language), translate(code, language, **told), totals.in_stock, None)
    marked = translate(
        "web.bar_marked",
        language,
        count=_number(totals.marked.count, language),
        rate=_rate(totals.marked.rate, language),
    )
    return Bar(
        _name(country, language), translate(code, language, **told) + marked, totals.in_stock, totals.marked.count
    )


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
