"""The files that pages refer to: read once a process, served compressed, at an address that changes with them."""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

_KINDS = {
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "start.js": "text/javascript; charset=utf-8",
    "keys.js": "text/javascript; charset=utf-8",
    "files.js": "text/javascript; charset=utf-8",
    "drawing.js": "text/javascript; charset=utf-8",
    "sent.js": "text/javascript; charset=utf-8",
    "passkey.js": "text/javascript; charset=utf-8",
    "vendor/govuk-frontend.min.css": "text/css; charset=utf-8",
    "vendor/govuk-frontend.min.js": "text/javascript; charset=utf-8",
}
# The fonts that a machine has: GOV.UK's own is licensed to GOV.UK alone, and no page waits for one over a bad line.
_FONTS = b'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Arial,sans-serif'
_FONT_FACE = re.compile(rb"@font-face\{[^}]*\}|/\*! Copyright \(c\) 2011 by Margaret Calvert.*?\*/", re.DOTALL)
_CREST = re.compile(rb"url\(/assets/images/govuk-crest\.svg\)")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served: its kind, its bytes, the same compressed, and whether browsers keep it.

    What others made is kept for ever; our own files are fetched anew, a few kilobytes a page. Were they kept too,
    Chromium would bring a page of somebody who has logged out back with the back button, `no-store` or not:
    it does so unless something on the page may not be kept. `tests/browser/test_first_pages.py` holds it.
    """

    kind: str
    body: bytes
    compressed: bytes
    kept: bool


@cache
def assets() -> Mapping[str, Asset]:
    """Return every file by its name."""
    return {name: _asset(name, kind) for name, kind in _KINDS.items()}


@cache
def version() -> str:
    """Return what stands for the present files in their addresses: scripts find each other beside themselves."""
    whole = sha256()
    for name, asset in assets().items():
        whole.update(name.encode() + b"\0" + asset.body)
    return whole.hexdigest()[:12]


def static_address(name: str) -> str:
    """Return the address of a file; raises `KeyError` where there is none."""
    if name not in assets():
        raise KeyError(name)
    return f"/static/{version()}/{name}"


def _asset(name: str, kind: str) -> Asset:
    body = files("salw.web").joinpath("static", name).read_bytes()
    if name == "vendor/govuk-frontend.min.css":
        body = _CREST.sub(b"none", _FONT_FACE.sub(b"", body)).replace(b"GDS Transport,arial,sans-serif", _FONTS)
    elif name == "vendor/govuk-frontend.min.js":
        body = body.partition(b"//# sourceMappingURL")[0]  # a map that is not here
    return Asset(kind, body, gzip.compress(body, 9, mtime=0), kept=name.startswith("vendor/"))
