"""A register of 100,000 clean rows: read, checked, staged, taken on charge and committed, on one core."""

import csv
import io
import time
from collections.abc import Sequence
from hashlib import sha256

from bench.harness import Result, medians
from salw.access.rules import Permission
from salw.core import clock
from salw.intake.register.operations import import_register, review_register
from salw.intake.register.reading import Source
from world import World

ROWS = 100_000
RUNS = 3

_MAPPING = """
[file]
delimiter = ";"
encoding = "utf-8"
[columns]
serial = "N° de série"
class = "Type"
model = "Modèle"
[values.class]
"fusil" = "SA-ASR"
[values.model]
"AKM" = "akm-izhevsk-su"
[defaults]
origin = "opening_balance"
"""


def register(run: int) -> Source:
    """Return a register in memory; each run has other serials, because the same file is refused twice."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["N°", "N° de série", "Type", "Modèle"])
    writer.writerows([n, f"BENCH{run}{n:07d}", "fusil", "AKM"] for n in range(ROWS))
    content = text.getvalue().encode()
    return Source(f"registre-{run}.csv", content, sha256(content).digest())


def clean_rows(world: World) -> Result:
    """Return the rows a second from bytes in memory to commit."""
    actor = world.actor("accountant", Permission.WEAPON_REGISTER)

    def measure(run: int) -> Sequence[float]:
        source = register(run)
        begun = time.perf_counter()
        with world.transaction() as db:
            review = review_register(
                db,
                actor=actor,
                now=clock.now(),
                source=source,
                mapping_text=_MAPPING,
                store_id=world.store_alpha,
            )
            import_register(db, actor=actor, now=clock.now(), review=review)
        return (ROWS / (time.perf_counter() - begun),)

    (rate,) = medians(measure, RUNS)
    work = "import of 100,000 clean rows, read to applied"
    return Result(work, f"{rate:,.0f} rows/s", "-", ">= 2,000 rows/s", rate >= 2_000)
