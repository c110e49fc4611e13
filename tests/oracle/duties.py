"""The oracle: derogations, and reading outside one's scope in an emergency."""

import access_recipes
from asks import listing, reading
from oracle.table import (
    ABROAD,
    ANSWERS,
    ANYWHERE,
    AUTHORITIES,
    COUNTRY,
    DEROGATION,
    EMERGENCY,
    EMPTY,
    FORCE,
    HOLDERS,
    SISTER,
    UNIT,
    Line,
)

# A derogation comes from above the unit: nobody grants his own one, or ends it.
_NOT_FROM_ABOVE = dict.fromkeys(AUTHORITIES, "403 derogation.not_from_above")
_ABOVE = ("force", "state")

_revocation = access_recipes.act_on("/derogations/{}/revocation", access_recipes.derogation)

LINES: tuple[Line, ...] = (
    # --- derogations
    Line(
        "PUT /v1/derogations/{derogation_id}",
        "derogation:grant",
        access_recipes.grant_derogation,
        UNIT,
        posts=_ABOVE,
    ),
    Line(
        "PUT /v1/derogations/{derogation_id}",
        "derogation:grant",
        access_recipes.grant_derogation,
        UNIT,
        about="to oneself",
        inside=_NOT_FROM_ABOVE,
        posts=("unit",),
    ),
    Line(
        "POST /v1/derogations/{derogation_id}/revocation",
        "derogation:grant",
        _revocation,
        DEROGATION,
        posts=_ABOVE,
    ),
    Line(
        "POST /v1/derogations/{derogation_id}/revocation",
        "derogation:grant",
        _revocation,
        DEROGATION,
        about="of one's own unit",
        inside=_NOT_FROM_ABOVE,
        posts=("unit",),
    ),
    Line("GET /v1/derogations", "derogation:read", listing("/derogations", access_recipes.derogation), EMPTY),
    Line(
        "GET /v1/derogations/{derogation_id}/acts",
        "derogation:read",
        reading("/derogations/{}/acts", access_recipes.derogation),
        DEROGATION,
    ),
    # --- emergency reads
    # The other way round: what is in one's scope needs none, and what is not may be read, in one's own country.
    Line(
        "PUT /v1/emergency-reads/{read_id}",
        "emergency:open",
        access_recipes.open_emergency_read,
        {SISTER: ANSWERS, FORCE: ANSWERS, ABROAD: UNIT},
        inside=dict.fromkeys(HOLDERS["emergency:open"], "emergency.already_in_scope"),
    ),
    # Whoever has the unit that is read in scope is told.
    Line("GET /v1/emergency-reads", "emergency:read", access_recipes.emergency_reads, EMPTY),
    # Who knows the whole name of a unit of his country may name it.
    Line(
        "GET /v1/emergency-reads/units",
        "emergency:read",
        access_recipes.named_unit,
        EMPTY,
        reach=COUNTRY,
    ),
    Line(
        "POST /v1/emergency-reads/{read_id}/acknowledgement",
        "emergency:acknowledge",
        lambda scene: access_recipes.of_read("acknowledgement", scene),
        EMERGENCY,
    ),
    Line("POST /v1/emergency-reads/{read_id}/end", "emergency:end", access_recipes.end_own_read, ANYWHERE),
    Line(
        "POST /v1/emergency-reads/{read_id}/end",
        "emergency:end",
        lambda scene: access_recipes.of_read("end", scene),
        EMERGENCY,
        about="of theirs",
        personal=True,
    ),
)
