"""What browsers run that others wrote is what they published, and nothing of GOV.UK's own is served with it."""

import gzip
import tomllib
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from salw.web.assets import assets

SERVED = Path(str(files("salw.web"))) / "static/vendor"
FOR_TESTS = Path(__file__).parents[1] / "browser/vendor"
LICENCES = {
    "govuk-frontend": ("govuk-frontend.LICENSE.txt",),
    "axe-core": ("axe-core.LICENSE.txt", "axe-core.LICENSE-3RD-PARTY.txt"),
}


@pytest.mark.parametrize("vendor", [SERVED, FOR_TESTS], ids=["served", "for tests"])
def test_every_vendored_file_has_its_source_licence_and_checksum(vendor: Path) -> None:
    sources = tomllib.loads((vendor / "SOURCES.toml").read_text("utf-8"))
    licences = {name for source in sources.values() for name in LICENCES[source["package"]]}
    assert {entry.name for entry in vendor.iterdir()} == {*sources, *licences, "SOURCES.toml"}
    for name, source in sources.items():
        assert sha256((vendor / name).read_bytes()).hexdigest() == source["sha256"], name
        assert source["version"]
        assert source["licence"]


def test_the_font_the_crown_and_the_name_of_another_government_are_not_served() -> None:
    for name, asset in assets().items():
        served = asset.body.lower()
        assert gzip.decompress(asset.compressed) == asset.body
        for foreign in (b"gds transport", b"@font-face", b"crest.svg", b"/assets/"):
            assert foreign not in served, (name, foreign)
