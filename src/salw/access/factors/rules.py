"""What a second factor is: one-time codes, recovery codes, challenges, and how their secrets are sealed. Pure."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyotp import TOTP

ISSUER = "salw"

# What ordinary applications on phones know: 30 seconds, six digits, SHA-1 (RFC 6238; ASVS 5.0, 6.5.5).
STEP_SECONDS = 30
# A phone's clock may be a step early or late, and a person types slowly.
WINDOW = 1
TOTP_SECRET_BYTES = 20

RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits: a plain hash of it is not guessed back
CHALLENGE_BYTES = 32
CHALLENGE_LASTS = timedelta(minutes=5)
# Each further factor is one more code that a guess may hit, and nobody carries that many devices.
FACTORS_MAX = 8

NONCE_BYTES = 12  # what AES-GCM takes
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, as on the labels: no letter looks like a digit
_AS_READ = str.maketrans({"O": "0", "I": "1", "L": "1"})


class Purpose(StrEnum):
    """What a challenge was given for; it serves nothing else. The values are stored and never renamed."""

    ENROLMENT = "enrolment"
    PROOF = "proof"
    SECOND_FACTOR = "second_factor"


@dataclass(frozen=True, slots=True)
class Party:
    """The service as authenticators know it: the origin of its pages, and the key that seals secrets at rest."""

    origin: str
    key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The domain that passkeys are bound to (WebAuthn: rpId)."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class OneTimeCode:
    """Six digits that a generator shows."""

    digits: str


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """A code from the paper, as it was typed."""

    typed: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a browser brought back from `navigator.credentials.get` for a challenge."""

    challenge_id: UUID
    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Attestation:
    """What a browser brought back from `navigator.credentials.create` for a challenge."""

    challenge_id: UUID
    client_data: bytes
    attestation: bytes


# What somebody gives as his second factor.
Given = OneTimeCode | RecoveryCode | Assertion


def step_at(now: datetime) -> int:
    """Return the number of the time step of an instant (RFC 6238: T)."""
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the step within the window that `code` belongs to, or None. Every step is compared, whichever fits."""
    otp = TOTP(base64.b32encode(secret).decode(), interval=STEP_SECONDS)
    here = step_at(now)
    fitting = [
        step
        for step in range(here - WINDOW, here + WINDOW + 1)
        if hmac.compare_digest(otp.generate_otp(step).encode(), code.encode())
    ]
    return max(fitting, default=None)


def secret_text(secret: bytes) -> str:
    """Return a secret as it is typed into an application (RFC 4648 base32)."""
    return base64.b32encode(secret).decode()


def otpauth_uri(secret: bytes, label: str) -> str:
    """Return the address that a QR symbol carries to an application on a phone."""
    return TOTP(secret_text(secret), interval=STEP_SECONDS).provisioning_uri(name=label, issuer_name=ISSUER)


def recovery_code(entropy: bytes) -> str:
    """Return 80 random bits as sixteen characters in fours, as they are written down: `K7M3-ZP0W-QXAB-C4D5`."""
    number = int.from_bytes(entropy, "big")
    characters = "".join(_BASE32[number >> shift & 31] for shift in range(RECOVERY_BYTES * 8 - 5, -1, -5))
    return "-".join(re.findall("....", characters))


def recovery_hash(country: str, account_id: UUID, code: str) -> bytes:
    """Return what a recovery code is kept under, however it was typed: small letters, spaces, O for 0."""
    bare = re.sub("[^0-9A-Z]", "", code.upper()).translate(_AS_READ)
    return hashlib.sha256(f"{country}|{account_id}|{bare}".encode()).digest()


def seal(key: bytes, secret: bytes, nonce: bytes, *, country: str, factor_id: UUID) -> bytes:
    """Return a secret sealed with AES-256-GCM; it opens in the row it was sealed for and in no other."""
    return nonce + AESGCM(key).encrypt(nonce, secret, _place(country, factor_id))


def unseal(key: bytes, sealed: bytes, *, country: str, factor_id: UUID) -> bytes:
    """Return the secret that `seal` closed. Raises `ValueError` where the key or the row is another one."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(country, factor_id))
    except InvalidTag:
        raise ValueError("the sealed secret of a factor does not open: another key, or another row") from None


def _place(country: str, factor_id: UUID) -> bytes:
    return f"{country}|{factor_id}".encode()
