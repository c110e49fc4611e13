"""Taking one weapon on charge over HTTP: identity that may not contradict itself, and what looks alike."""

from uuid import UUID

import httpx
import pytest

from salw.core import clock
from salw.core.ids import new_id
from world import World


def put_weapon(client: httpx.Client, world: World, weapon_id: UUID | None = None, **more: object) -> httpx.Response:
    body = {
        "store": str(world.store_alpha),
        "origin": "purchase",
        "class_code": "SA-ASR",
        "marks": [{"kind": "factory_serial", "raw": f"N\u00b0 {new_id().hex[-10:]}"}],
        **more,
    }
    return client.put(f"/weapons/{weapon_id or new_id()}", json=body, headers=world["keeper"].headers)


def test_a_weapon_is_taken_on_charge_once_however_often_it_is_sent(client: httpx.Client, world: World) -> None:
    weapon_id = new_id()
    marks = [{"kind": "factory_serial", "raw": "00417 \u0411\u0412"}, {"kind": "national", "raw": "BF AT 00417"}]
    first = put_weapon(client, world, weapon_id, marks=marks, model="akm-izhevsk-su")
    assert first.status_code == 200, first.text
    assert first.json() == put_weapon(client, world, weapon_id, marks=marks, model="akm-izhevsk-su").json()
    assert (first.json()["version"], first.json()["unidentified"]) == (1, False)
    card = client.get(f"/weapons/{weapon_id}", headers=world["keeper"].headers).json()
    assert card["serial"] == "00417 \u0411\u0412"


def test_a_weapon_without_a_readable_serial_is_registered_as_unidentified(client: httpx.Client, world: World) -> None:
    marks = [{"kind": "factory_serial", "raw": "illisible"}]
    assert put_weapon(client, world, marks=marks).json()["unidentified"] is True


def test_the_class_may_not_contradict_the_model(client: httpx.Client, world: World) -> None:
    answer = put_weapon(client, world, class_code="SA-PIS", model="akm-izhevsk-su")
    assert (answer.status_code, answer.json()["code"]) == (422, "registry.class_contradicts_model")


def test_an_unknown_model_is_refused(client: httpx.Client, world: World) -> None:
    answer = put_weapon(client, world, model="no-such-model")
    assert (answer.status_code, answer.json()["code"]) == (422, "registry.unknown_model")


@pytest.mark.parametrize(
    "years",
    [{"made_year": 1990, "import_year": 1980}, {"made_year": 2099}, {"import_year": 2099}],
    ids=["imported before it was made", "made in the future", "imported in the future"],
)
def test_years_may_not_contradict_each_other_or_lie_ahead(
    client: httpx.Client, world: World, years: dict[str, int]
) -> None:
    answer = put_weapon(client, world, **years)
    assert (answer.status_code, answer.json()["code"]) == (422, "registry.years_contradict")


def test_a_mark_was_not_read_in_the_future(client: httpx.Client, world: World) -> None:
    mark = {"kind": "factory_serial", "raw": f"N\u00b0 {new_id().hex[-10:]}"}
    today = clock.now().date()
    assert put_weapon(client, world, marks=[{**mark, "seen_on": str(today)}]).status_code == 200
    answer = put_weapon(client, world, marks=[{**mark, "seen_on": "2090-01-01"}])
    assert (answer.status_code, answer.json()["code"]) == (422, "registry.seen_in_future")
    assert "01/01/2090" in answer.json()["detail"]


def test_years_that_agree_are_kept(client: httpx.Client, world: World) -> None:
    assert put_weapon(client, world, made_year=1974, import_year=clock.now().year).status_code == 200


def test_the_same_serial_in_scope_is_told_and_never_refused(
    client: httpx.Client, world: World, app_engine: object
) -> None:
    marks = [{"kind": "factory_serial", "raw": f"{new_id().hex[-9:]}"}]
    first = put_weapon(client, world, marks=marks).json()
    again = put_weapon(client, world, marks=marks)
    assert again.status_code == 200
    assert again.json()["same_serial"] == [{"weapon": first["id"], "registry_number": first["registry_number"]}]
    assert first["same_serial"] == []
    elsewhere = client.put(
        f"/weapons/{new_id()}",
        json={"store": str(world.store_bravo), "origin": "purchase", "class_code": "SA-ASR", "marks": marks},
        headers=world["keeper_bravo"].headers,
    )
    assert elsewhere.json()["same_serial"] == [], "another unit's weapons are not told of"


def test_who_may_not_register_does_not(client: httpx.Client, world: World) -> None:
    body = {"store": str(world.store_alpha), "origin": "purchase", "class_code": "SA-ASR"}
    for job in ("commander", "orderer", "auditor", "commission", "soldier"):
        answer = client.put(f"/weapons/{new_id()}", json=body, headers=world[job].headers)
        assert answer.status_code == 403, job
