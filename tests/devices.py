"""A device as it stands in an armoury: a real P-256 key, a counter, and the bytes that it makes and signs."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from salw.core.db import Row, run
from salw.core.ids import new_id
from world import World

Event = dict[str, Any]


def b64(raw: bytes) -> str:
    """Return bytes as the interface carries them."""
    return base64.b64encode(raw).decode()


@dataclass
class Device:
    """What a telephone does by itself. Canonical bytes are made by somebody else's library, as a browser would."""

    country: str
    store: UUID
    id: UUID = field(default_factory=new_id)
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    counter: int = 0

    @property
    def spki(self) -> bytes:
        """Return the public half, as WebCrypto exports it."""
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def key_hash(self) -> str:
        """Return the hash by which statements name the key."""
        return hashlib.sha256(self.spki).hexdigest()

    def sign(self, told: bytes) -> bytes:
        """Return r and s, as WebCrypto gives them."""
        r, s = decode_dss_signature(self.key.sign(told, ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def enrolment(self, qr_text: str) -> dict[str, Any]:
        """Return the body that enrols it, from what its camera read."""
        prefix, version, code, store = qr_text.split(":")
        assert (prefix, version) == ("SALW-DEVICE", "1")
        country, _, secret = code.partition(".")
        told = rfc8785.dumps(
            {
                "schema": 1,
                "kind": "device.enrolment",
                "country": country,
                "device": str(self.id),
                "store": store.lower(),
                "code": hashlib.sha256(secret.encode()).hexdigest(),
                "key": self.key_hash,
            }
        )
        return {"id": str(self.id), "code": code, "public_key": b64(self.spki), "signature": b64(self.sign(told))}

    def told(self, counter: int, kind: str = "weapon.seen", **more: Any) -> bytes:
        """Return the canonical bytes of an event."""
        return rfc8785.dumps(
            {
                "schema": 1,
                "country": self.country,
                "device": str(self.id),
                "counter": counter,
                "kind": kind,
                "at": "2026-11-26T08:00:00Z",
                "facts": more,
            }
        )

    def signed(self, counter: int, told: bytes) -> Event:
        """Return bytes with a signature over them, as a batch carries them."""
        return {"counter": counter, "bytes": b64(told), "signature": b64(self.sign(told))}

    def event(self, kind: str = "weapon.seen", **facts: Any) -> Event:
        """Record one event under the next counter."""
        self.counter += 1
        return self.signed(self.counter, self.told(self.counter, kind, **facts))

    def vouch(self, other: "Device", **changed: Any) -> Event:
        """Vouch for another device: an event like any other."""
        facts = {"device": str(other.id), "store": str(other.store), "key": other.key_hash, **changed}
        return self.event("device.voucher", **facts)


def invite(client: httpx.Client, world: World, job: str = "commander", **body: Any) -> httpx.Response:
    """Ask for a one-time code."""
    body = {"store": str(world.store_alpha), "name": "Téléphone d'essai", **body}
    return client.put(f"/device-invitations/{new_id()}", json=body, headers=world[job].headers)


def enrolled(client: httpx.Client, world: World, store: UUID | None = None, job: str = "commander_hq") -> Device:
    """Return a device that came in by its code."""
    store = store or world.store_alpha
    invited = invite(client, world, job, store=str(store))
    assert invited.status_code == 200, invited.text
    device = Device(world.country, store)
    answer = client.post("/devices", json=device.enrolment(invited.json()["qr_text"]))
    assert answer.status_code == 200, answer.text
    return device


def send(
    client: httpx.Client, world: World, device: Device, events: list[Event], job: str = "keeper", **body: Any
) -> httpx.Response:
    """Bring what a device recorded."""
    body = {"id": str(new_id()), "events": events, **body}
    return client.post(f"/devices/{device.id}/events", json=body, headers=world[job].headers)


def answers(response: httpx.Response) -> list[tuple[int, str, str | None]]:
    """Return the answers of a batch."""
    assert response.status_code == 200, response.text
    return [(a["counter"], a["state"], a["reason"]) for a in response.json()["answers"]]


def vouched_body(old: Device, new: Device, **changed: Any) -> dict[str, Any]:
    """Return the body that brings a device which another one vouched for."""
    voucher = old.vouch(new)
    told = base64.b64decode(voucher["bytes"])
    return {
        "id": str(new.id),
        "name": "Second téléphone d'essai",
        "public_key": b64(new.spki),
        "signature": b64(new.sign(told)),
        "voucher": {"device": str(old.id), **voucher},
        **changed,
    }


def act(
    client: httpx.Client, world: World, device: Device, act: str, job: str = "commander", **body: Any
) -> httpx.Response:
    """Do something with a device: revocation, renewal, confirmation."""
    body = {"id": str(new_id()), **body}
    return client.post(f"/devices/{device.id}/{act}", json=body, headers=world[job].headers)


def revoke(client: httpx.Client, world: World, device: Device, job: str = "commander") -> httpx.Response:
    """Revoke a device that was lost."""
    return act(client, world, device, "revocation", job, reason="Perdu en patrouille")


def decide(
    client: httpx.Client, world: World, device: Device, counters: list[int], job: str = "commander", **body: Any
) -> httpx.Response:
    """Decide on what lies in quarantine."""
    body = {"id": str(new_id()), "decision": "admit", "counters": counters, "reason": "Registre papier", **body}
    return client.post(f"/quarantine/{device.id}/decision", json=body, headers=world[job].headers)


def quarantine(client: httpx.Client, world: World, device: Device, job: str = "commander") -> list[dict[str, Any]]:
    """Return what of a device awaits a decision."""
    answer = client.get("/quarantine", params={"device": str(device.id)}, headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def listed(client: httpx.Client, world: World, device: Device, job: str = "commander") -> dict[str, Any]:
    """Return the line of a device in the list."""
    answer = client.get("/devices", params={"limit": 200}, headers=world[job].headers)
    assert answer.status_code == 200, answer.text
    (line,) = [x for x in answer.json()["items"] if x["id"] == str(device.id)]
    return dict(line)


def kept(world: World, device: Device) -> list[Row]:
    """Return what is kept of a device, in the order of its counter."""
    with world.transaction() as db:
        return run(
            db,
            "select counter, bytes, signature, state, reason from device_event where device_id = %(id)s "
            "order by counter, reported_at, id",
            {"id": device.id},
        )


def told_of(world: World, kind: str, device: Device) -> list[dict[str, Any]]:
    """Return the facts of the ledger events of a kind on a device."""
    with world.transaction() as db:
        rows = run(db, "select canonical from event where kind = %(kind)s order by recorded_at, id", {"kind": kind})
    facts = [json.loads(bytes(row["canonical"]))["facts"] for row in rows]
    return [f for f in facts if f.get("device") == str(device.id)]


def let_pass(owner_engine: Any, device: Device, *, days: int) -> None:
    """Move a device's time in force into the past, as if so many days had gone by."""
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update device set valid_from = valid_from - %(by)s, valid_until = valid_until - %(by)s where id = %(id)s",
            {"by": timedelta(days=days), "id": device.id},
        )
