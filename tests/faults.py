"""A service on a database of its own whose ledger, queue or commit can be made to fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy import Engine

from cluster import Run, drop
from salw.core.db import make_engine, run
from salw.core.embedded import Cluster
from world import World, build_world
from writes import serving

_FAULTS = """
create function fail() returns trigger language plpgsql as $$
begin
    raise exception 'the disk is full, says the test';
end $$;
create trigger the_ledger before insert on event for each row execute function fail();
create trigger the_queue before insert on event_queue for each row execute function fail();
create constraint trigger the_commit after insert on event
    deferrable initially deferred for each row execute function fail();
alter table event disable trigger the_ledger;
alter table event_queue disable trigger the_queue;
alter table event disable trigger the_commit;
"""
FAULTS = {"the_ledger": "event", "the_queue": "event_queue", "the_commit": "event"}


@dataclass(frozen=True)
class Faulty:
    """A database of this module's own with faults that can be switched on, its service and its army."""

    superuser: Engine
    client: httpx.Client
    world: World

    def switch(self, fault: str, on: bool) -> None:
        """Switch a fault."""
        with self.superuser.begin() as db:
            run(db, f"alter table {FAULTS[fault]} {'enable' if on else 'disable'} trigger {fault}")


@contextmanager
def faulty_service(of: Run, cluster: Cluster, name: str) -> Iterator[Faulty]:
    """Serve a new database `name` with the faults in it, all of them off."""
    made = of.copy(cluster, name)
    superuser, app = make_engine(made.urls["postgres"]), make_engine(made.urls["salw_app"])
    with superuser.begin() as db:
        db.exec_driver_sql(_FAULTS)
    with serving(made.urls) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield Faulty(superuser, client, build_world(app))
    superuser.dispose()
    app.dispose()
    drop(cluster, made)
