"""What a log-in takes: its steps, passwords, counted attempts, and how accounts and browsers are named. Pure."""

import hashlib
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address

from salw.core.errors import Unacceptable


class FactorKind(StrEnum):
    """The kinds of second factors. The values are stored and never renamed."""

    TOTP = "totp"
    WEBAUTHN = "webauthn"


class NextStep(StrEnum):
    """What remains to be done after a right password before a session may do anything else."""

    PASSWORD_CHANGE = "password_change"  # noqa: S105 - a word of the interface, no password
    SECOND_FACTOR = "second_factor"
    ENROLMENT = "enrolment"


def next_step(*, demo: bool, must_change_password: bool, has_factor: bool) -> NextStep | None:
    """Return the next step of a log-in, or None where the session is full.

    Demonstration accounts need no second factor, and prove the one that somebody gave them all the same.
    """
    if must_change_password:
        return NextStep.PASSWORD_CHANGE
    if has_factor:
        return NextStep.SECOND_FACTOR
    return None if demo else NextStep.ENROLMENT


# An unattended screen in an armoury: a session that nobody used for this long has ended (ASVS 5.0, 7.3.1).
IDLE_LIMIT = timedelta(hours=1)

# ASVS 5.0, 6.2.1 and 6.2.9: long enough to need no rules of composition, and never cut off where it is longer.
PASSWORD_LEAST, PASSWORD_MOST = 12, 1_000
# The shortest name whose presence in a password means something.
_NAME_LEAST = 4
_SERVICE = "salw"


def written_alike(password: str) -> str:
    """Return a password as it is hashed: two keyboards may write one letter with its accent in two ways (NFC)."""
    return unicodedata.normalize("NFC", password)


def check_password(password: str, *, login: str, is_common: Callable[[str], bool]) -> None:
    """Refuse a new password that is too short or too long, known to everybody, or made of a name (ASVS 5.0, 6.2).

    Raises `password.too_short`, `password.too_long`, `password.common`, `password.has_name`.
    """
    password = written_alike(password)
    if len(password) < PASSWORD_LEAST:
        raise Unacceptable("password.too_short", least=PASSWORD_LEAST)
    if len(password) > PASSWORD_MOST:
        raise Unacceptable("password.too_long", most=PASSWORD_MOST)
    told = password.casefold()
    if any(len(name) >= _NAME_LEAST and name.casefold() in told for name in (login, _SERVICE)):
        raise Unacceptable("password.has_name")
    if is_common(password):
        raise Unacceptable("password.common")


class AttemptKind(StrEnum):
    """What attempts are counted by. The values are stored and never renamed."""

    ACCOUNT = "account"
    SOURCE = "source"
    FACTOR = "factor"
    PIN = "pin"


# Seconds to wait after the first failure, the second, and so on; the last repeats, so that nobody is locked out for
# ever (ASVS 5.0, 6.3.1). A whole barracks may sit behind one address, and mistypes more than one person does.
DELAYS: dict[AttemptKind, tuple[int, ...]] = {
    AttemptKind.ACCOUNT: (0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900),
    AttemptKind.SOURCE: (*(0,) * 29, 5, 10, 20, 40, 60),
    AttemptKind.FACTOR: (0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900),
    # Gloves at five in the morning: he waits, or signs in another way, and nothing is locked.
    AttemptKind.PIN: (0, 0, 0, 15, 30, 60, 120, 240, 480, 900),
}
FORGOTTEN_AFTER = timedelta(days=1)
_BUCKET_BITS = 20


def bucket(key: str) -> int:
    """Return the number under which attempts on `key` are counted: 20 bits of its hash, so that rows are bounded."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") >> (32 - _BUCKET_BITS)


def source_key(address: str) -> str:
    """Return what an address counts as: one line of IPv6 has a whole /64 to choose from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed.packed, 64), strict=False))
    return str(parsed)


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine itself, where no wire can be listened to."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def split_account(account: str) -> tuple[str, str]:
    """Return the log-in name and the country of `login@country`, as they are kept."""
    login, _, country = account.strip().rpartition("@")
    return login.lower(), country.upper()


_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_CLIENT_MOST = 40


def client_of(user_agent: str | None) -> str | None:
    """Return in a word or two what a session was opened with, for its owner to know it again; None if it said nothing.

    No version and no model: it is no fingerprint.
    """
    if not user_agent or not user_agent.strip():
        return None
    browser = next((name for sign, name in _BROWSERS if sign + "/" in user_agent), None)
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), None)
    if browser is None:
        word = user_agent.split("/")[0].strip()[:_CLIENT_MOST]
        return "".join(char for char in word if char.isprintable()) or None
    return f"{browser}, {system}" if system else browser
