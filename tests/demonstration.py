"""The demonstration in a database of its own: made by the real operations, and sealed."""

from datetime import datetime

from cluster import Database
from salw.core.db import make_engine
from salw.ledger.sequencer import drain
from salw_cli.demo_data.loading import load_demo


def load(database: Database, *, weapons: int, seed: int, now: datetime) -> int:
    """Load demonstration data and seal its events; return how many."""
    app, publisher = make_engine(database.urls["salw_app"]), make_engine(database.urls["salw_publisher"])
    sequencer = make_engine(database.urls["salw_sequencer"])
    try:
        sealed: list[int] = []
        load_demo(
            app,
            publisher,
            weapons=weapons,
            seed=seed,
            now=now,
            progress=lambda *_: None,
            seal=lambda: sealed.append(drain(sequencer)),
        )
        return sum(sealed) + drain(sequencer)
    finally:
        for engine in (app, publisher, sequencer):
            engine.dispose()
