"""When the ledger or the commit fails, the client gets an error and nothing at all is saved."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from asks import Ask, Scene
from cluster import Run
from faults import FAULTS, Faulty, faulty_service
from links import row_counts
from nation import somebody
from oracle import LINES
from oracle.table import HOLDERS, Line
from salw.access.rules import Role
from salw.core.embedded import Cluster
from salw.main import api_routes
from world import World
from writes import WRITES, Write, enter_unit

FEATURES = ("salw.custody", "salw.intake", "salw.incidents", "salw.maintenance")


@dataclass(frozen=True)
class Asked:
    """A request of the oracle, sent by somebody of the world who may."""

    ask: Ask
    headers: Mapping[str, str]

    def send(self, client: httpx.Client) -> httpx.Response:
        """Send it."""
        return self.ask.send(client, self.headers)


def of_the_oracle(line: Line) -> Callable[[httpx.Client, World], Asked]:
    """Return how a write is prepared of which the oracle has a recipe."""

    def prepare(client: httpx.Client, world: World) -> Asked:
        ask = line.recipe(Scene(client, world, world, None))
        may = HOLDERS[line.permission or ""]
        if "unit" in line.posts:
            who = next(m for m in world.cast.values() if m.role is not None and m.role.value in may)
        else:  # what the head of a force decides
            who = somebody(world, Role(min(may)), unit_id=world.hq)
        return Asked(ask, who.headers)

    return prepare


def writes_served() -> set[str]:
    """Return the writes of the features that this is about."""
    return {
        f"{method} {path}"
        for path, route in api_routes()
        for method in route.methods or ()
        if method not in ("GET", "HEAD") and route.endpoint.__module__.startswith(FEATURES)
    }


# The units that the stores are of, and what the oracle knows how to ask for.
TRIED: dict[str, tuple[str, Callable[[httpx.Client, World], Write | Asked]]] = {
    **WRITES,
    "enter_unit": ("PUT /v1/units/{unit_id}", enter_unit),
    **{
        str(line): (line.route, of_the_oracle(line))
        for line in LINES
        if line.route in writes_served() - {address for address, _ in WRITES.values()} and not line.inside
    },
}


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
    assert writes_served() <= {address for address, _ in TRIED.values()}
    assert {address for address, _ in WRITES.values()} <= writes_served()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", TRIED)
def test_a_write_that_fails_at_the_end_leaves_nothing(faulty: Faulty, name: str, fault: str) -> None:
    prepare = TRIED[name][1]
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
