"""When the ledger or the commit fails, the client gets an error and nothing at all is saved."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from cluster import Run
from faults import FAULTS, Faulty, faulty_service
from links import row_counts
from salw.core.embedded import Cluster
from salw.main import api_routes
from world import World
from writes import WRITES, Write, enter_unit

# And the units that the stores are of.
TRIED = {**WRITES, "enter_unit": ("PUT /v1/units/{unit_id}", enter_unit)}


@pytest.fixture(scope="module")
def faulty(run_: Run, cluster: Cluster, worker_id: str) -> Iterator[Faulty]:
    """Return the faulty service."""
    with faulty_service(run_, cluster, f"salw_{worker_id}_faulty") as service:
        yield service


@pytest.fixture(scope="module")
def run_(request: pytest.FixtureRequest) -> Run:
    """Return the run under a name that does not hide `salw.core.db.run`."""
    found: Run = request.getfixturevalue("run")
    return found


def test_every_write_of_custody_intake_incidents_and_maintenance_is_among_those_tried() -> None:
    features = ("salw.custody", "salw.intake", "salw.incidents", "salw.maintenance")
    known = {
        f"{method} {path}"
        for path, route in api_routes()
        for method in route.methods or ()
        if method not in ("GET", "HEAD") and route.endpoint.__module__.startswith(features)
    }
    assert known == {address for address, _ in WRITES.values()}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", TRIED)
def test_a_write_that_fails_at_the_end_leaves_nothing(faulty: Faulty, name: str, fault: str) -> None:
    prepare: Callable[[httpx.Client, World], Write] = TRIED[name][1]
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
