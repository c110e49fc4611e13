"""Measurements: each work against a yardstick in the same run. `make bench` prints and writes RESULTS.md."""

import sys
from pathlib import Path

# The benches work in the world of the tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
