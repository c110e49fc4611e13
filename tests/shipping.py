"""Writes `shipped.json`, by which verification knows the schema, from the migrations: `python tests/shipping.py`."""

import json
from pathlib import Path

from salw.core.db import make_engine, run
from salw.core.embedded import Cluster
from salw.proofs.verification import schema
from salw_cli.database import prepare

SHIPPED = Path(schema.__file__).with_name("shipped.json")


def main() -> None:
    """Make a database of this clone's migrations, and write down what it consists of."""
    with Cluster.temporary() as cluster:
        prepare(
            migrator_url=cluster.url("salw_migrator"),
            superuser_url=cluster.url("postgres", "postgres"),
            passwords=cluster.passwords,
            database="salw",
        )
        engine = make_engine(cluster.url("salw_auditor"))
        with engine.connect() as db:
            run(db, schema.PINNED)
            SHIPPED.write_text(json.dumps(schema.describe(db), indent=1, sort_keys=True) + "\n", "utf-8")
        engine.dispose()


if __name__ == "__main__":
    main()
