"""How devices come in by a supervisor's one-time code, are listed, renewed and revoked."""

import base64
import hashlib
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ec import SECP256K1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from PIL import Image, ImageDraw
from sqlalchemy import Engine

from devices import (
    Device,
    act,
    b64,
    enrolled,
    invite,
    let_pass,
    listed,
    revoke,
    send,
    told_of,
)
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw_labels import LabelError, parse_scanned
from together import at_once
from world import World

NEW_WORLD = Callable[[str], World]


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def come_in(client: httpx.Client, world: World, qr: str, device: Device | None = None) -> httpx.Response:
    device = device or Device(world.country, world.store_alpha)
    return client.post("/devices", json=device.enrolment(qr))


def test_a_device_comes_in_by_the_code_of_a_supervisor(client: httpx.Client, world: World) -> None:
    invited = invite(client, world, days=7).json()
    device = Device(world.country, world.store_alpha)
    certificate = come_in(client, world, invited["qr_text"], device).json()
    assert (certificate["device"], certificate["store"]) == (str(device.id), str(world.store_alpha))
    assert (certificate["state"], certificate["country"]) == ("in_force", "BF")
    begun, until = (datetime.fromisoformat(certificate[n]) for n in ("valid_from", "valid_until"))
    assert until - begun == timedelta(days=7)
    line = listed(client, world, device)
    assert (line["enrolled_by"], line["vouched_by"]) == (str(world["commander"].person_id), None)


def test_the_event_of_an_enrolment_names_the_supervisor_the_key_and_no_code(client: httpx.Client, world: World) -> None:
    device = enrolled(client, world)
    (facts,) = told_of(world, "device.enrolled", device)
    assert facts["key"] == device.key_hash
    assert set(facts) == {"device", "store", "unit", "key", "invitation", "valid_until"}


def test_the_qr_symbol_says_the_text_and_is_never_taken_for_a_label(client: httpx.Client, world: World) -> None:
    invited = invite(client, world).json()
    assert read_svg(invited["qr_svg"]) == invited["qr_text"]
    with pytest.raises(LabelError):
        parse_scanned(invited["qr_text"])
    answer = client.post("/scans", json={"code": invited["qr_text"]}, headers=world["keeper"].headers)
    assert code(answer) == (404, "scan.unknown")


def read_svg(svg: str) -> str:
    """Draw the squares of an SVG path, and read them as a camera would."""
    (size,) = {float(x) for x in re.findall(r'viewBox="0 0 ([0-9.]+) ', svg)}
    scale = 10
    image = Image.new("L", (int(size * scale),) * 2, 255)
    draw = ImageDraw.Draw(image)
    for x, y, right in re.findall(r"M([0-9.]+),([0-9.]+)H([0-9.]+)V", svg):
        left, top, side = float(x) * scale, float(y) * scale, (float(right) - float(x)) * scale
        draw.rectangle((left, top, left + side - 1, top + side - 1), fill=0)
    kept_image = io.BytesIO()
    image.save(kept_image, "PNG")
    return str(zxingcpp.read_barcodes(Image.open(kept_image))[0].text)


def test_a_code_is_long_and_shown_once_and_only_its_hash_is_kept(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    invitation_id = new_id()
    body = {"store": str(world.store_alpha), "name": "Essai"}
    first, again = (
        client.put(f"/device-invitations/{invitation_id}", json=body, headers=world["commander"].headers).json()
        for _ in range(2)
    )
    secret = first["code"].partition(".")[2]
    assert len(base64.b32decode(secret)) * 8 >= 128
    assert again == {**first, "code": None, "qr_text": None, "qr_svg": None}
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(db, "select code_hash from device_invitation where id = %(id)s", {"id": invitation_id})
        leaks = run(
            db,
            "select id from answer where position(%(s)s in content::text) > 0 "
            "union all select id from event where position(%(s)s::bytea in canonical) > 0",
            {"s": secret},
        )
    assert bytes(rows[0]["code_hash"]) == hashlib.sha256(secret.encode()).digest()
    assert leaks == []


def test_a_code_lets_one_device_in(client: httpx.Client, world: World) -> None:
    qr = invite(client, world).json()["qr_text"]
    assert come_in(client, world, qr).status_code == 200
    assert code(come_in(client, world, qr)) == (401, "device.code_refused")


def test_of_devices_that_come_at_once_with_one_code_one_gets_in(client: httpx.Client, world: World) -> None:
    qr = invite(client, world).json()["qr_text"]
    candidates = [Device(world.country, world.store_alpha) for _ in range(6)]
    found = at_once(*[partial(come_in, client, world, qr, d) for d in candidates])
    assert sorted(a.status_code for a in found) == [200, *[401] * 5]
    lines = client.get("/devices", headers=world["commander"].headers).json()["items"]
    assert len(lines) == 1


def test_a_device_whose_reply_was_lost_asks_again_and_gets_the_same(client: httpx.Client, world: World) -> None:
    qr = invite(client, world).json()["qr_text"]
    device = Device(world.country, world.store_alpha)
    first, again = come_in(client, world, qr, device), come_in(client, world, qr, device)
    assert (first.status_code, first.json()) == (200, again.json())
    assert len(told_of(world, "device.enrolled", device)) == 1


def test_the_same_device_twice_at_once_comes_in_once(client: httpx.Client, world: World) -> None:
    qr = invite(client, world).json()["qr_text"]
    device = Device(world.country, world.store_alpha)
    found = at_once(*[lambda: come_in(client, world, qr, device)] * 4)
    assert [a.status_code for a in found] == [200] * 4
    assert len(told_of(world, "device.enrolled", device)) == 1


def test_a_code_opens_nothing_after_ten_minutes(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    invited = invite(client, world).json()
    left = datetime.fromisoformat(invited["expires_at"]) - clock.now()
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update device_invitation set created_at = created_at - interval '10 minutes', "
            "expires_at = expires_at - interval '10 minutes' where id = %(id)s",
            {"id": invited["id"]},
        )
    assert code(come_in(client, world, invited["qr_text"])) == (401, "device.code_refused")


@pytest.mark.parametrize(
    "wrong", ["another code", "another country", "no country", "another store", "another key", "no signature", "DER"]
)
def test_whatever_is_wrong_has_one_answer_and_uses_no_code_up(client: httpx.Client, world: World, wrong: str) -> None:
    qr = invite(client, world).json()["qr_text"]
    device = Device(world.country, world.store_alpha)
    body = device.enrolment(qr)
    other = Device(world.country, world.store_alpha)
    changed = {
        "another code": {"code": "BF." + "A" * 32},
        "another country": {"code": body["code"].replace("BF", "ML")},
        "no country": {"code": body["code"].partition(".")[2]},
        "another store": device.enrolment(qr.replace(str(world.store_alpha).upper(), str(world.store_bravo).upper())),
        "another key": {"public_key": b64(other.spki)},
        "no signature": {"signature": b64(bytes(64))},
        "DER": {"signature": b64(b"\x30\x44" + base64.b64decode(body["signature"]))},
    }[wrong]
    answer = client.post("/devices", json={**body, **changed})
    right = client.post("/devices", json={**body, "code": "BF." + "B" * 32})
    told, expected = ({**a.json(), "request_id": ""} for a in (answer, right))
    assert (answer.status_code, told) == (401, expected)
    assert come_in(client, world, qr, device).status_code == 200


def test_a_signature_for_one_code_does_not_open_another(client: httpx.Client, world: World) -> None:
    first, second = (invite(client, world).json() for _ in range(2))
    body = Device(world.country, world.store_alpha).enrolment(first["qr_text"])
    assert client.post("/devices", json={**body, "code": second["code"]}).status_code == 401


def _spki(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _off_the_curve() -> bytes:
    spki = bytearray(Device("BF", new_id()).spki)
    spki[-1] ^= 1
    return bytes(spki)


def _compressed() -> bytes:
    point = Device("BF", new_id()).key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    return head + point


KEYS: dict[str, Callable[[], bytes]] = {
    "another curve": lambda: _spki(generate_private_key(SECP384R1())),
    "the curve of coins": lambda: _spki(generate_private_key(SECP256K1())),
    "another kind": lambda: _spki(Ed25519PrivateKey.generate()),
    "a point off the curve": _off_the_curve,
    "a compressed point": _compressed,
    "the private half": lambda: Device("BF", new_id()).key.private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    ),
    "more after it": lambda: Device("BF", new_id()).spki + b"\x00",
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_that_is_no_public_p_256_key_is_refused_whatever_the_code(
    client: httpx.Client, world: World, kind: str
) -> None:
    qr = invite(client, world).json()["qr_text"]
    body = {**Device(world.country, world.store_alpha).enrolment(qr), "public_key": b64(KEYS[kind]())}
    answer, blind = client.post("/devices", json=body), client.post("/devices", json={**body, "code": "BF.X"})
    assert code(answer) == code(blind) == (422, "device.key_unsuitable")
    assert body["public_key"] not in answer.text or kind == "nothing"


def test_a_key_or_an_id_that_is_known_lets_nobody_in_and_uses_no_code_up(client: httpx.Client, world: World) -> None:
    known = enrolled(client, world)
    qr = invite(client, world).json()["qr_text"]
    same_key = Device(world.country, world.store_alpha, key=known.key)
    same_id = Device(world.country, world.store_alpha, id=known.id)
    assert code(come_in(client, world, qr, same_key)) == (401, "device.code_refused")
    assert code(come_in(client, world, qr, same_id)) == (401, "device.code_refused")
    assert come_in(client, world, qr).status_code == 200


@pytest.mark.parametrize("job", ["keeper", "armourer", "auditor", "orderer", "administrator", "soldier"])
def test_only_a_commander_or_an_accountant_lets_devices_in(client: httpx.Client, world: World, job: str) -> None:
    assert code(invite(client, world, job)) == (403, "access.not_permitted")


def test_nobody_lets_a_device_into_a_store_outside_his_scope(
    client: httpx.Client, world: World, new_world: NEW_WORLD
) -> None:
    answer = invite(client, world, "commander", store=str(world.store_bravo))
    assert code(answer) == (404, "store.not_found")
    foreign = new_world("ML")
    answer = invite(client, world, "commander", store=str(foreign.store_alpha))
    assert code(answer) == (404, "store.not_found")
    assert invite(client, world, "accountant", store=str(world.store_bravo)).status_code == 200


def test_a_supervisor_whose_account_is_closed_lets_nobody_in(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    qr = invite(client, world).json()["qr_text"]
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(
            db,
            "update account set disabled_at = %(now)s where id = %(id)s",
            {"now": clock.now(), "id": world["commander"].account_id},
        )
    assert code(come_in(client, world, qr)) == (401, "device.code_refused")


def test_devices_are_listed_within_the_scope(client: httpx.Client, world: World, new_world: NEW_WORLD) -> None:
    alpha, bravo = enrolled(client, world), enrolled(client, world, world.store_bravo)

    def seen(job: str, by: World = world, **params: str) -> set[str]:
        answer = client.get("/devices", params=params, headers=by[job].headers)
        return {line["id"] for line in answer.json()["items"]}

    assert seen("keeper") == seen("commander") == {str(alpha.id)}
    assert seen("commander_hq") == seen("auditor") == {str(alpha.id), str(bravo.id)}
    assert seen("auditor", store=str(world.store_bravo)) == {str(bravo.id)}
    assert seen("commander_hq", new_world("ML")) == set()
    assert code(client.get("/devices", headers=world["administrator"].headers)) == (403, "access.not_permitted")


def test_the_list_of_devices_comes_in_pages(client: httpx.Client, world: World) -> None:
    made = {str(enrolled(client, world).id) for _ in range(3)}
    found, cursor = set(), None
    while True:
        params = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = client.get("/devices", params=params, headers=world["commander"].headers).json()
        found |= {line["id"] for line in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == made


def test_a_device_expires_by_the_clock_of_the_server_and_is_renewed_by_a_supervisor(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    device = enrolled(client, world)
    let_pass(owner_engine, device, days=30)
    assert listed(client, world, device)["state"] == "expired"
    answer = act(client, world, device, "renewal", days=10)
    assert (answer.status_code, answer.json()["state"]) == (200, "in_force")
    assert code(act(client, world, device, "renewal", "keeper", days=10)) == (403, "access.not_permitted")
    assert act(client, world, device, "renewal", days=31).status_code == 422


def test_a_revoked_device_stays_in_the_list_and_is_not_renewed(client: httpx.Client, world: World) -> None:
    device = enrolled(client, world)
    send(client, world, device, [device.event() for _ in range(3)])
    answer = revoke(client, world, device)
    assert (answer.status_code, answer.json()["highest_counter"]) == (200, 3)
    line = listed(client, world, device)
    assert (line["state"], line["counter_when_revoked"]) == ("revoked", 3)
    assert code(act(client, world, device, "renewal")) == (409, "device.ended")
    assert code(revoke(client, world, device)) == (409, "device.ended")


def test_a_revocation_that_is_repeated_gets_the_first_answer(client: httpx.Client, world: World) -> None:
    device, revocation = enrolled(client, world), {"id": str(new_id()), "reason": "Perdu"}
    path = f"/devices/{device.id}/revocation"
    first, again = (client.post(path, json=revocation, headers=world["commander"].headers) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert len(told_of(world, "device.revoked", device)) == 1


def test_the_reason_of_a_revocation_can_be_erased(client: httpx.Client, world: World, owner_engine: Engine) -> None:
    device = enrolled(client, world)
    revoke(client, world, device)
    (facts,) = told_of(world, "device.revoked", device)
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        rows = run(
            db,
            "select v.value, v.commitment from device d join personal_value v on (v.country, v.id) = "
            "(d.country, d.reason_id) where d.id = %(id)s",
            {"id": device.id},
        )
    assert [(r["value"], bytes(r["commitment"]).hex()) for r in rows] == [
        ({"reason": "Perdu en patrouille"}, facts["reason"])
    ]


@pytest.mark.parametrize("what", ["revocation", "renewal", "confirmation"])
def test_no_supervisor_elsewhere_touches_a_device(
    client: httpx.Client, world: World, new_world: NEW_WORLD, what: str
) -> None:
    device = enrolled(client, world, world.store_bravo)
    body = {
        "revocation": {"reason": "Perdu"},
        "renewal": {},
        "confirmation": {"decision": "confirm"},
    }[what]
    assert code(act(client, world, device, what, "commander", **body)) == (404, "device.not_found")
    for country in ("BF", "ML"):
        answer = act(client, new_world(country), device, what, "commander_hq", **body)
        assert code(answer) == (404, "device.not_found")
    assert code(act(client, world, device, what, "keeper_bravo", **body)) == (403, "access.not_permitted")
