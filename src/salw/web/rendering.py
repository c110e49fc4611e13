"""Templates, their words and numbers, and the headers of every page."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from salw.core.language import Language, translate

# Nothing but our own stylesheet and icon, and forms only to ourselves: a page cannot run anything.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Passkeys and security keys are asked for by a script, which then speaks with the service and nobody else.
MODULE_POLICY = CONTENT_SECURITY_POLICY + "; script-src 'self'; connect-src 'self'"
STATIC = {
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "passkey.js": "text/javascript; charset=utf-8",
}

_LOCALES: Mapping[Language, str] = {"fr": "fr", "en": "en_GB"}
_templates = Environment(
    loader=PackageLoader("salw.web", "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def static_file(name: str) -> bytes:
    """Return a file of this package that pages refer to; `name` is a key of `STATIC`."""
    return files("salw.web").joinpath("static", name).read_bytes()


@cache
def static_address(name: str) -> str:
    """Return the address of a static file; it changes with its content, so that no old one is used."""
    return f"/static/{name}?{sha256(static_file(name)).hexdigest()[:12]}"


def page(
    template: str,
    language: Language,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    address: str = "/",
    chosen: Mapping[str, str] | None = None,
    module: bool = False,
) -> HTMLResponse:
    """Return a page in the reader's language; its link to the other one keeps what was `chosen` in the address.

    `module` lets it load our own script.
    """
    locale = _LOCALES[language]
    other: Language = "en" if language == "fr" else "fr"

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

    def words(code: str, **details: Any) -> str:
        return translate(code, language, **details)

    html = _templates.get_template(template).render(
        language=language,
        other_language=other,
        in_other_language=f"{address}?{urlencode({'language': other, **(chosen or {})})}",
        t=words,
        number=number,
        rate=rate,
        day=day,
        instant=instant,
        quarter=quarter,
        static=static_address,
        labels={},  # of the fields of its forms, as the page writes them
        query=Markup("") if language == "fr" else Markup("?language=en"),
        **context,
    )
    headers = {
        "Content-Security-Policy": MODULE_POLICY if module else CONTENT_SECURITY_POLICY,
        "Content-Language": language,
    }
    return HTMLResponse(html, status_code=status, headers=headers)
