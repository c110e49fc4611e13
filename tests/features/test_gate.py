"""The gate of every route: one round trip finds the session, checks the permission and sets the scope."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from salw.access.guard import begin
from salw.access.rules import PERMISSIONS, Permission, Role
from salw.core import clock, db
from salw.core.errors import Refused
from world import World


class Watched:
    """A cursor of the driver that notes what it executes; the driver's own takes no other `execute`."""

    def __init__(self, cursor: Any, statements: list[str]) -> None:
        self.cursor = cursor
        self.statements = statements

    def execute(self, sql: str, parameters: Any = None) -> Any:
        """Note the statement and execute it."""
        self.statements.append(sql)
        return self.cursor.execute(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the statements that our own code sends to the driver from now on."""
    statements: list[str] = []
    cursor_of = db._driver_cursor  # the one place through which every statement goes
    monkeypatch.setattr(db, "_driver_cursor", lambda connection: Watched(cursor_of(connection), statements))
    return statements


@pytest.mark.parametrize("permission", list(Permission), ids=str)
def test_a_permission_is_checked_in_the_round_trip_that_finds_the_session(
    app_engine: Engine, world: World, sent: list[str], permission: Permission
) -> None:
    for job in ("commander", "auditor", "commission", "soldier"):
        sent.clear()
        role = world[job].role
        with app_engine.connect() as connection:
            may = permission is Permission.SESSION_OWN or (role is not None and permission in PERMISSIONS[Role(role)])
            if may:
                assert begin(connection, world[job].token, clock.now(), permission, "fr").actor.country == "BF"
            else:
                with pytest.raises(Refused):
                    begin(connection, world[job].token, clock.now(), permission, "fr")
        assert len(sent) == 1, (job, sent)


def test_a_proof_that_has_aged_is_seen_in_the_same_round_trip(
    app_engine: Engine, world: World, sent: list[str]
) -> None:
    later = clock.now() + timedelta(minutes=11)
    sent.clear()
    with app_engine.connect() as connection, pytest.raises(Refused) as refused:
        begin(connection, world["commander"].token, later, Permission.INCIDENT_OPEN, "fr")
    assert refused.value.code == "session.proof_required"
    assert len(sent) == 1
