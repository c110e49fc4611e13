"""Every route against its own OpenAPI document: whatever is sent, never a 5xx, always the promised shape."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.cookiejar import DefaultCookiePolicy

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi.checks import response_schema_conformance
from sqlalchemy import Engine

from oracle.table import OPEN
from salw.access.operations.organisation import post_person
from salw.access.rules import Role
from salw.core import clock
from salw.core.db import run
from salw.core.ids import new_id
from salw.main import ENGINES
from service_fixtures import make_service
from world import World, build_world


@pytest.fixture(scope="module", autouse=True)
def forgotten_attempts(owner_engine: Engine) -> Iterator[None]:
    """Forget the log-ins that were made up here: other tests come from the same address."""
    yield
    with owner_engine.begin() as db:
        run(db, "set local role salw_owner")
        run(db, "delete from attempt_count")


@pytest.fixture(scope="module")
def line() -> Iterator[requests.Session]:
    """Return one connection for thousands of requests, which takes nothing from the environment and no cookie."""
    with requests.Session() as line:
        line.trust_env = False
        line.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        yield line


@pytest.fixture(scope="module")
def busy_world(app_engine: object) -> World:
    """Return a world whose storekeeper holds every role, so that requests come past the gate."""
    world = build_world(app_engine)  # type: ignore[arg-type]  # the fixture's engine
    now = clock.now()
    with world.transaction() as db:
        for role in Role:
            post_person(
                db,
                actor=replace(world.founder, units=world.units),
                now=now,
                posting_id=new_id(),
                person_id=world["keeper"].person_id,
                unit_id=world.root,
                role=role,
                started_on=date(2020, 1, 1),
            )
    world.register(5)
    return world


# The document needs no database: engines connect at their first use.
schema = schemathesis.openapi.from_dict(
    make_service(dict.fromkeys(ENGINES.values(), "postgresql+psycopg:///nowhere")).openapi()
)


# What a log publishes is for anybody.
HANDED_OUT = {route.removeprefix("GET ") for route in OPEN if route.startswith("GET ")}


@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_breaks_the_service_and_none_without_a_session_is_heard(
    case: schemathesis.Case, service: str, busy_world: World, line: requests.Session
) -> None:
    # What is drawn is sent twice, first by nobody. The hundred limits of a body's fields are all one to the gate, which
    # stands before all that a route asks for (`test_routes.py`): who has a session sends those alone.
    if case.meta is None or case.meta.phase.name is not TestPhase.COVERAGE:
        heard = case.call(base_url=service, session=line)
        if case.path not in {"/healthz", "/readyz", "/v1/sessions"} | HANDED_OUT:
            # What a form of another site could have sent is refused before anybody is asked for.
            strange = heard.status_code == 403 and heard.json()["code"] == "request.wrong_origin"
            assert strange or heard.status_code in {400, 401, 405, 422}, (case.path, heard.status_code)
    case.call_and_validate(
        base_url=service,
        session=line,
        headers=busy_world["keeper"].headers,
        checks=[not_a_server_error, response_schema_conformance],
    )
