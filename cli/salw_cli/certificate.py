"""The certificate and the key of HTTPS, looked at before anything listens: what the library says of them is English."""

import ssl
from typing import NoReturn

from salw.core.settings import Settings, SettingsError

_NOT_A_PAIR = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED", "NO_PRIVATE_KEY_ASSIGNED"}


class _LockedError(Exception):
    """The key asks for a passphrase."""


def check_certificate(settings: Settings) -> None:
    """Refuse a certificate and a key that HTTPS could not be served with. Error: `settings.invalid`.

    A key with a passphrase is refused too: nobody is there to type it when a service starts again at night.
    """
    certificate, key = settings.tls_cert, settings.tls_key
    if certificate is None or key is None:
        return
    for which, path in (("CERT", certificate), ("KEY", key)):
        try:
            path.open("rb").close()
        except OSError:
            raise _refusal(which, "settings.reason.forbidden") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # By itself first: of a file that is not PEM the pair does not say which of the two it is.
        context.load_verify_locations(certificate)
    except ssl.SSLError:
        raise _refusal("CERT", "settings.reason.no_certificate", path=certificate) from None
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except _LockedError:
        raise _refusal("KEY", "settings.reason.locked_key", path=key) from None
    except ssl.SSLError as error:
        reason = error.reason or ""
        if reason in _NOT_A_PAIR:
            raise _refusal("KEY", "settings.reason.other_key", path=key, other="SALW_TLS_CERT") from None
        if reason.endswith(("TOO_SMALL", "TOO_WEAK")):
            raise _refusal("CERT", "settings.reason.weak_certificate", path=certificate) from None
        raise _refusal("KEY", "settings.reason.no_key", path=key) from None


def _no_passphrase() -> NoReturn:
    raise _LockedError


def _refusal(which: str, reason: str, **details: object) -> SettingsError:
    return SettingsError("settings.invalid", name=f"SALW_TLS_{which}", reason=reason, **details)
