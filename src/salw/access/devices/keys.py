"""Keys and signatures of devices: P-256 with SHA-256, as a browser's WebCrypto makes them. Pure.

The private half is made on the device, cannot be taken out of it and never comes here.
"""

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from salw.core.errors import Unacceptable

SIGNATURE_SIZE = 64  # IEEE P1363, the form that WebCrypto gives: r and s, 32 bytes each


def load_key(spki: bytes) -> EllipticCurvePublicKey:
    """Return a public key from its SPKI bytes. Raises `device.key_unsuitable`.

    The library refuses a point that is not on the curve. One key has one form here, so that the same key never
    comes in twice under two hashes.
    """
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise Unacceptable("device.key_unsuitable") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise Unacceptable("device.key_unsuitable")
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != spki:
        raise Unacceptable("device.key_unsuitable")
    return key


def hash_key(spki: bytes) -> bytes:
    """Return the hash by which a key is known in statements and events: SHA-256 over its SPKI bytes."""
    return hashlib.sha256(spki).digest()


def is_signed(key: EllipticCurvePublicKey, signature: bytes, told: bytes) -> bool:
    """Say whether `signature` (r and s) was made over `told` with the private half of `key`."""
    if len(signature) != SIGNATURE_SIZE:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        key.verify(encode_dss_signature(r, s), told, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
