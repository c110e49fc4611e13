"""What the routes of second factors take and give."""

import base64
from datetime import datetime
from typing import Annotated, Any, overload
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from qrcode import QRCode
from qrcode.image.svg import SvgPathImage

from salw.access.factors import rules
from salw.access.factors.rules import Assertion, Attestation, Given, OneTimeCode, Purpose
from salw.access.schemas import SessionOut
from salw.core.shapes import In, Out, Said, example

# base64url without padding, as `PublicKeyCredential.toJSON()` writes bytes.
_BASE64URL = "^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?$"
Base64Url = Annotated[str, Field(pattern=_BASE64URL, min_length=2, max_length=4_000)]
# People write a code as their phone shows it: in two threes.
Code = Annotated[str, Field(pattern="^[0-9]{3} ?[0-9]{3}$"), AfterValidator(lambda code: code.replace(" ", ""))]
RecoveryCode = Annotated[str, Field(min_length=1, max_length=40)]
Name = Annotated[Said, Field(max_length=60)]

_SOME_ID = "01937a3e-5d1c-7c3a-9d7e-2f4b8a6c1e05"
_SOME_BYTES = "oWpHh0m3Q9y1bZk2r7dUew"


class TotpIn(In):
    """A generator of one-time codes to be added; the name is what its owner calls it."""

    model_config = example(id=_SOME_ID, name="Téléphone de service")

    id: UUID
    name: Name


class TotpOut(Out):
    """The secret of a generator, to be typed or read from the QR symbol; it counts once a code has confirmed it."""

    id: UUID
    secret: str
    uri: str
    qr_svg: str


class FactorConfirmationIn(In):
    """The code that a new generator shows now."""

    model_config = example(code="492 039")

    code: Code


class ChallengeIn(In):
    """What the challenge is for: a new key, the second step of a log-in, or a fresh proof."""

    model_config = example(purpose="second_factor")

    purpose: Purpose


class ChallengeOut(Out):
    """Options for `navigator.credentials.create` (enrolment) or `.get`, as JSON; they serve once and for minutes."""

    id: UUID
    expires_at: datetime
    options: dict[str, Any]


class KeyIn(In):
    """A passkey or security key just made by the browser for an enrolment challenge."""

    model_config = example(
        id=_SOME_ID, name="Clé de sécurité", challenge=_SOME_ID, client_data=_SOME_BYTES, attestation=_SOME_BYTES
    )

    id: UUID
    name: Name
    challenge: UUID
    client_data: Base64Url
    attestation: Annotated[Base64Url, Field(max_length=20_000)]


class AssertionIn(In):
    """What the browser brought back from a passkey or security key for a challenge."""

    challenge: UUID
    credential: Base64Url
    client_data: Base64Url
    authenticator_data: Base64Url
    signature: Base64Url


class SecondFactorIn(In):
    """The second step of a log-in: one of the three."""

    model_config = example(code="492039")

    code: Code | None = None
    recovery_code: RecoveryCode | None = None
    assertion: AssertionIn | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecondFactorIn":
        if [self.code, self.recovery_code, self.assertion].count(None) != 2:
            raise ValueError("Give one of: code, recovery code, assertion")
        return self


class ProofIn(In):
    """A fresh proof: the password with a code, or a passkey or security key alone."""

    model_config = example(password="quatre mots que je retiens", code="492039")  # noqa: S106 - nobody's

    password: Annotated[str, Field(max_length=1_000)] | None = None
    code: Code | None = None
    recovery_code: RecoveryCode | None = None
    assertion: AssertionIn | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> "ProofIn":
        if [self.code, self.recovery_code, self.assertion].count(None) < 2:
            raise ValueError("Give one of: code, recovery code, assertion")
        return self


class FactorOut(Out):
    """A second factor; one that is not confirmed yet proves nothing."""

    id: UUID
    kind: str
    name: str
    created_at: datetime
    confirmed_at: datetime | None


class FactorsOut(Out):
    """One's own second factors and how many recovery codes are left."""

    factors: list[FactorOut]
    recovery_codes_left: int


class ConfirmedOut(Out):
    """A second factor that counts from now on.

    With the first one come ten recovery codes, shown this once; a session that waited for it goes on under the
    new token given here.
    """

    id: UUID
    recovery_codes: list[str]
    session: SessionOut | None


class RecoveryCodesOut(Out):
    """Ten new recovery codes, shown this once; those of before open nothing any more."""

    recovery_codes: list[str]


@overload
def given_of(body: SecondFactorIn) -> Given: ...


@overload
def given_of(body: ProofIn) -> Given | None: ...


def given_of(body: SecondFactorIn | ProofIn) -> Given | None:
    """Return what was given as a second factor; None where a proof came with the password alone."""
    if body.assertion is not None:
        a = body.assertion
        return Assertion(
            challenge_id=a.challenge,
            credential_id=_bytes(a.credential),
            client_data=_bytes(a.client_data),
            authenticator_data=_bytes(a.authenticator_data),
            signature=_bytes(a.signature),
        )
    if body.recovery_code is not None:
        return rules.RecoveryCode(body.recovery_code)
    return OneTimeCode(body.code) if body.code is not None else None


def attestation_of(body: KeyIn) -> Attestation:
    """Return what an authenticator made."""
    return Attestation(body.challenge, _bytes(body.client_data), _bytes(body.attestation))


def qr_svg(uri: str) -> str:
    """Return the QR symbol of an address, to be read by a phone from the page."""
    symbol = QRCode(image_factory=SvgPathImage, border=4)
    symbol.add_data(uri)
    return str(symbol.make_image().to_string(encoding="unicode"))


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
