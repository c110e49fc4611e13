"""A sheet of 10,000 labels: drawing the codes, the symbols and the PDF, from a cold process, on one core."""

import subprocess
import sys
from collections.abc import Sequence

from bench.harness import ROOT, Result, medians

LABELS = 10_000
BYTES_MAX = 200
RATE_MIN = 10_000

_WORK = f"""
import time
begun = time.process_time()
from salw_labels import STOCKS, PrintedLabel, draw_many, registry_number, sheet_pdf
labels = [PrintedLabel(code, registry_number("BF", n), copies=1) for n, code in enumerate(draw_many({LABELS}), 1)]
pdf = sheet_pdf(labels, STOCKS["a4-weapon-20mm"], title="Étiquettes", banner=None)
print(time.process_time() - begun, len(pdf))
"""


def sheet() -> list[Result]:
    """Return the labels a second of CPU and the bytes a label."""

    def measure(_: int) -> Sequence[float]:
        done = subprocess.run([sys.executable, "-c", _WORK], capture_output=True, text=True, check=True, cwd=ROOT)
        spent, size = done.stdout.split()
        return LABELS / float(spent), int(size) / LABELS

    rate, size = medians(measure)
    return [
        Result(
            "sheet of 10,000 labels, end to end, one core",
            f"{rate:,.0f} labels/s",
            "-",
            f">= {RATE_MIN:,} labels/s",
            rate >= RATE_MIN,
        ),
        Result("the same, size", f"{size:.0f} bytes/label", "-", f"< {BYTES_MAX} bytes/label", size < BYTES_MAX),
    ]
