"""What an inspector or a commission sees of the proof of the register: counts, witnesses, keys; no event."""

from datetime import datetime
from typing import Any

from fastapi import Request
from starlette.routing import NoMatchFound

from salw.access.guard import Desk
from salw.core.db import run_one
from salw.core.language import Language
from salw.ledger.notes import Verifier, read_verifier
from salw.ledger.standing import Standing, list_standings
from salw.ledger.witnessing import Witnessing
from salw.proofs.keys import fingerprint, svg

# The page that checks proofs without a network, by the name of its route.
VERIFIER = "get_verifier"


def journal(request: Request, desk: Desk, language: Language) -> dict[str, Any]:
    """Return the logs of the reader's country, the newest first, and the key of this node's witness."""
    witnessing: Witnessing = request.app.state.witnessing
    country = run_one(desk.db, "select * from country where code = %(code)s", {"code": desk.actor.country})
    standings = list_standings(desk.db, witnessing.policy)
    own = witnessing.signer.verifier if witnessing.signer is not None else None
    return {
        "country": country[f"name_{language}"] if country else desk.actor.country,
        "logs": [_log(standing, desk.now) for standing in reversed(standings)],
        "own_key": _key(own) if own is not None else None,
        "zone": desk.actor.time_zone,
        "verifier": _address_of(request, VERIFIER),
    }


def _log(standing: Standing, now: datetime) -> dict[str, Any]:
    log = standing.log
    return {
        "number": log.log_id,
        "origin": standing.origin,
        "halt": standing.halt,
        "waiting": standing.waiting_since if standing.is_late(now) and standing.halt is None else None,
        "followed_by": standing.followed_by,
        "unsealed": standing.recorded - standing.sealed,
        "states": (
            ("recorded", standing.recorded, None),
            ("sealed", standing.sealed, standing.sealed_at),
            ("witnessed", standing.witnessed, standing.witnessed_at),
        ),
        "witnesses": [
            {
                "name": w.name,
                "size": w.size,
                "signed_at": w.signed_at,
                "missing": max(0, standing.sealed - (w.size or 0)),
            }
            for w in standing.witnesses
        ],
        "keys": [_key(read_verifier(key)) for key in standing.keys],
        "checkpoint": f"/v1/logs/{log.country}/{log.log_id}/checkpoint" if standing.sealed else None,
    }


def _key(key: Verifier) -> dict[str, Any]:
    return {"name": key.name, "text": key.text, "groups": fingerprint(key.text), "symbol": svg(key.text)}


def _address_of(request: Request, name: str) -> str | None:
    try:
        return str(request.app.url_path_for(name))
    except NoMatchFound:
        return None
