"""What others program against: the routes of the interface, each with a permission and a description."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from oracle.table import OPEN
from salw.access.rules import PERMISSIONS, Permission
from salw.core.db import metadata
from salw.core.shapes import In
from salw.main import ENGINES, api_routes, permission_of
from service_fixtures import make_service

INTERFACE = (
    "GET /v1/weapons/{weapon_id}",
    "PUT /v1/weapons/{weapon_id}",
    "GET /v1/weapons",
    "GET /v1/weapons/{weapon_id}/history",
    "GET /v1/logs",
    "GET /v1/models",
    "POST /v1/label-batches",
    "GET /v1/label-batches/{batch_id}/sheet.pdf",
    "POST /v1/scans",
    "GET /v1/holders",
    "PUT /v1/issues/{issue_id}",
    "PUT /v1/returns/{return_id}",
    "PUT /v1/paper-books/{book_id}",
    "POST /v1/paper-books/{book_id}/void-lines",
    "GET /v1/paper-books/{book_id}",
    "GET /v1/paper-books",
    "GET /v1/paper-books/{book_id}/blank.pdf",
    "GET /v1/documents",
    "GET /v1/documents/{document_id}",
    "GET /v1/documents/{document_id}.pdf",
    "PUT /v1/transfers/{transfer_id}",
    "POST /v1/transfers/{transfer_id}/approval",
    "POST /v1/transfers/{transfer_id}/dispatch",
    "POST /v1/transfers/{transfer_id}/receipt",
    "POST /v1/transfers/{transfer_id}/cancellation",
    "GET /v1/maintenance/queue",
    "PUT /v1/maintenance/works/{work_id}",
    "PUT /v1/maintenance/findings/{finding_id}",
    "GET /v1/maintenance/findings",
    "PUT /v1/maintenance/plans/{request_id}",
    "GET /v1/maintenance/plans",
    "PUT /v1/maintenance/workshop-entries/{entry_id}",
    "PUT /v1/maintenance/workshop-exits/{exit_id}",
    "PUT /v1/maintenance/reforms/{reform_id}",
    "POST /v1/maintenance/reforms/{reform_id}/decision",
    "GET /v1/maintenance/reforms",
    "GET /v1/maintenance/reforms/{reform_id}",
    "PUT /v1/incidents/{incident_id}",
    "POST /v1/incidents/{incident_id}/outcome",
    "PUT /v1/stocktakes/{stocktake_id}",
    "POST /v1/stocktakes/{stocktake_id}/counts",
    "POST /v1/stocktakes/{stocktake_id}/closure",
    "GET /v1/summaries/cross-border",
    "POST /v1/sessions",
    "GET /v1/sessions",
    "DELETE /v1/sessions",
    "DELETE /v1/sessions/{session_id}",
    "POST /v1/me/password",
    "GET /v1/accounts",
    "PUT /v1/accounts/{account_id}",
    "POST /v1/accounts/{account_id}/disabling",
    "POST /v1/accounts/{account_id}/enabling",
    "POST /v1/accounts/{account_id}/password-reset",
    "POST /v1/accounts/{account_id}/factor-reset",
    "GET /v1/postings",
    "PUT /v1/postings/{posting_id}",
    "POST /v1/postings/{posting_id}/end",
    "PUT /v1/people/{person_id}",
    "POST /v1/people/{person_id}/versions",
    "GET /v1/units",
    "PUT /v1/units/{unit_id}",
    "PUT /v1/stores/{store_id}",
    "PUT /v1/authorisations/{request_id}",
    "POST /v1/authorisations/end",
    "GET /v1/authorisations",
    "PUT /v1/contracts/{request_id}",
    "POST /v1/contracts/end",
    "GET /v1/contracts",
    "PUT /v1/units/{unit_id}/draw-rule",
    "GET /v1/draw-rules",
    "GET /v1/draw-standings",
    "GET /v1/recalls",
    "GET /v1/overrides",
    "POST /v1/overrides/{issue_id}/acknowledgement",
    "PUT /v1/suspensions/{suspension_id}",
    "POST /v1/suspensions/{suspension_id}/end",
    "GET /v1/suspensions",
    "GET /v1/suspensions/{suspension_id}/reason",
    "PUT /v1/derogations/{derogation_id}",
    "POST /v1/derogations/{derogation_id}/revocation",
    "GET /v1/derogations",
    "GET /v1/derogations/{derogation_id}/acts",
    "PUT /v1/entitlements/{decision_id}",
    "GET /v1/entitlements",
    "GET /v1/units/{unit_id}/situation.json",
    "GET /v1/stores/{store_id}/issues.json",
    "GET /v1/stores/{store_id}/day.json",
    "GET /v1/stores/{store_id}/journal.json",
    "GET /v1/units/{unit_id}/journal.json",
    "GET /v1/people/{person_id}/held.json",
    "GET /v1/holders/{holder_id}/held.json",
    "GET /v1/stores/{store_id}/inventory.json",
    "GET /v1/handovers",
    "GET /v1/factors",
    "POST /v1/factors/totp",
    "POST /v1/factors/webauthn",
    "POST /v1/factors/{factor_id}/confirmation",
    "DELETE /v1/factors/{factor_id}",
    "POST /v1/challenges",
    "POST /v1/recovery-codes",
    "POST /v1/sessions/current/second-factor",
    "POST /v1/sessions/current/proof",
    "GET /v1/tokens",
    "PUT /v1/tokens/{token_id}",
    "DELETE /v1/tokens/{token_id}",
    "GET /v1/tokens/in-scope",
    "DELETE /v1/tokens/in-scope/{token_id}",
    "PUT /v1/device-invitations/{invitation_id}",
    "POST /v1/devices",
    "POST /v1/devices/vouched",
    "GET /v1/devices",
    "POST /v1/devices/{device_id}/confirmation",
    "POST /v1/devices/{device_id}/renewal",
    "POST /v1/devices/{device_id}/revocation",
    "POST /v1/devices/{device_id}/events",
    "GET /v1/quarantine",
    "POST /v1/quarantine/{device_id}/decision",
    "PUT /v1/erasures/{erasure_id}",
    "POST /v1/erasures/{erasure_id}/approval",
    "POST /v1/erasures/{erasure_id}/withdrawal",
    "GET /v1/erasures",
    "PUT /v1/emergency-reads/{read_id}",
    "GET /v1/emergency-reads",
    "GET /v1/emergency-reads/units",
    "POST /v1/emergency-reads/{read_id}/end",
    "POST /v1/emergency-reads/{read_id}/acknowledgement",
    "PUT /v1/forces/{code}/disclosure",
    "GET /v1/forces/{code}/disclosure",
    "GET /v1/commission/holdings",
    "GET /v1/commission/weapons",
    "GET /v1/access-attempts",
    "GET /v1/ledger/bundles",
    "GET /v1/ledger/verifier.html",
    "POST /v1/witness/add-checkpoint",
    "GET /v1/logs/{country}/{number}/checkpoint",
    "GET /v1/logs/{country}/{number}/tile/{level}/{path}",
    "GET /v1/logs/{country}/{number}/tile/entries/{path}",
    "GET /v1/logs/{country}/{number}/inclusion",
    "GET /v1/logs/{country}/{number}/consistency",
    "GET /v1/logs/{country}/{number}/proof/{event_id}",
)


def served() -> set[str]:
    return {f"{method} {path}" for path, route in api_routes() for method in route.methods or ()}


@pytest.mark.parametrize("line", INTERFACE)
def test_the_interface_is_served(line: str) -> None:
    assert line in served()


@pytest.mark.parametrize("subject", ["stocktakes/{stocktake_id}", "stores/{store_id}"])
@pytest.mark.parametrize("form", ["json", "pdf", "xlsx", "csv"])
def test_reconciliations_are_served_in_four_forms(subject: str, form: str) -> None:
    wanted = f"GET /v1/{subject}/reconciliation."
    assert wanted + form in served() or wanted + "{form}" in served()


def test_every_route_names_its_permission() -> None:
    without = {
        (method, path) for path, route in api_routes() for method in route.methods or () if permission_of(route) is None
    }
    assert {f"{method} {path}" for method, path in without} == OPEN.keys()


def test_the_gate_stands_before_all_that_a_route_asks_for() -> None:
    for path, route in api_routes():
        if permission_of(route) is None:
            continue
        found = route.dependant.dependencies
        gate = next(place for place, one in enumerate(found) if hasattr(one.call, "permission"))
        for one in found[: gate + 1]:
            # It takes the request alone: no part of the address or of the body, nothing that another one found.
            asked = [*one.path_params, *one.query_params, *one.header_params, *one.cookie_params, *one.body_params]
            assert [*asked, *one.dependencies] == [], path


def test_every_route_is_described() -> None:
    assert [path for path, route in api_routes() if not (route.description or "").strip()] == []


def test_every_permission_is_asked_for_by_some_route_and_held_by_some_role() -> None:
    asked = {permission_of(route) for _, route in api_routes()} - {None}
    held = {permission.value for permissions in PERMISSIONS.values() for permission in permissions}
    assert {permission.value for permission in Permission} == asked & held


def test_permissions_stand_in_alphabetical_order() -> None:
    names = [permission.name for permission in Permission]
    assert names == sorted(names)


def test_every_table_says_what_it_is_for() -> None:
    assert [table.name for table in metadata.sorted_tables if not table.comment] == []


def bodies() -> dict[str, dict[str, Any]]:
    """Return the schema of each request body, by route."""
    document = make_service(dict.fromkeys(ENGINES.values(), "postgresql+psycopg:///nowhere")).openapi()
    schemas = document["components"]["schemas"]
    return {
        f"{method.upper()} {path}": schemas[
            operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        ]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation and "application/json" in operation["requestBody"]["content"]
    }


def test_every_request_body_has_examples_that_it_accepts() -> None:
    found = bodies()
    assert len(found) > 20
    assert [route for route, schema in found.items() if not schema.get("examples")] == []
    models = {
        model.__name__: model
        for _, route in api_routes()
        for field in route.dependant.body_params
        if isinstance(model := field.field_info.annotation, type) and issubclass(model, In)
    }
    for route, schema in found.items():
        for example in schema["examples"]:
            try:
                models[schema["title"]].model_validate_json(json.dumps(example))
            except ValidationError as error:
                pytest.fail(f"{route}: {error}")


def test_every_route_says_what_a_problem_looks_like() -> None:
    document = make_service(dict.fromkeys(ENGINES.values(), "postgresql+psycopg:///nowhere")).openapi()
    answers = [op["responses"] for path in document["paths"].values() for op in path.values()]
    assert all("4XX" in a and "422" not in a for a in answers)
