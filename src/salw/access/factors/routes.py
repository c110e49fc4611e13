"""`/v1/factors`, `/v1/challenges`, `/v1/recovery-codes`, and the two ways to prove who one is."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from salw.access.factors import queries, schemas
from salw.access.factors.operations import challenges, enrolment, proving, recovery
from salw.access.factors.operations.enrolment import Enrolled
from salw.access.factors.rules import Party, Purpose
from salw.access.factors.schemas import ConfirmedOut, FactorsOut, RecoveryCodesOut
from salw.access.guard import Desk, hand_over, requires
from salw.access.operations.sessions import OpenSession
from salw.access.routes.sessions import opened
from salw.access.rules import Permission
from salw.access.schemas import SessionOut
from salw.core.errors import Conflict

router = APIRouter(tags=["second factor"])

OWN = Permission.SESSION_OWN


def party_of(request: Request) -> Party:
    """Return this service as authenticators know it."""
    party: Party = request.app.state.party
    return party


OurParty = Annotated[Party, Depends(party_of)]


@router.get("/factors")
def get_factors(desk: Desk = requires(OWN)) -> FactorsOut:
    """List one's own second factors."""
    return FactorsOut(
        factors=[schemas.FactorOut(**row) for row in queries.list_factors(desk.db, desk.actor)],
        recovery_codes_left=queries.count_recovery_codes(desk.db, desk.actor),
    )


@router.post("/factors/totp")
def post_totp(body: schemas.TotpIn, party: OurParty, desk: Desk = requires(OWN)) -> schemas.TotpOut:
    """Begin with a generator of one-time codes; it counts once `…/confirmation` has had a code of it.

    The id is the client's; until it is confirmed a repeat shows the same secret. The first factor is enrolled after
    the password alone, every further one needs a fresh proof.
    """
    _check_may_change(desk)
    made = enrolment.begin_totp(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        is_full=desk.credential.is_full,
        party=party,
        factor_id=body.id,
        name=body.name,
    )
    return schemas.TotpOut(id=body.id, secret=made.secret, uri=made.uri, qr_svg=schemas.qr_svg(made.uri))


@router.post("/factors/{factor_id}/confirmation")
def post_confirmation(
    factor_id: UUID,
    body: schemas.FactorConfirmationIn,
    request: Request,
    response: Response,
    party: OurParty,
    desk: Desk = requires(OWN),
) -> ConfirmedOut:
    """Confirm a generator by its first code. With the first factor come recovery codes, shown this once."""
    _check_may_change(desk)
    enrolled = enrolment.confirm_totp(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        is_full=desk.credential.is_full,
        party=party,
        factor_id=factor_id,
        digits=body.code,
    )
    return _confirmed(factor_id, enrolled, request, response)


@router.post("/factors/webauthn")
def post_key(
    body: schemas.KeyIn, request: Request, response: Response, party: OurParty, desk: Desk = requires(OWN)
) -> ConfirmedOut:
    """Add the passkey or security key that was made for an enrolment challenge.

    The challenge serves once, so a repeat is refused; `GET /v1/factors` says whether the key is there.
    """
    _check_may_change(desk)
    made = schemas.attestation_of(body)
    challenge = challenges.take_challenge(
        desk.db, actor=desk.actor, now=desk.now, challenge_id=made.challenge_id, purpose=Purpose.ENROLMENT
    )
    desk.keep()
    enrolled = enrolment.add_key(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        is_full=desk.credential.is_full,
        party=party,
        factor_id=body.id,
        name=body.name,
        made=made,
        challenge=challenge,
    )
    return _confirmed(body.id, enrolled, request, response)


@router.delete("/factors/{factor_id}", status_code=204)
def delete_factor(factor_id: UUID, desk: Desk = requires(OWN)) -> None:
    """Take away one of one's own factors, after a fresh proof; the last one stays. Repeatable."""
    desk.require_proof()
    enrolment.remove_factor(desk.db, actor=desk.actor, now=desk.now, session_id=desk.credential.id, factor_id=factor_id)


@router.post("/recovery-codes")
def post_recovery_codes(desk: Desk = requires(OWN)) -> RecoveryCodesOut:
    """Make ten new recovery codes in the place of the old ones, after a fresh proof. Shown this once."""
    desk.require_proof()
    codes = recovery.renew_codes(desk.db, actor=desk.actor, now=desk.now)
    return RecoveryCodesOut(recovery_codes=codes)


@router.post("/challenges")
def post_challenge(body: schemas.ChallengeIn, party: OurParty, desk: Desk = requires(OWN)) -> schemas.ChallengeOut:
    """Ask for the options of a passkey or security key. They serve once, for this purpose, within five minutes."""
    if body.purpose is Purpose.ENROLMENT:
        _check_may_change(desk)
    elif body.purpose is Purpose.SECOND_FACTOR:
        _check_half(desk)
    else:
        desk.require_session()
        desk.require_full()
    given = challenges.give_challenge(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        is_full=desk.credential.is_full,
        party=party,
        purpose=body.purpose,
    )
    return schemas.ChallengeOut(id=given.id, expires_at=given.expires_at, options=given.options)


@router.post("/sessions/current/second-factor")
def post_second_factor(
    body: schemas.SecondFactorIn, request: Request, response: Response, party: OurParty, desk: Desk = requires(OWN)
) -> SessionOut:
    """Finish a log-in: half a session ends, and a full one begins under a new token."""
    _check_half(desk)
    given = schemas.given_of(body)
    challenge = proving.begin_second_factor(desk.db, actor=desk.actor, now=desk.now, given=given)
    desk.keep()
    session = proving.prove_second_factor(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        party=party,
        given=given,
        challenge=challenge,
    )
    return _handed_over(request, response, session)


@router.post("/sessions/current/proof")
def post_proof(
    body: schemas.ProofIn, request: Request, response: Response, party: OurParty, desk: Desk = requires(OWN)
) -> SessionOut:
    """Prove again who one is; the session goes on under a new token, until the same moment."""
    desk.require_session()
    desk.require_full()
    given = schemas.given_of(body)
    challenge = proving.begin_proof(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        password=body.password,
        given=given,
    )
    desk.keep()
    session = proving.prove_again(
        desk.db,
        actor=desk.actor,
        now=desk.now,
        session_id=desk.credential.id,
        party=party,
        password=body.password,
        given=given,
        challenge=challenge,
    )
    return _handed_over(request, response, session)


def _check_may_change(desk: Desk) -> None:
    """Ask who is inside for a fresh proof before he changes what lets him in; half a session is judged later."""
    desk.require_session()
    if desk.credential.is_full:
        desk.require_proof()


def _check_half(desk: Desk) -> None:
    desk.require_session()
    if desk.credential.is_full:
        raise Conflict("session.full_already")


def _confirmed(factor_id: UUID, enrolled: Enrolled, request: Request, response: Response) -> ConfirmedOut:
    session = None if enrolled.session is None else _handed_over(request, response, enrolled.session)
    return ConfirmedOut(id=factor_id, recovery_codes=enrolled.recovery_codes, session=session)


def _handed_over(request: Request, response: Response, session: OpenSession) -> SessionOut:
    hand_over(request, response, session)
    return opened(session)
