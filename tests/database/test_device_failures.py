"""When the ledger or the commit fails under a write of tokens and devices, nothing is saved, and it can be repeated.

A code that was used up by a device that never came in would be one more day without a scanner.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from cluster import Run
from devices import Device, enrolled, invite, send, vouched_body
from faults import FAULTS, Faulty, faulty_service
from links import row_counts
from salw.core.db import make_engine, run
from salw.core.embedded import Cluster
from salw.core.ids import new_id
from salw.main import api_routes
from together import until_it_waits
from world import World
from writes import Write


def token(_client: httpx.Client, world: World) -> Write:
    body = {"name": "Essai", "permissions": ["weapon:read"], "days": 1}
    return Write("PUT", f"/tokens/{new_id()}", body, world["keeper"].headers)


def invitation(_client: httpx.Client, world: World) -> Write:
    body = {"store": str(world.store_alpha), "name": "Essai"}
    return Write("PUT", f"/device-invitations/{new_id()}", body, world["commander"].headers)


def enrolment(client: httpx.Client, world: World) -> Write:
    qr = invite(client, world).json()["qr_text"]
    return Write("POST", "/devices", Device(world.country, world.store_alpha).enrolment(qr), {})


def voucher(client: httpx.Client, world: World) -> Write:
    body = vouched_body(enrolled(client, world), Device(world.country, world.store_alpha))
    return Write("POST", "/devices/vouched", body, world["keeper"].headers)


def _step(world: World, device: Device, name: str, **body: object) -> Write:
    return Write("POST", f"/devices/{device.id}/{name}", {"id": str(new_id()), **body}, world["commander"].headers)


def confirmation(client: httpx.Client, world: World) -> Write:
    write = voucher(client, world)
    assert write.send(client).status_code == 200
    new = Device(world.country, world.store_alpha)
    new.id = write.body["id"]
    return _step(world, new, "confirmation", decision="confirm")


def renewal(client: httpx.Client, world: World) -> Write:
    return _step(world, enrolled(client, world), "renewal")


def revocation(client: httpx.Client, world: World) -> Write:
    return _step(world, enrolled(client, world), "revocation", reason="Perdu")


def batch(client: httpx.Client, world: World) -> Write:
    device = enrolled(client, world)
    body = {"id": str(new_id()), "events": [device.event() for _ in range(3)]}
    return Write("POST", f"/devices/{device.id}/events", body, world["keeper"].headers)


def decision(client: httpx.Client, world: World) -> Write:
    device = enrolled(client, world)
    assert revocation_of(client, world, device).status_code == 200
    send(client, world, device, [device.event()])
    body = {"id": str(new_id()), "decision": "admit", "counters": [1], "reason": "Registre papier"}
    return Write("POST", f"/quarantine/{device.id}/decision", body, world["commander"].headers)


def revocation_of(client: httpx.Client, world: World, device: Device) -> httpx.Response:
    return _step(world, device, "revocation", reason="Perdu").send(client)


WRITES: dict[str, Callable[[httpx.Client, World], Write]] = {
    "PUT /v1/tokens/{token_id}": token,
    "PUT /v1/device-invitations/{invitation_id}": invitation,
    "POST /v1/devices": enrolment,
    "POST /v1/devices/vouched": voucher,
    "POST /v1/devices/{device_id}/confirmation": confirmation,
    "POST /v1/devices/{device_id}/renewal": renewal,
    "POST /v1/devices/{device_id}/revocation": revocation,
    "POST /v1/devices/{device_id}/events": batch,
    "POST /v1/quarantine/{device_id}/decision": decision,
}
# A device that comes in has no answer kept for it: its repeat is known by its key.
KEPT = {name: [f for f in FAULTS if name != "POST /v1/devices" or f != "the_commit"] for name in WRITES}


@pytest.fixture(scope="module")
def faulty(request: pytest.FixtureRequest, cluster: Cluster, worker_id: str) -> Iterator[Faulty]:
    of: Run = request.getfixturevalue("run")
    with faulty_service(of, cluster, f"salw_{worker_id}_faulty_devices") as service:
        yield service


def test_every_write_of_tokens_and_devices_is_among_those_tried() -> None:
    known = {
        f"{method} {path}"
        for path, route in api_routes()
        for method in route.methods or ()
        # Revoking a token has no body and keeps no answer.
        if method not in ("GET", "DELETE")
        and route.endpoint.__module__.startswith(("salw.access.tokens", "salw.access.devices"))
    }
    assert known == set(WRITES)


@pytest.mark.parametrize(("name", "fault"), [(name, fault) for name in WRITES for fault in KEPT[name]])
def test_a_write_that_fails_at_the_end_leaves_nothing(faulty: Faulty, name: str, fault: str) -> None:
    write = WRITES[name](faulty.client, faulty.world)
    before = row_counts(faulty.superuser)
    faulty.switch(fault, on=True)
    try:
        answer = write.send(faulty.client)
    finally:
        faulty.switch(fault, on=False)
    assert (answer.status_code, answer.json()["code"]) == (500, "service.unexpected"), answer.text
    assert row_counts(faulty.superuser) == before
    assert write.send(faulty.client).status_code == 200
    assert row_counts(faulty.superuser) != before


def test_a_database_that_dies_while_a_device_comes_in_leaves_its_code_unused(
    client: httpx.Client, world: World, urls: Mapping[str, str]
) -> None:
    device = Device(world.country, world.store_alpha)
    body = device.enrolment(invite(client, world).json()["qr_text"])
    superuser = make_engine(urls["postgres"])
    with ThreadPoolExecutor(1) as pool, superuser.begin() as db:
        # Whoever writes a device for this store waits here, with its code used up but not committed.
        run(db, "select 1 from store where id = %(id)s for update", {"id": world.store_alpha})
        asked = pool.submit(client.post, "/devices", json=body)
        until_it_waits(urls, asked)
        run(
            db,
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and wait_event_type = 'Lock'",
        )
        answer = asked.result()
    superuser.dispose()
    assert (answer.status_code, answer.json()["code"]) == (503, "service.database_unreachable")
    assert client.post("/devices", json=body).status_code == 200
    assert client.get("/devices", headers=world["commander"].headers).json()["items"][0]["id"] == str(device.id)
