"""Switching publication on for a force, and publishing a quarter."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from salw.core.actor import Actor
from salw.core.db import run, run_one
from salw.core.errors import Conflict, NotFound
from salw.ledger import operations as ledger
from salw.ledger.events import make_event
from salw.summaries.rules import Detail, Quarter, check_begun, quarter_of


def set_publication(db: Connection, *, actor: Actor, now: datetime, force_code: str, detail: Detail) -> None:
    """Say how much of a force is published from now on; an event in the ledger, unless nothing changes.

    The commission decides this and the force what it shows, each in its own time: switched on for a force that shows
    nothing, it waits without effect until the force shows its counts. Raises `summary.force_not_found`. What was
    published stays, until the quarter is published again.
    """
    place = {"country": actor.country, "force": force_code}
    known = run_one(
        db,
        """
        select coalesce(s.detail, 'off') as detail
          from force f left join publication_setting s on (s.country, s.force_code) = (f.country, f.code)
         where f.country = %(country)s and f.code = %(force)s
        """,
        place,
    )
    if known is None:
        raise NotFound("summary.force_not_found", force=force_code)
    if known["detail"] == detail.value:
        return
    facts = {"force": force_code, "detail": detail.value, "before": known["detail"]}
    event = make_event(actor, "publication.set", now, facts=facts)
    ledger.append(db, country=actor.country, events=[event])
    run(
        db,
        """
        insert into publication_setting (country, force_code, detail, event_id)
        values (%(country)s, %(force)s, %(detail)s, %(event)s)
        on conflict on constraint pk_publication_setting do update
           set (detail, event_id) = (excluded.detail, excluded.event_id)
        """,
        {**place, "detail": detail.value, "event": event.id},
    )


def publish_quarter(db: Connection, *, actor: Actor, now: datetime, release_id: UUID, quarter: Quarter) -> int:
    """Publish a quarter of the actor's country, as `salw_publisher`, and return the number of the release.

    What goes out of a force is at most what it shows its commission at this moment: `publish_release` (0021) looks
    that up, and leaves out the forces that show nothing. While the quarter runs the release is provisional and shows
    custody at this moment. Afterwards it shows custody at the last log index sealed in it (`log_size`), losses and
    recoveries of the quarter, and marking and labels as they are on the day of publication, because their past is
    not kept by state. Raises `summary.quarter_ahead`, `summary.nothing_switched_on`, `summary.nothing_shown`.
    """
    check_begun(quarter, now, actor.time_zone)
    since, until = quarter.bounds(actor.time_zone)
    values = {
        "id": release_id,
        "quarter": str(quarter),
        "since": since,
        "until": until,
        "over": quarter != quarter_of(now, actor.time_zone),
    }
    release = run(db, "select * from publish_release(%(id)s, %(quarter)s, %(since)s, %(until)s, %(over)s)", values)[0]
    if release["number"] is None:
        raise Conflict("summary.nothing_shown" if release["left_out"] else "summary.nothing_switched_on")
    facts = {
        "release": str(release_id),
        "quarter": str(quarter),
        "number": release["number"],
        "provisional": release["provisional"],
        "log_size": release["log_size"],
        "left_out": release["left_out"],
    }
    ledger.append(db, country=actor.country, events=[make_event(actor, "quarter.published", now, facts=facts)])
    return int(release["number"])
