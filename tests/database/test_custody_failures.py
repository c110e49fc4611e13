"""When the ledger or the commit fails, the client gets an error and nothing at all is saved."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import Engine

from cluster import Run, drop
from links import row_counts
from salw.core.db import make_engine, run
from salw.core.embedded import Cluster
from salw.main import api_routes
from world import World, build_world
from writes import WRITES, Write, serving

_FAULTS = """
create function fail() returns trigger language plpgsql as $$
begin
    raise exception 'the disk is full, says the test';
end $$;
create trigger the_ledger before insert on event for each row execute function fail();
create trigger the_queue before insert on event_queue for each row execute function fail();
create constraint trigger the_commit after insert on answer
    deferrable initially deferred for each row execute function fail();
alter table event disable trigger the_ledger;
alter table event_queue disable trigger the_queue;
alter table answer disable trigger the_commit;
"""
FAULTS = {"the_ledger": "event", "the_queue": "event_queue", "the_commit": "answer"}


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


@pytest.fixture(scope="module")
def faulty(run_: Run, cluster: Cluster, worker_id: str) -> Iterator[Faulty]:
    """Return the faulty service."""
    made = run_.copy(cluster, f"salw_{worker_id}_faulty")
    superuser, app = make_engine(made.urls["postgres"]), make_engine(made.urls["salw_app"])
    with superuser.begin() as db:
        db.exec_driver_sql(_FAULTS)
    with serving(made.urls) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield Faulty(superuser, client, build_world(app))
    superuser.dispose()
    app.dispose()
    drop(cluster, made)


@pytest.fixture(scope="module")
def run_(request: pytest.FixtureRequest) -> Run:
    """Return the run under a name that does not hide `salw.core.db.run`."""
    found: Run = request.getfixturevalue("run")
    return found


def test_every_write_of_custody_intake_and_incidents_is_among_those_tried() -> None:
    features = ("salw.custody", "salw.intake", "salw.incidents")
    known = {
        f"{method} {path}"
        for path, route in api_routes()
        for method in route.methods or ()
        if method not in ("GET", "HEAD") and route.endpoint.__module__.startswith(features)
    }
    assert known == {address for address, _ in WRITES.values()}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_fails_at_the_end_leaves_nothing(faulty: Faulty, name: str, fault: str) -> None:
    prepare: Callable[[httpx.Client, World], Write] = WRITES[name][1]
    write = prepare(faulty.client, faulty.world)
    before = row_counts(faulty.superuser)
    faulty.switch(fault, on=True)
    try:
        answer = write.send(faulty.client)
    finally:
        faulty.switch(fault, on=False)
    assert (answer.status_code, answer.json()["code"]) == (500, "service.unexpected"), answer.text
    assert row_counts(faulty.superuser) == before
    # It was the fault and nothing else: the same request now succeeds, as if it were the first.
    assert write.send(faulty.client).status_code == 200
    assert row_counts(faulty.superuser) != before
