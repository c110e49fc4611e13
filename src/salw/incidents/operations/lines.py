"""Drawing on a loss by count: what is itemised or withdrawn leaves less of it open, never below zero."""

from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import Row, run_one
from salw.core.errors import Conflict, NotFound

_OPEN = "quantity - itemised - withdrawn"
_THE_LINE = "country = %(country)s and id = %(line)s and incident_id = %(incident)s"
_DRAW: dict[str, str] = {
    column: f"""
        with drawn as (
            update loss_line set {column} = {column} + %(count)s where {_THE_LINE} and {_OPEN} >= %(count)s
            returning country, id, model_code, class_code, {_OPEN} as left_open
        ), entered as (
            insert into loss_line_entry (country, loss_line_id, event_id, quantity)
            select country, id, %(event)s, -%(count)s from drawn
        )
        select model_code, class_code, left_open from drawn
        """
    for column in ("itemised", "withdrawn")
}
_LOOK = f"select {_OPEN} as left_open from loss_line where {_THE_LINE}"


def draw_on_line(
    db: Connection,
    actor: Actor,
    *,
    incident_id: UUID,
    loss_line_id: UUID,
    use: Literal["itemised", "withdrawn"],
    count: int,
    event_id: UUID,
) -> Row:
    """Take `count` off what a line leaves open, and return it (`model_code, class_code, left_open`).

    `event_id` is the event that will say so, appended by the caller in the same transaction. Raises
    `incident.no_such_line`, `incident.line_exceeded`.
    """
    values = {
        "country": actor.country,
        "incident": incident_id,
        "line": loss_line_id,
        "count": count,
        "event": event_id,
    }
    row = run_one(db, _DRAW[use], values)
    if row is not None:
        return row
    left = run_one(db, _LOOK, values)
    if left is None:
        raise NotFound("incident.no_such_line", loss_line=str(loss_line_id))
    raise Conflict("incident.line_exceeded", loss_line=str(loss_line_id), open=left["left_open"], named=count)
