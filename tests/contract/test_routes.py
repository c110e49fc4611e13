"""What others program against: the routes of the interface, each with a permission and a description."""

import pytest

from salw.access.rules import PERMISSIONS, Permission
from salw.core.db import metadata
from salw.main import api_routes, permission_of

OPEN = {("POST", "/v1/sessions")}

INTERFACE = (
    "GET /v1/weapons/{weapon_id}",
    "PUT /v1/weapons/{weapon_id}",
    "GET /v1/weapons",
    "GET /v1/weapons/{weapon_id}/history",
    "GET /v1/models",
    "POST /v1/label-batches",
    "GET /v1/label-batches/{batch_id}/sheet.pdf",
    "POST /v1/scans",
    "PUT /v1/issues/{issue_id}",
    "PUT /v1/returns/{return_id}",
    "PUT /v1/transfers/{transfer_id}",
    "POST /v1/transfers/{transfer_id}/approval",
    "POST /v1/transfers/{transfer_id}/dispatch",
    "POST /v1/transfers/{transfer_id}/receipt",
    "POST /v1/transfers/{transfer_id}/cancellation",
    "PUT /v1/incidents/{incident_id}",
    "POST /v1/incidents/{incident_id}/outcome",
    "PUT /v1/stocktakes/{stocktake_id}",
    "POST /v1/stocktakes/{stocktake_id}/counts",
    "POST /v1/stocktakes/{stocktake_id}/closure",
    "GET /v1/summaries/cross-border",
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
    assert without == OPEN


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
