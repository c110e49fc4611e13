"""What browsers run that others wrote is what they published, and nothing of GOV.UK's own is served with it."""

import gzip
import tomllib
from hashlib import sha256
from importlib.resources import files

from salw.web.assets import assets

VENDOR = files("salw.web").joinpath("static", "vendor")
LICENCES = {"govuk-frontend": "govuk-frontend.LICENSE.txt", "htmx.org": "htmx.LICENSE.txt"}


def test_every_vendored_file_has_its_source_licence_and_checksum() -> None:
    sources = tomllib.loads(VENDOR.joinpath("SOURCES.toml").read_text("utf-8"))
    there = {entry.name for entry in VENDOR.iterdir()}
    assert there == {*sources, *LICENCES.values(), "SOURCES.toml"}
    for name, source in sources.items():
        assert sha256(VENDOR.joinpath(name).read_bytes()).hexdigest() == source["sha256"], name
        assert LICENCES[source["package"]] in there
        assert source["version"]


def test_the_font_the_crown_and_the_name_of_another_government_are_not_served() -> None:
    for name, asset in assets().items():
        served = asset.body.lower()
        assert gzip.decompress(asset.compressed) == asset.body
        for foreign in (b"gds transport", b"@font-face", b"crest.svg", b"/assets/"):
            assert foreign not in served, (name, foreign)
