"""Roles, what each may do, and duties that must not meet. Roles are code; postings are rows."""

import hashlib
import unicodedata
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address

from salw.core.errors import Conflict, DomainError, Unacceptable


class Permission(StrEnum):
    """What a route may ask for, as `resource:action`. Keep the list alphabetical."""

    ACCOUNT_MANAGE = "account:manage"
    ACCOUNT_READ = "account:read"
    ASSIGNMENT_RECORD = "assignment:record"
    ATTEMPT_READ = "attempt:read"
    COMMISSION_READ = "commission:read"
    DEROGATION_GRANT = "derogation:grant"
    DEROGATION_READ = "derogation:read"
    DEVICE_MANAGE = "device:manage"
    DEVICE_READ = "device:read"
    DEVICE_REPORT = "device:report"
    DISCLOSURE_READ = "disclosure:read"
    DISCLOSURE_SET = "disclosure:set"
    DISPOSAL_APPROVE = "disposal:approve"
    DISPOSAL_PROPOSE = "disposal:propose"
    DISPOSAL_READ = "disposal:read"
    EMERGENCY_ACKNOWLEDGE = "emergency:acknowledge"
    EMERGENCY_END = "emergency:end"
    EMERGENCY_OPEN = "emergency:open"
    EMERGENCY_READ = "emergency:read"
    INCIDENT_CLOSE = "incident:close"
    INCIDENT_OPEN = "incident:open"
    INCIDENT_READ = "incident:read"
    ISSUE_RECORD = "issue:record"
    LABEL_MAKE = "label:make"
    MODEL_READ = "model:read"
    ORGANISATION_READ = "organisation:read"
    PERSON_RECORD = "person:record"
    POSTING_MANAGE = "posting:manage"
    RELIEF_RECORD = "relief:record"
    REPORT_EXPORT = "report:export"
    REPORT_READ = "report:read"
    RETURN_RECORD = "return:record"
    SCAN_READ = "scan:read"
    SESSION_OWN = "session:own"
    STOCKTAKE_CLOSE = "stocktake:close"
    STOCKTAKE_COUNT = "stocktake:count"
    STOCKTAKE_OPEN = "stocktake:open"
    STOCKTAKE_READ = "stocktake:read"
    SUMMARY_PUBLISH = "summary:publish"
    SUMMARY_READ = "summary:read"
    TOKEN_CREATE = "token:create"  # noqa: S105 - the name of a permission
    TOKEN_OWN = "token:own"  # noqa: S105 - the name of a permission
    TOKEN_REVOKE = "token:revoke"  # noqa: S105 - the name of a permission
    TRANSFER_APPROVE = "transfer:approve"
    TRANSFER_CANCEL = "transfer:cancel"
    TRANSFER_DISPATCH = "transfer:dispatch"
    TRANSFER_ORDER = "transfer:order"
    TRANSFER_READ = "transfer:read"
    TRANSFER_RECEIVE = "transfer:receive"
    WEAPON_READ = "weapon:read"
    WEAPON_REGISTER = "weapon:register"


class Role(StrEnum):
    """A posting's role, in the words of `docs/glossary.md`. The values are stored and never renamed."""

    ORDERING_AUTHORITY = "ordering_authority"
    ACCOUNTANT = "accountant"
    STOREKEEPER = "storekeeper"
    ARMOURER = "armourer"
    UNIT_COMMANDER = "unit_commander"
    AUDITOR = "auditor"
    COMMISSION_READER = "commission_reader"
    COMMISSION_OFFICER = "commission_officer"
    ADMINISTRATOR = "administrator"
    OVERSIGHT = "oversight"


_READS = {
    Permission.DEVICE_READ,
    Permission.DEROGATION_READ,
    Permission.DISPOSAL_READ,
    Permission.INCIDENT_READ,
    Permission.MODEL_READ,
    Permission.ORGANISATION_READ,
    Permission.REPORT_EXPORT,
    Permission.REPORT_READ,
    Permission.SCAN_READ,
    Permission.SESSION_OWN,
    Permission.STOCKTAKE_READ,
    Permission.TRANSFER_READ,
    Permission.WEAPON_READ,
}

_COMMISSION_READS = {
    Permission.COMMISSION_READ,
    Permission.DISCLOSURE_READ,
    Permission.MODEL_READ,
    Permission.SESSION_OWN,
    Permission.SUMMARY_READ,
}

# Who may read beyond his scope in an emergency: whoever answers for weapons or orders them, when one of his turns up
# elsewhere, and the inspector who follows a trail. Never the commission: what a force shows it is the force's own
# setting, which would be worth nothing if a written reason got past it.
_EMERGENCY = {Permission.EMERGENCY_END, Permission.EMERGENCY_OPEN, Permission.EMERGENCY_READ}

# Whoever reads what a program may want to read may let one read it for him.
_TOKENS = {Permission.TOKEN_CREATE, Permission.TOKEN_OWN}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ORDERING_AUTHORITY: frozenset(
        _READS
        | _EMERGENCY
        | _TOKENS
        | {
            Permission.DISCLOSURE_READ,
            Permission.DISCLOSURE_SET,
            Permission.DEROGATION_GRANT,
            Permission.DISPOSAL_PROPOSE,
            Permission.EMERGENCY_ACKNOWLEDGE,
            # The authority above settles what the commander reported himself: who reports does not decide.
            Permission.INCIDENT_CLOSE,
            Permission.INCIDENT_OPEN,
            Permission.TRANSFER_CANCEL,
            Permission.TRANSFER_ORDER,
        }
    ),
    Role.ACCOUNTANT: frozenset(
        _READS
        | _TOKENS
        | {
            Permission.DEVICE_MANAGE,
            Permission.DISCLOSURE_READ,
            Permission.INCIDENT_OPEN,
            Permission.LABEL_MAKE,
            Permission.WEAPON_REGISTER,
        }
    ),
    Role.STOREKEEPER: frozenset(
        _READS
        | _TOKENS
        | {
            Permission.ASSIGNMENT_RECORD,
            Permission.DEVICE_REPORT,
            Permission.INCIDENT_OPEN,
            Permission.ISSUE_RECORD,
            Permission.LABEL_MAKE,
            Permission.RELIEF_RECORD,
            Permission.RETURN_RECORD,
            Permission.STOCKTAKE_COUNT,
            Permission.TRANSFER_DISPATCH,
            Permission.TRANSFER_RECEIVE,
            Permission.WEAPON_REGISTER,
        }
    ),
    Role.ARMOURER: frozenset(
        _READS | _TOKENS | {Permission.DEVICE_REPORT, Permission.INCIDENT_OPEN, Permission.STOCKTAKE_COUNT}
    ),
    Role.UNIT_COMMANDER: frozenset(
        _READS
        | _EMERGENCY
        | _TOKENS
        | {
            Permission.ASSIGNMENT_RECORD,
            Permission.DEVICE_MANAGE,
            Permission.DISCLOSURE_READ,
            Permission.DISCLOSURE_SET,
            Permission.DEROGATION_GRANT,
            Permission.DISPOSAL_APPROVE,
            Permission.EMERGENCY_ACKNOWLEDGE,
            Permission.INCIDENT_CLOSE,
            Permission.INCIDENT_OPEN,
            Permission.RELIEF_RECORD,
            Permission.STOCKTAKE_CLOSE,
            Permission.STOCKTAKE_OPEN,
            Permission.TRANSFER_APPROVE,
            Permission.TRANSFER_CANCEL,
        }
    ),
    Role.AUDITOR: frozenset(
        _READS
        | _EMERGENCY
        | _TOKENS
        | {
            Permission.ATTEMPT_READ,
            # The laptop that he counts with in a store without network.
            Permission.DEVICE_REPORT,
            Permission.DISCLOSURE_READ,
            Permission.STOCKTAKE_CLOSE,
            Permission.STOCKTAKE_COUNT,
            Permission.STOCKTAKE_OPEN,
        }
    ),
    Role.COMMISSION_READER: frozenset(_COMMISSION_READS | _TOKENS),
    Role.COMMISSION_OFFICER: frozenset(_COMMISSION_READS | _TOKENS | {Permission.SUMMARY_PUBLISH}),
    # Who opens doors to others sees no weapon himself.
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.ACCOUNT_MANAGE,
            Permission.ACCOUNT_READ,
            Permission.ATTEMPT_READ,
            Permission.ORGANISATION_READ,
            Permission.PERSON_RECORD,
            Permission.POSTING_MANAGE,
            Permission.SESSION_OWN,
            Permission.TOKEN_REVOKE,
        }
    ),
    Role.OVERSIGHT: frozenset({Permission.SESSION_OWN}),
}


# What a session does only soon after both factors were proven: the acts that cannot be taken back, what carries the
# books out of the house, and what decides who comes in (`design.md` 6; ASVS 5.0, 7.5.3). A token proves nothing
# anew, so it never does these.
STEP_UP: frozenset[Permission] = frozenset(
    {
        Permission.DISCLOSURE_SET,
        Permission.ACCOUNT_MANAGE,
        Permission.DEROGATION_GRANT,
        Permission.DISPOSAL_APPROVE,
        Permission.EMERGENCY_OPEN,
        Permission.INCIDENT_CLOSE,
        Permission.INCIDENT_OPEN,
        Permission.POSTING_MANAGE,
        Permission.REPORT_EXPORT,
        Permission.SUMMARY_PUBLISH,
        Permission.TOKEN_CREATE,
    }
)

# What an emergency read opens beyond one's scope: looking, never writing.
EMERGENCY_READS: frozenset[Permission] = frozenset(
    {
        Permission.INCIDENT_READ,
        Permission.REPORT_READ,
        Permission.SCAN_READ,
        Permission.STOCKTAKE_READ,
        Permission.TRANSFER_READ,
        Permission.WEAPON_READ,
    }
)

# What `begin_request` calls somebody whose scope an emergency read has widened; no posting bears it.
EMERGENCY_READER = "emergency_reader"


def reads_in_emergency(roles: Iterable[str]) -> bool:
    """Say whether a request's scope holds units of an emergency read, from the roles that its session came with."""
    return EMERGENCY_READER in roles


def roles_with(permission: Permission) -> list[str]:
    """Return the stored names of the roles that hold a permission."""
    return [role.value for role, held in PERMISSIONS.items() if permission in held]


class Sex(StrEnum):
    """Optional, and read in aggregates only."""

    F = "f"
    M = "m"


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


# Seconds to wait after the first failure, the second, and so on; the last repeats, so that nobody is locked out for
# ever (ASVS 5.0, 6.3.1). A whole barracks may sit behind one address, and mistypes more than one person does.
DELAYS: dict[AttemptKind, tuple[int, ...]] = {
    AttemptKind.ACCOUNT: (0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900),
    AttemptKind.SOURCE: (*(0,) * 29, 5, 10, 20, 40, 60),
    AttemptKind.FACTOR: (0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900),
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


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_account": (Conflict, "request.id_reused"),
    "pk_person": (Conflict, "request.id_reused"),
    "pk_posting": (Conflict, "request.id_reused"),
    "uq_account_country_login": (Conflict, "account.login_taken"),
    "uq_person_country_force_code_matricule": (Conflict, "person.matricule_taken"),
    "fk_person_country_force_code": (Unacceptable, "force.not_found"),
    "ck_posting_ends_not_before_start": (Unacceptable, "posting.ends_before_start"),
}


# What leaves a trace: nobody known, not his to do, not within his scope, too often.
TRACED_STATUSES = frozenset({401, 403, 404, 429})

# What is asked for by whoever logs in, in the place of a permission.
LOG_IN = "session:open"


class ReadCode(StrEnum):
    """Why a read leaves a trace. The values are stored and never renamed."""

    PERSON = "read.person"
    EMERGENCY = "read.emergency"
    AWAITED = "read.awaited"


def why_noted(roles: Collection[str], *, own_unit: bool) -> ReadCode | None:
    """Return why reading a weapon leaves a trace: under an emergency read, or of another unit's on its way here."""
    if "emergency_reader" in roles:
        return ReadCode.EMERGENCY
    return None if own_unit else ReadCode.AWAITED
