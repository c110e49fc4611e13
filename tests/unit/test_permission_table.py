"""Who may do what, against the frozen copy in the documents, and the lines that no change may cross."""

from pathlib import Path

from salw.access.permission_table import permission_table
from salw.access.rules import PERMISSIONS, Permission, Role

FROZEN = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
_P = Permission

# What moves a weapon from one holder to another, or changes who answers for it.
CUSTODY = {
    _P.ASSIGNMENT_RECORD,
    _P.DISPOSAL_APPROVE,
    _P.DISPOSAL_PROPOSE,
    _P.ISSUE_RECORD,
    _P.RELIEF_RECORD,
    _P.RETURN_RECORD,
    _P.TRANSFER_APPROVE,
    _P.TRANSFER_CANCEL,
    _P.TRANSFER_DISPATCH,
    _P.TRANSFER_ORDER,
    _P.TRANSFER_RECEIVE,
    _P.WEAPON_REGISTER,
}
OF_WEAPONS = {p for p in _P if p.split(":")[0] in {"weapon", "scan", "transfer", "stocktake", "incident", "disposal"}}


def test_the_table_in_the_documents_is_the_one_in_force() -> None:
    assert FROZEN.read_text("utf-8") == permission_table(), (
        "the permissions have changed: if that is meant, python -m salw.access.permission_table > docs/permissions.md"
    )


def test_every_role_stands_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Role)


def test_an_inspector_writes_checks_and_never_custody() -> None:
    assert not PERMISSIONS[Role.AUDITOR] & CUSTODY
    assert {_P.STOCKTAKE_OPEN, _P.STOCKTAKE_COUNT, _P.STOCKTAKE_CLOSE} <= PERMISSIONS[Role.AUDITOR]
    assert not {p for p in PERMISSIONS[Role.AUDITOR] if p.startswith("incident:")} - {_P.INCIDENT_READ}


def test_an_administrator_sees_no_weapons_and_oversight_only_what_is_published() -> None:
    for role in (Role.ADMINISTRATOR, Role.OVERSIGHT, Role.COMMISSION_READER, Role.COMMISSION_OFFICER):
        assert not PERMISSIONS[role] & (CUSTODY | OF_WEAPONS), role
    assert PERMISSIONS[Role.OVERSIGHT] == {_P.SESSION_OWN}


def test_who_keeps_the_books_never_issues_and_who_orders_never_keeps() -> None:
    keeping = {_P.ISSUE_RECORD, _P.RETURN_RECORD, _P.TRANSFER_DISPATCH, _P.TRANSFER_RECEIVE}
    assert [role for role in Role if keeping & PERMISSIONS[role]] == [Role.STOREKEEPER]
    assert [role for role in Role if _P.TRANSFER_ORDER in PERMISSIONS[role]] == [Role.ORDERING_AUTHORITY]
    assert not PERMISSIONS[Role.STOREKEEPER] & {_P.TRANSFER_ORDER, _P.TRANSFER_APPROVE, _P.STOCKTAKE_CLOSE}
