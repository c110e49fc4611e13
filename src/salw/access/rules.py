"""Roles, what each may do, and duties that must not meet. Roles are code; postings are rows."""

from collections.abc import Collection
from enum import StrEnum


class Permission(StrEnum):
    """What a route may ask for, as `resource:action`. Keep the list alphabetical."""

    ASSIGNMENT_RECORD = "assignment:record"
    ATTEMPT_READ = "attempt:read"
    DISPOSAL_APPROVE = "disposal:approve"
    DISPOSAL_PROPOSE = "disposal:propose"
    DISPOSAL_READ = "disposal:read"
    INCIDENT_CLOSE = "incident:close"
    INCIDENT_OPEN = "incident:open"
    INCIDENT_READ = "incident:read"
    ISSUE_RECORD = "issue:record"
    LABEL_MAKE = "label:make"
    MODEL_READ = "model:read"
    ORGANISATION_READ = "organisation:read"
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

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ORDERING_AUTHORITY: frozenset(
        _READS
        | {
            Permission.DISPOSAL_PROPOSE,
            # The authority above settles what the commander reported himself: who reports does not decide.
            Permission.INCIDENT_CLOSE,
            Permission.INCIDENT_OPEN,
            Permission.TRANSFER_CANCEL,
            Permission.TRANSFER_ORDER,
        }
    ),
    Role.ACCOUNTANT: frozenset(_READS | {Permission.WEAPON_REGISTER, Permission.LABEL_MAKE, Permission.INCIDENT_OPEN}),
    Role.STOREKEEPER: frozenset(
        _READS
        | {
            Permission.ASSIGNMENT_RECORD,
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
    Role.ARMOURER: frozenset(_READS | {Permission.INCIDENT_OPEN, Permission.STOCKTAKE_COUNT}),
    Role.UNIT_COMMANDER: frozenset(
        _READS
        | {
            Permission.ASSIGNMENT_RECORD,
            Permission.DISPOSAL_APPROVE,
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
        | {
            Permission.ATTEMPT_READ,
            Permission.STOCKTAKE_OPEN,
            Permission.STOCKTAKE_COUNT,
            Permission.STOCKTAKE_CLOSE,
        }
    ),
    Role.COMMISSION_READER: frozenset({Permission.MODEL_READ, Permission.SESSION_OWN, Permission.SUMMARY_READ}),
    Role.COMMISSION_OFFICER: frozenset(
        {
            Permission.MODEL_READ,
            Permission.SESSION_OWN,
            Permission.SUMMARY_READ,
            Permission.SUMMARY_PUBLISH,
        }
    ),
    Role.ADMINISTRATOR: frozenset({Permission.ATTEMPT_READ, Permission.SESSION_OWN, Permission.ORGANISATION_READ}),
    Role.OVERSIGHT: frozenset({Permission.SESSION_OWN}),
}


# What a session does only soon after both factors were proven: the acts that cannot be taken back, and what carries
# the books out of the house (`design.md` 6; ASVS 5.0, 7.5.3). A token proves nothing anew, so it never does these.
STEP_UP: frozenset[Permission] = frozenset(
    {
        Permission.DISPOSAL_APPROVE,
        Permission.INCIDENT_CLOSE,
        Permission.INCIDENT_OPEN,
        Permission.REPORT_EXPORT,
        Permission.SUMMARY_PUBLISH,
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


def roles_with(permission: Permission) -> list[str]:
    """Return the stored names of the roles that hold a permission."""
    return [role.value for role, held in PERMISSIONS.items() if permission in held]


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
