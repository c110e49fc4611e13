"""What a client is told when something is wrong: problem+json, a stable code, a text in its language."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy import Engine, create_engine

from salw.core.db import run
from salw.core.edge import BODY_SIZE_MAX
from salw.core.ids import new_id
from service_fixtures import make_service
from world import World


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, object] = answer.json()
    assert (answer.status_code, content["status"], content["code"]) == (status, status, code)
    assert content["request_id"] == answer.headers["x-request-id"]
    assert content["detail"] != code, "the code has no text"
    return content


def test_an_unknown_address_is_a_problem_like_any_other(client: httpx.Client) -> None:
    problem(client.get("/nothing-here"), 404, "request.no_such_address")


def test_a_wrong_method_is_a_problem_like_any_other(client: httpx.Client) -> None:
    assert "GET" in client.put("/me").headers["allow"]
    problem(client.put("/me"), 405, "request.wrong_method")


def test_a_body_that_is_not_json_names_the_place(client: httpx.Client, world: World) -> None:
    answer = client.put(
        f"/issues/{new_id()}",
        content=b'{"store": ',
        headers={**world["keeper"].headers, "Content-Type": "application/json"},
    )
    assert problem(answer, 422, "request.malformed")["errors"]


def test_an_unknown_field_is_refused_because_a_misspelt_field_is_a_fact_lost(
    client: httpx.Client, world: World
) -> None:
    body = {"store": str(world.store_alpha), "weapons": [{"weapon": str(new_id()), "version": 1}], "ocurred_at": 1}
    answer = client.put(f"/returns/{new_id()}", json=body, headers=world["keeper"].headers)
    said = problem(answer, 422, "request.malformed")
    assert "body.ocurred_at" in {error["field"] for error in said["errors"]}  # type: ignore[attr-defined]
    assert "body.ocurred_at" in str(said["detail"])


def test_a_character_that_no_text_can_hold_is_refused(client: httpx.Client, world: World) -> None:
    (weapon,) = world.register()
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}],
        "order": {"reference": "a\x00b"},
    }
    answer = client.put(f"/issues/{new_id()}", json=body, headers=world["keeper"].headers)
    problem(answer, 422, "request.unacceptable_value")


def test_a_body_over_the_limit_is_refused(client: httpx.Client, world: World) -> None:
    answer = client.put(
        f"/issues/{new_id()}",
        content=b"[" + b" " * BODY_SIZE_MAX + b"]",
        headers={**world["keeper"].headers, "Content-Type": "application/json"},
    )
    assert "1 Mo au plus" in str(problem(answer, 413, "request.too_large")["detail"])


@pytest.mark.parametrize(("asked", "language"), [("fr-ML,en;q=0.5", "fr"), ("en-GB", "en"), ("", "fr"), ("ha", "fr")])
def test_the_text_is_in_the_readers_language(client: httpx.Client, asked: str, language: str) -> None:
    answer = client.get("/me", headers={"Accept-Language": asked})
    assert answer.headers["content-language"] == language
    french = client.get("/me", headers={"Accept-Language": "fr"}).json()["detail"]
    assert (answer.json()["detail"] == french) == (language == "fr")


def test_who_is_not_logged_in_is_told_how(client: httpx.Client) -> None:
    answer = client.get("/me")
    problem(answer, 401, "session.required")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["bf.", "xx.forged", "bf." + "a" * 43, "ml." + "a" * 43, "\u00e9"])
def test_a_made_up_token_opens_nothing(client: httpx.Client, token: str) -> None:
    answer = client.get("/me", headers={"Authorization": f"Bearer {token}".encode()})
    problem(answer, 401, "session.required")


def test_a_token_does_not_work_in_another_country(client: httpx.Client, world: World) -> None:
    secret = world["keeper"].token.split(".", 1)[1]
    answer = client.get("/me", headers={"Authorization": f"Bearer ml.{secret}"})
    problem(answer, 401, "session.required")


def test_who_waits_too_long_for_a_lock_is_told_to_try_again(
    client: httpx.Client, world: World, owner_engine: Engine
) -> None:
    (weapon,) = world.register()
    body = {
        "store": str(world.store_alpha),
        "to": {"person": str(world["soldier"].person_id)},
        "weapons": [{"weapon": str(weapon.weapon_id), "version": 1}],
    }
    request, headers = f"/issues/{new_id()}", world["keeper"].headers
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "select 1 from document_counter where office_unit_id = %(hq)s for update", {"hq": world.hq})
        problem(client.put(request, json=body, headers=headers), 409, "request.try_again")
    assert client.put(request, json=body, headers=headers).status_code == 200


def test_the_unexpected_is_answered_like_anything_else(urls: Mapping[str, str]) -> None:
    app = make_service(urls)

    def break_down() -> None:
        raise RuntimeError("nobody thought of this")

    app.add_api_route("/breaks", break_down)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get("/breaks")

    answer = asyncio.run(ask())
    problem(answer, 500, "service.unexpected")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "nobody thought" not in answer.text


def test_where_no_connection_is_free_the_service_says_that_it_is_busy(urls: Mapping[str, str]) -> None:
    app = make_service(urls)
    app.state.engines["app"] = create_engine(urls["salw_app"], pool_size=1, max_overflow=0, pool_timeout=0.1)

    async def ask(path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get(path, headers={"Authorization": "Bearer bf.x"})

    with app.state.engines["app"].connect():
        problem(asyncio.run(ask("/v1/me")), 503, "service.busy")
        assert asyncio.run(ask("/readyz")).status_code == 503
    problem(asyncio.run(ask("/v1/me")), 401, "session.required")
    for engine in app.state.engines.values():
        engine.dispose()


def test_what_is_wrong_with_a_field_is_said_in_the_readers_language(client: httpx.Client, world: World) -> None:
    def said(language: str) -> set[str]:
        body = {"store": "armurerie", "weapons": []}
        answer = client.put(
            f"/returns/{new_id()}", json=body, headers={**world["keeper"].headers, "Accept-Language": language}
        )
        return {error["message"] for error in answer.json()["errors"]}

    assert said("fr") == {"Un identifiant (UUID) est attendu", "Au moins 1 élément"}
    assert said("en") == {"An identifier (UUID) is expected", "At least 1 item"}


def test_what_a_validator_of_ours_refuses_is_said_in_the_readers_language(client: httpx.Client, world: World) -> None:
    def said(body: dict[str, object], language: str) -> list[str]:
        headers = {**world["keeper"].headers, "Accept-Language": language}
        answer = client.put(f"/issues/{new_id()}", json=body, headers=headers)
        return [error["message"] for error in problem(answer, 422, "request.malformed")["errors"]]  # type: ignore[attr-defined]

    issue: dict[str, object] = {
        "store": str(world.store_alpha),
        "to": {},
        "weapons": [{"weapon": str(new_id()), "version": 1}],
    }
    assert said(issue, "fr") == ["Donner soit une personne, soit un détenteur"]
    assert said(issue, "en") == ["Give either a person or a holder"]


def test_the_values_that_a_field_may_have_are_listed_in_the_readers_language(
    client: httpx.Client, world: World
) -> None:
    def said(language: str) -> str:
        body = {"counts": [{"id": str(new_id()), "method": "guess", "counted_at": "2026-11-22T06:45:00Z"}]}
        headers = {**world["keeper"].headers, "Accept-Language": language}
        answer = client.post(f"/stocktakes/{new_id()}/counts", json=body, headers=headers)
        return str(answer.json()["errors"][0]["message"])

    assert said("fr") == "Valeurs possibles\u00a0: 'scan', 'typed' ou 'unreadable'"
    assert said("en").endswith("'scan', 'typed' or 'unreadable'")
