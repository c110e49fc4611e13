"""The offline page that checks a bundle, put together from its parts into one file. Pure.

It asks nobody for anything: its policy lets it load nothing, and run the scripts in it alone, by their hashes.
"""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files

from salw.core.language import LANGUAGES, catalogue

# The order they run in: other people's code first (`vendor/README.md`), then ours.
SCRIPTS = (
    "vendor/tweetnacl-1.0.3.min.js",
    "vendor/js-sha256-0.11.1.min.js",
    "reading.js",
    "proofs.js",
    "checking.js",
    "strangers.js",
)
_FAMILIES = ("verifier.", "proven.", "role.", "holder_kind.", "bundle.readme")


@cache
def make_page() -> bytes:
    """Return the page as one HTML file; the same program gives the same bytes."""
    css = _part("page.css")
    scripts = [*(_part(name) for name in SCRIPTS), _words(), _part("page.js")]
    assert not any("</script" in script for script in scripts)  # noqa: S101 - a part of ours would end the script
    return (
        _part("page.html")
        .replace("{style}", _allowed(css))
        .replace("{script}", " ".join(_allowed(script) for script in scripts))
        .replace("{css}", css)
        .replace("{scripts}", "\n".join(f"<script>{script}</script>" for script in scripts))
        .encode()
    )


def _words() -> str:
    words = {
        language: {code: text for code, text in sorted(catalogue(language).items()) if code.startswith(_FAMILIES)}
        for language in LANGUAGES
    }
    # The page knows what it is made from: it tells a copy of itself from another page.
    return f"var WORDS = {_literal(words)};\nvar TEMPLATE = {_literal(_part('page.html'))};"


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _allowed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
