"""The recipes of devices (`asks.py`): real keys, let in by the staff of the place."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from asks import Ask, Recipe, Scene, never
from devices import Device, b64, enrolled, invite, quarantine, revoke, send, vouched_body
from recipes import new_store
from salw.core.ids import new_id


def device(scene: Scene) -> Device:
    """Let a device in at the place."""
    return enrolled(scene.client, scene.there)


def device_id(scene: Scene) -> UUID:
    """Let a device in at the place; return its id."""
    return device(scene).id


def invitation(scene: Scene) -> Ask:
    """Draw a code for the store of the place."""
    body = {"store": str(scene.there.store_alpha), "name": "Téléphone d'essai"}
    return Ask("PUT", f"/device-invitations/{new_id()}", body)


def forged_enrolment(scene: Scene) -> Ask:
    """Come with a code of the place that is right, and a signature that is not."""
    invited = invite(scene.client, scene.there)
    assert invited.status_code == 200, invited.text
    newcomer = Device(scene.there.country, scene.there.store_alpha)
    body = {**newcomer.enrolment(invited.json()["qr_text"]), "signature": b64(bytes(64))}
    code = body["code"]
    return Ask("POST", "/devices", body, theirs={code: code[:3] + code[:2:-1]})


def vouched(scene: Scene) -> Ask:
    """Bring a device that one of the place vouched for."""
    old = device(scene)
    body = vouched_body(old, Device(scene.there.country, scene.there.store_alpha))
    return Ask("POST", "/devices/vouched", body, theirs=never(old.id))


def devices_of_store(scene: Scene) -> Ask:
    """List the devices of a new store of the place: there is one."""
    store = new_store(scene.there)
    found = enrolled(scene.client, scene.there, store)
    return Ask("GET", "/devices", params={"store": str(store)}, shows=(str(found.id),))


def _awaiting(scene: Scene) -> UUID:
    """Bring, as the keeper of the place, a device that another one vouched for; return its id."""
    old, newcomer = device(scene), Device(scene.there.country, scene.there.store_alpha)
    answer = scene.client.post(
        "/devices/vouched", json=vouched_body(old, newcomer), headers=scene.there["keeper"].headers
    )
    assert answer.status_code == 200, answer.text
    return newcomer.id


def _on(act: str, thing: Callable[[Scene], UUID], **said: Any) -> Recipe:
    def recipe(scene: Scene) -> Ask:
        found = thing(scene)
        return Ask("POST", f"/devices/{found}/{act}", {"id": str(new_id()), **said}, theirs=never(found))

    return recipe


confirmation = _on("confirmation", _awaiting, decision="confirm")
renewal = _on("renewal", device_id)
revocation = _on("revocation", device_id, reason="Perdu en patrouille")


def events(scene: Scene) -> Ask:
    """Bring what a device of the place recorded."""
    made_by = device(scene)
    body = {"id": str(new_id()), "events": [made_by.event()]}
    return Ask("POST", f"/devices/{made_by.id}/events", body, theirs=never(made_by.id))


def _quarantined(scene: Scene) -> tuple[Device, str]:
    """Revoke a device of the place and bring one more event of it; return the device and the event."""
    lost = device(scene)
    assert revoke(scene.client, scene.there, lost).status_code == 200
    assert send(scene.client, scene.there, lost, [lost.event()]).status_code == 200
    (line,) = quarantine(scene.client, scene.there, lost)
    return lost, line["id"]


def quarantined(scene: Scene) -> str:
    """Return an event of a device of the place that awaits a decision."""
    return _quarantined(scene)[1]


def quarantine_of_device(scene: Scene) -> Ask:
    """List what awaits a decision of a device of the place."""
    lost, event = _quarantined(scene)
    return Ask("GET", "/quarantine", params={"device": str(lost.id)}, shows=(event,))


def decision(scene: Scene) -> Ask:
    """Decide on an event of a device of the place."""
    lost, _ = _quarantined(scene)
    body = {"id": str(new_id()), "decision": "admit", "counters": [lost.counter], "reason": "Registre papier"}
    return Ask("POST", f"/quarantine/{lost.id}/decision", body, theirs=never(lost.id))
