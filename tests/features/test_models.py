"""The model catalogue over HTTP."""

import httpx
import pytest

from salw.registry.classification import CLASSES, ClassCode
from world import World


def models(client: httpx.Client, world: World, job: str = "keeper", **query: object) -> httpx.Response:
    return client.get("/models", params={k: str(v) for k, v in query.items()}, headers=world[job].headers)


def test_the_whole_catalogue_can_be_paged_through(client: httpx.Client, world: World) -> None:
    codes: list[str] = []
    cursor = ""
    while True:
        page = models(client, world, limit=40, cursor=cursor).json()
        codes += [item["code"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(codes) >= 100
    assert codes == sorted(set(codes))


@pytest.mark.parametrize("cursor", ["\x00", "!", "é", "AAAA", "a", "YWttLWl6aGV2c2stc3U!"])
def test_a_cursor_that_no_page_gave_is_refused(client: httpx.Client, world: World, cursor: str) -> None:
    answer = models(client, world, cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (422, "page.bad_cursor")


@pytest.mark.parametrize("typed", ["akm", "AKM", "a k-m", "АКМ"])
def test_a_model_is_found_by_a_part_of_its_name_however_typed(client: httpx.Client, world: World, typed: str) -> None:
    found = models(client, world, q=typed).json()["items"]
    assert any(item["name"].startswith("AKM") for item in found)


def test_a_model_is_found_by_an_alias(client: httpx.Client, world: World) -> None:
    aliased = next(i for i in models(client, world, limit=200).json()["items"] if i["aliases"])
    found = models(client, world, q=aliased["aliases"][0], limit=200).json()["items"]
    assert aliased["code"] in {item["code"] for item in found}


def test_models_of_one_class(client: httpx.Client, world: World) -> None:
    found = models(client, world, **{"class": "LW-MOR"}).json()["items"]
    assert {item["class_code"] for item in found} == {"LW-MOR"}


def test_a_mortar_of_82_mm_is_a_light_weapon_and_for_the_un_register_artillery(
    client: httpx.Client, world: World
) -> None:
    found = models(client, world, **{"class": "LW-MOR"}).json()["items"]
    mortar = next(item for item in found if item["calibre_mm"] and float(item["calibre_mm"]) == 82)
    assert mortar["un1997"]["code"] == "mortars_below_100_mm"
    assert mortar["unroca"]["code"] == "category_iii"


def test_the_names_of_classes_are_those_of_the_reader(client: httpx.Client, world: World) -> None:
    french = models(client, world, q="akm").json()["items"][0]
    english = models(client, world, q="akm", language="en").json()["items"][0]
    names = CLASSES[ClassCode(french["class_code"])].name
    assert (french["class_name"], english["class_name"]) == (names.fr, names.en)


@pytest.mark.parametrize("query", [{"limit": 201}, {"limit": 0}, {"class": "XX-YYY"}, {"cursor": "é"}])
def test_what_cannot_be_is_refused(client: httpx.Client, world: World, query: dict[str, object]) -> None:
    assert models(client, world, **query).status_code == 422


def test_who_has_no_permission_sees_no_catalogue(client: httpx.Client, world: World) -> None:
    assert models(client, world, job="administrator").status_code == 403
    assert models(client, world, job="commission").status_code == 200
    assert client.get("/models").status_code == 401
