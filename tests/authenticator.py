"""A software authenticator: what a passkey or security key does, with a real key and real bytes (WebAuthn 2)."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    """Return bytes as browsers write them: base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Return the bytes of a base64url text."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One key of P-256 on one device, and the browser around it: `origin` is what its address bar says."""

    origin: str
    verifies: bool = True
    rp_id: str | None = None
    cross_origin: bool = False
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0

    def create(self, options: dict[str, Any]) -> dict[str, str]:
        """Answer `navigator.credentials.create`: the fields of an enrolment beside its id, name and challenge."""
        assert {"type": "public-key", "alg": -7} in options["pubKeyCredParams"]
        assert b64(self.credential_id) not in [known["id"] for known in options["excludeCredentials"]]
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.public_key()
        data = self._data(self.rp_id or options["rp"]["id"], ATTESTED) + attested
        return {
            "client_data": b64(self._client_data("webauthn.create", options["challenge"])),
            "attestation": b64(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }

    def get(self, options: dict[str, Any]) -> dict[str, str]:
        """Answer `navigator.credentials.get`: the fields of an assertion beside its challenge."""
        self.count += 1
        data = self._data(self.rp_id or options["rpId"], 0)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = data + hashlib.sha256(client_data).digest()
        return {
            "credential": b64(self.credential_id),
            "client_data": b64(client_data),
            "authenticator_data": b64(data),
            "signature": b64(self.key.sign(signed, ec.ECDSA(SHA256()))),
        }

    def public_key(self) -> bytes:
        """Return the public half as COSE (RFC 9053: EC2, ES256, P-256)."""
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= USER_PRESENT | (USER_VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(told).encode()
