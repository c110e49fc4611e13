"""Templates, their words and numbers, and the headers of every page."""

import gzip
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from fastapi.responses import Response
from jinja2 import ChainableUndefined, Environment, PackageLoader, PrefixLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from salw.core.language import Language, translate
from salw.core.shapes import without_turning
from salw.documents.files.rules import SIZE_MOST
from salw.web.assets import static_address

# Our own stylesheets, icon and scripts, forms only to ourselves, and nothing within the page itself that could run.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_LOCALES: Mapping[Language, str] = {"fr": "fr", "en": "en_GB"}


def _shown(value: Any) -> Any:
    """Return a value as a page may write it: what was kept before such texts were refused turns nothing round."""
    return without_turning(value) if type(value) is str else value


_templates = Environment(
    loader=PackageLoader("salw.web", "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    finalize=_shown,
    trim_blocks=True,
    lstrip_blocks=True,
)
# GOV.UK Frontend's macros ask for parameters that were not given; our own templates must not.
_components = Environment(
    loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
    autoescape=True,
    undefined=ChainableUndefined,
    finalize=_shown,
    trim_blocks=True,
    lstrip_blocks=True,
)


@cache
def _macro(name: str) -> Any:
    template = _components.get_template(f"govuk_frontend_jinja/components/{name}/macro.html")
    return getattr(template.module, f"govuk{name.title().replace('-', '')}")


def component(name: str, /, **parameters: Any) -> Markup:
    """Return a component of GOV.UK Frontend, `error-summary` for example, made of its own parameters.

    Templates use it through our macros, which bring the texts: the built-in ones are English.
    """
    return Markup(_macro(name)(parameters))  # noqa: S704 - it escapes what it is given as text


def page(
    template: str,
    language: Language,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    address: str = "/",
    chosen: Mapping[str, str] | None = None,
    compressed: bool = False,
) -> Response:
    """Return a page in the reader's language; its link to the other one keeps what was `chosen` in the address.

    `compressed` is for browsers that said they read it so.
    """
    other: Language = "en" if language == "fr" else "fr"
    wrong: Mapping[str, str] = context.get("wrong", {})
    html = _templates.get_template(template).render(
        language=language,
        other_language=other,
        in_other_language=f"{address}?{urlencode({'language': other, **(chosen or {})})}",
        static=static_address,
        component=component,
        said_wrong=lambda field: _said_wrong(wrong[field], language) if field in wrong else None,
        marked=lambda field, required, more: _marked(required, field in wrong, more),
        options_of=_options,
        file_most=SIZE_MOST,
        labels={},  # of the fields of its forms, as the page writes them
        **_sayings(language),
        **context,
    )
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Content-Language": language,
        "Vary": "Accept-Encoding",
    }
    body = html.encode()
    if compressed:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 6, mtime=0)
    return Response(body, status_code=status, headers=headers, media_type="text/html")


@cache
def _sayings(language: Language) -> Mapping[str, Any]:
    """Return how a page says words, numbers, days and its own addresses in a language, by their names in templates."""
    locale = _LOCALES[language]

    def words(code: str, **details: Any) -> str:
        return translate(code, language, **details)

    def number(value: int) -> str:
        return str(format_decimal(value, locale=locale))

    def rate(value: float | None) -> str:
        form = "0.0\u00a0%" if language == "fr" else "0.0%"
        return "–" if value is None else format_percent(value, format=form, locale=locale)

    def day(value: date) -> str:
        return format_date(value, format="dd/MM/yyyy", locale=locale)

    def instant(value: datetime, zone: str) -> str:
        there = value.astimezone(ZoneInfo(zone))
        text = translate("report.instant", language, day=day(there), hour=f"{there:%H}", minute=f"{there:%M}")
        return text.replace(" h ", "\u00a0h\u00a0")  # an hour and its minutes stay on one line of a page

    def quarter(value: date) -> str:
        return format_date(value, format="QQQQ y", locale=locale)

    def at(path: str, /, **asked: Any) -> str:
        given = {name: value for name, value in asked.items() if value not in (None, "")}
        if language != "fr":
            given["language"] = language
        return f"{path}?{urlencode(given, doseq=True)}" if given else path

    query = Markup("") if language == "fr" else Markup("?language=en")
    return {
        "t": words,
        "number": number,
        "rate": rate,
        "day": day,
        "instant": instant,
        "quarter": quarter,
        "at": at,
        "query": query,
    }


def _said_wrong(text: str, language: Language) -> dict[str, Markup]:
    prefix = Markup('<span class="govuk-visually-hidden">{}</span> ').format(translate("web.error_prefix", language))
    return {"html": prefix + Markup("<br>").join(text.splitlines()), "visuallyHiddenText": Markup("")}


def _marked(required: bool, is_wrong: bool, more: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes that every field has beside those of its component."""
    return {
        "required": {"value": required, "optional": True},
        "aria-invalid": {"value": "true" if is_wrong else False, "optional": True},
        **more,
    }


def _options(options: Iterable[Sequence[Any]], chosen: Sequence[Any], disabled: Sequence[Any] = ()) -> list[Any]:
    """Return lines of radios or boxes from (code, text) or (code, text, hint) each."""
    picked, closed = {str(code) for code in chosen}, {str(code) for code in disabled}
    return [
        {
            "value": str(code),
            "text": text,
            "hint": {"text": hint[0]} if hint else None,
            "checked": str(code) in picked,
            "disabled": str(code) in closed,
        }
        for code, text, *hint in options
    ]
