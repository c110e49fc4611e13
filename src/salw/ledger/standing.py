"""Where each log stands: recorded, sealed, witnessed, and which witness has signed how much. Only reads.

*Recorded* is committed, *sealed* is under a checkpoint that the log signed, *witnessed* is under one that as many
witnesses signed as the policy asks for. In the scope of a country it tells of that country's logs; to the sequencer of
all.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from salw.core.db import Row, run
from salw.ledger.policy import Policy
from salw.ledger.trees import LogId

SEALED_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WitnessStanding:
    """How far one witness has signed: `size` and `signed_at` are None where it never did.

    `url` is where it is asked, None where its answers come on a stick.
    """

    name: str
    key: str
    url: str | None
    size: int | None
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Successor:
    """The log that goes on where a closed one ended; it has no `origin` until it is sealed for the first time."""

    log: LogId
    origin: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One log, in numbers of its events; 0 is none. `halt` has code, details and since where it is halted.

    `keys` are its verifier keys as text, the oldest first. `followed_by` is the log that was opened after it, None for
    the newest of its country. `waiting_since` is when the first event that is not sealed got its index; None where
    there is none, and in a log that another one followed: nothing is sealed in it any more.
    """

    log: LogId
    origin: str | None
    recorded: int
    sealed: int
    witnessed: int
    sealed_at: datetime | None
    witnessed_at: datetime | None
    witnesses: tuple[WitnessStanding, ...]
    halt: Row | None
    keys: tuple[str, ...]
    waiting_since: datetime | None
    followed_by: Successor | None

    def is_late(self, now: datetime) -> bool:
        """Say whether events wait to be sealed for longer than a busy second explains: without a key, or a signer."""
        return self.waiting_since is not None and now - self.waiting_since > SEALED_WITHIN


# What waits for its index is recorded too: it will be in the newest log of its country. Every maximum is the end of an
# index. One statement, so that no number is of another moment than the next.
_LOGS = """
select g.country, g.id, g.origin, c.size as sealed, c.signed_at as sealed_at, w.size as witnessed,
       w.reached_at as witnessed_at, h.code, h.details, h.since, s.names, s.sizes, s.times,
       coalesce(next.first_idx, leaves.next_idx) - g.first_idx
           + case when next.first_idx is null
                  then (select count(*) from event_queue q where q.country = g.country) else 0 end as recorded,
       (select l.sequenced_at from leaf l where l.country = g.country and l.log_id = g.id and next.first_idx is null
           and l.idx = g.first_idx + coalesce(c.size, 0)) as waiting_since,
       next.id as next_id, next.origin as next_origin,
       (select array_agg(k.key order by k.added_at, k.key) from log_key k
         where k.country = g.country and k.log_id = g.id) as keys
  from log g
  left join log next on next.country = g.country and next.id = g.id + 1
  cross join lateral (select coalesce((select idx + 1 from leaf l where l.country = g.country
                                        order by idx desc limit 1), 0) as next_idx) as leaves
  left join lateral (select size, signed_at from checkpoint c where c.country = g.country and c.log_id = g.id
                      order by size desc limit 1) as c on true
  left join lateral (select size, reached_at from witnessed w where w.country = g.country and w.log_id = g.id
                      order by size desc limit 1) as w on true
  left join sealing_halt h on h.country = g.country and h.log_id = g.id
  cross join lateral (
      select array_agg(w.key) as names, array_agg(c.size) as sizes, array_agg(c.cosigned_at) as times
        from unnest(%(witnesses)s::text[]) as w (key)
        cross join lateral (select size, cosigned_at from cosignature c
                             where c.country = g.country and c.log_id = g.id and c.witness = w.key
                             order by size desc limit 1) as c
  ) as s
 order by g.country, g.id
"""


def list_standings(db: Connection, policy: Policy) -> list[Standing]:
    """Return every log that is seen, the oldest of each country first, each with all witnesses of `policy`."""
    rows = run(db, _LOGS, {"witnesses": [witness.key.text for witness in policy.witnesses]})
    return [_standing(row, policy) for row in rows]


def _standing(row: Row, policy: Policy) -> Standing:
    signed = dict(zip(row["names"] or (), zip(row["sizes"] or (), row["times"] or (), strict=True), strict=True))
    halt = {name: row[name] for name in ("code", "details", "since")} if row["code"] is not None else None
    return Standing(
        log=LogId(row["country"], row["id"]),
        origin=row["origin"],
        recorded=max(0, row["recorded"]),
        sealed=row["sealed"] or 0,
        witnessed=row["witnessed"] or 0,
        sealed_at=row["sealed_at"],
        witnessed_at=row["witnessed_at"],
        witnesses=tuple(
            WitnessStanding(w.name, w.key.text, w.url, *signed.get(w.key.text, (None, None))) for w in policy.witnesses
        ),
        halt=halt,
        keys=tuple(row["keys"] or ()),
        waiting_since=row["waiting_since"],
        followed_by=Successor(LogId(row["country"], row["next_id"]), row["next_origin"]) if row["next_id"] else None,
    )
