"""Labels of 20 and 15 mm after what weapons do to them: printed, damaged, seen by a camera, read by two decoders.

One frame of one label: on a weapon there are two labels, and a phone looks at many frames. `docs/labels.md` has
the table that `python tests/label_survival.py` writes.
"""

import os
import random
import time
from pathlib import Path

import pytest

from label_damage import HARD, SURE
from label_rendering import RenderedSheet
from label_survival import BARS, Tally, survive, total
from salw_labels import STOCKS

pytestmark = [pytest.mark.poppler, pytest.mark.zbar]

FRAMES = 10
SEED = "salw"


@pytest.fixture(scope="module", params=list(BARS))
def sheet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RenderedSheet:
    return RenderedSheet(STOCKS[request.param], tmp_path_factory.mktemp("sheet"), start=0, dpi=600)


def check(tallies: dict[str, Tally], bar: float, seed: str = SEED) -> None:
    """Hold the bar: all of the sure ones, enough of the mixture at once, and nothing wrong ever.

    A thin scratch through a finder may take a second look at the same frame; nothing else has one.
    """
    whole = total(tallies)
    assert whole.wrong == 0, f"seed {seed}: {tallies}"
    unread = {name: tally for name, tally in tallies.items() if name in SURE and tally.read < tally.frames}
    assert not unread, f"seed {seed}"
    assert whole.at_once / whole.frames >= bar, f"seed {seed}: {tallies}"


def test_labels_survive_what_a_weapon_does_to_them(sheet: RenderedSheet) -> None:
    tallies = survive(sheet, SURE | HARD, seed=SEED, frames=FRAMES)
    assert total(tallies).frames == 210
    check(tallies, BARS[sheet.stock.name])


@pytest.mark.soak
def test_labels_survive_under_seed_after_seed(tmp_path: Path) -> None:
    end = time.monotonic() + float(os.environ.get("SALW_SOAK_SECONDS", "60"))
    rounds = 0
    while rounds == 0 or time.monotonic() < end:
        seed = str(random.SystemRandom().getrandbits(32))
        for stock, bar in BARS.items():
            sheet = RenderedSheet(STOCKS[stock], tmp_path, start=0, dpi=600, seed=seed)
            check(survive(sheet, SURE | HARD, seed=seed, frames=40), bar, seed)
        rounds += 1
