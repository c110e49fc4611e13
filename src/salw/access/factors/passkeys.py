"""Passkeys and security keys (WebAuthn level 2): what a browser is asked for, and whether the answer is right. Pure.

Everything that is wrong raises one error, `WrongKeyError`: whoever sent it learns nothing from its words.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    bytes_to_base64url,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
    parse_attestation_object,
    parse_client_data_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from salw.access.factors.rules import CHALLENGE_LASTS, ISSUER, Assertion, Attestation, Party

_TIMEOUT_MS = int(CHALLENGE_LASTS.total_seconds() * 1000)
# What the library and what lies under it raise on bytes that somebody made up.
_WRONG = (
    WebAuthnException,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
)
_CREDENTIAL_ID_MOST = 1_023  # WebAuthn level 2, 4


class WrongKeyError(Exception):
    """An answer of an authenticator that is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key on an authenticator: its identifier, its public half (COSE), its counter."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Proven:
    """A right assertion: the counter of the key, and whether it asked its owner for a PIN or a finger."""

    sign_count: int
    user_verified: bool


def creation_options(
    party: Party, *, account_id: UUID, label: str, challenge: bytes, known: Sequence[bytes]
) -> dict[str, Any]:
    """Return the options of a new key as JSON for the browser; a device that holds one of `known` makes no other."""
    return options_to_json_dict(
        generate_registration_options(
            rp_id=party.id,
            rp_name=ISSUER,
            user_id=account_id.bytes,
            user_name=label,
            challenge=challenge,
            timeout=_TIMEOUT_MS,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=c) for c in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
        )
    )


def request_options(party: Party, *, challenge: bytes, known: Sequence[bytes]) -> dict[str, Any]:
    """Return the options of an assertion by one of the keys `known`, as JSON for the browser."""
    return options_to_json_dict(
        generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=_TIMEOUT_MS,
            allow_credentials=[PublicKeyCredentialDescriptor(id=c) for c in known],
            user_verification=UserVerificationRequirement.PREFERRED,
        )
    )


def check_new_key(party: Party, challenge: bytes, made: Attestation) -> Key:
    """Return the key that an authenticator made for this challenge, origin and domain. Raises `WrongKeyError`."""
    with _one_error():
        _check_own_frame(made.client_data)
        attested = parse_attestation_object(made.attestation)
        # We ask for no attestation. What browsers then send is none, or the key's signature over itself; the other
        # formats are chains of certificates that we have no roots for.
        if attested.fmt not in (AttestationFormat.NONE, AttestationFormat.PACKED) or attested.att_stmt.x5c:
            raise WrongKeyError
        data = attested.auth_data.attested_credential_data
        if data is None or len(data.credential_id) > _CREDENTIAL_ID_MOST:
            raise WrongKeyError
        verified = verify_registration_response(
            credential=RegistrationCredential(
                id=bytes_to_base64url(data.credential_id),
                raw_id=data.credential_id,
                response=AuthenticatorAttestationResponse(made.client_data, made.attestation),
            ),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
        # A key that cannot be read would let nobody in again: it is read once now.
        decoded_public_key_to_cryptography(decode_credential_public_key(verified.credential_public_key))
        return Key(verified.credential_id, verified.credential_public_key, verified.sign_count)


def check_assertion(party: Party, challenge: bytes, key: Key, given: Assertion) -> Proven:
    """Return what an assertion of `key` for this challenge proves. Raises `WrongKeyError`.

    A key whose counter does not grow was copied, and is wrong.
    """
    with _one_error():
        _check_own_frame(given.client_data)
        verified = verify_authentication_response(
            credential=AuthenticationCredential(
                id=bytes_to_base64url(given.credential_id),
                raw_id=given.credential_id,
                response=AuthenticatorAssertionResponse(given.client_data, given.authenticator_data, given.signature),
            ),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
        )
        return Proven(verified.new_sign_count, verified.user_verified)


def _check_own_frame(client_data: bytes) -> None:
    """Refuse an answer made inside another site's page; the library leaves this to its user."""
    if parse_client_data_json(client_data).cross_origin:
        raise WrongKeyError


@contextmanager
def _one_error() -> Iterator[None]:
    try:
        yield
    except _WRONG:
        raise WrongKeyError from None
