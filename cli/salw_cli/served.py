"""The service as `salw serve` runs it: the server imports this when it starts, and no other command pays for it."""

from fastapi import FastAPI

from salw.access.factors.rules import Party
from salw.core.keys import factor_key
from salw.core.settings import get_settings
from salw.core.urls import role_url
from salw.ledger.keyring import log_policy, witness_key
from salw.ledger.witnessing import Witnessing
from salw.main import ENGINES, create_app


def make() -> FastAPI:
    """Return the service on the databases, the address and the keys of the settings of this process."""
    settings = get_settings()
    party = Party(settings.own_origin, factor_key(settings))
    witnessing = Witnessing(witness_key(settings), log_policy(settings))
    return create_app({role: role_url(settings, role) for role in ENGINES.values()}, party, witnessing)
