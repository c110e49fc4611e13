"""How many damaged labels are read; run as a program, it prints the table of `docs/labels.md`."""

import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from label_damage import HARD, SURE, Damage, frame
from label_rendering import RenderedSheet, read_frame, softened
from salw_labels import STOCKS

# Of the mixed set, at least so many must be read (labels.md 3c).
BARS = {"a4-weapon-20mm": 0.74, "a4-weapon-15mm": 0.68}


@dataclass
class Tally:
    """Frames seen, read at once, read at once or at a second look, and with a text that is not printed there."""

    frames: int = 0
    at_once: int = 0
    read: int = 0
    wrong: int = 0


def survive(sheet: RenderedSheet, damages: Mapping[str, Damage], *, seed: str, frames: int) -> dict[str, Tally]:
    """Damage the sheet's labels one after the other, `frames` of them in each way, and read each once."""
    labels = cycle(list(sheet.printed()))
    tallies = {}
    for name, damage in damages.items():
        chance = random.Random(f"{seed} {name}")
        tally = tallies[name] = Tally()
        for code, picture in islice(labels, frames):
            seen = frame(picture, damage, chance)
            at_once = read_frame(seen)
            found = at_once or (read_frame(softened(seen)) if damage.second_look else at_once)
            tally.frames += 1
            tally.at_once += bool(at_once)
            tally.read += bool(found)
            tally.wrong += not found <= {code.text}
    return tallies


def main(seed: str, frames: int) -> None:
    """Print the table: damage, and what is read of it at 20 and at 15 mm."""
    columns = []
    for stock in BARS:
        with tempfile.TemporaryDirectory() as folder:
            sheet = RenderedSheet(STOCKS[stock], Path(folder), start=0, dpi=600, seed=seed)
        columns.append(survive(sheet, SURE | HARD, seed=seed, frames=frames))
    rows = [(name, [column[name] for column in columns]) for name in columns[0]]
    rows.append(("**all**", [total(column) for column in columns]))
    lines = ["| damage | " + " | ".join(BARS) + " |", "|---|" + "---|" * len(BARS)]
    for name, tallies in rows:
        lines.append(f"| {name} | " + " | ".join(shares(t) for t in tallies) + " |")
    lines.append(f"wrong texts: {sum(t.wrong for t in rows[-1][1])} in {sum(t.frames for t in rows[-1][1])} frames")
    sys.stdout.write("\n".join(lines) + "\n")


def total(tallies: Mapping[str, Tally]) -> Tally:
    """Return the sum over all damages."""
    every = tallies.values()
    return Tally(
        sum(t.frames for t in every),
        sum(t.at_once for t in every),
        sum(t.read for t in every),
        sum(t.wrong for t in every),
    )


def shares(tally: Tally) -> str:
    """Return the share read, and before it the share read at once where that is less."""
    at_once, read = (f"{100 * part / tally.frames:.1f} %" for part in (tally.at_once, tally.read))
    return read if at_once == read else f"{at_once}, with a second look {read}"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
