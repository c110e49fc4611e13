"""Roles, what each may do, and what of it leaves a trace. Roles are code; postings are rows."""

from enum import StrEnum

from salw.core.errors import Conflict, DomainError, Refused, Unacceptable


class Permission(StrEnum):
    """What a route may ask for, as `resource:action`. Keep the list alphabetical."""

    ACCOUNT_MANAGE = "account:manage"
    ACCOUNT_READ = "account:read"
    ACKNOWLEDGEMENT_RECORD = "acknowledgement:record"
    ACKNOWLEDGEMENT_SET = "acknowledgement:set"
    ASSIGNMENT_RECORD = "assignment:record"
    ATTEMPT_READ = "attempt:read"
    AUTHORISATION_GIVE = "authorisation:give"
    AUTHORISATION_READ = "authorisation:read"
    COMMISSION_READ = "commission:read"
    CONTRACT_RECORD = "contract:record"
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
    DOCUMENT_READ = "document:read"
    DRAW_READ = "draw:read"
    EMERGENCY_ACKNOWLEDGE = "emergency:acknowledge"
    EMERGENCY_END = "emergency:end"
    EMERGENCY_OPEN = "emergency:open"
    EMERGENCY_READ = "emergency:read"
    ENTITLEMENT_SET = "entitlement:set"
    ERASURE_APPROVE = "erasure:approve"
    ERASURE_ORDER = "erasure:order"
    ERASURE_READ = "erasure:read"
    FILE_KEEP = "file:keep"
    FILE_READ = "file:read"
    INCIDENT_CLOSE = "incident:close"
    INCIDENT_OPEN = "incident:open"
    INCIDENT_READ = "incident:read"
    ISSUE_RECORD = "issue:record"
    LABEL_ALARM_CLOSE = "label_alarm:close"
    LABEL_ALARM_READ = "label_alarm:read"
    LABEL_MAKE = "label:make"
    LEDGER_BUNDLE = "ledger:bundle"
    LEDGER_MIRROR = "ledger:mirror"
    LEDGER_READ = "ledger:read"
    MAINTENANCE_PLAN = "maintenance:plan"
    MAINTENANCE_READ = "maintenance:read"
    MAINTENANCE_RECORD = "maintenance:record"
    MODEL_READ = "model:read"
    MUSTER_RECORD = "muster:record"
    NOMINAL_LIST_RECORD = "nominal_list:record"
    ORDER_CONFIRM = "order:confirm"
    ORDER_RECORD = "order:record"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_RECORD = "organisation:record"
    OVERRIDE_ACKNOWLEDGE = "override:acknowledge"
    OVERRIDE_READ = "override:read"
    PAPER_RECORD = "paper:record"
    PERSON_RECORD = "person:record"
    PHOTO_RECORD = "photo:record"
    POSTING_MANAGE = "posting:manage"
    REFORM_DECIDE = "reform:decide"
    REFORM_PROPOSE = "reform:propose"
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
    SUSPENSION_READ = "suspension:read"
    SUSPENSION_RECORD = "suspension:record"
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
    WORKSHOP_RECORD = "workshop:record"


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
    Permission.DOCUMENT_READ,
    Permission.DRAW_READ,
    Permission.FILE_READ,
    Permission.INCIDENT_READ,
    Permission.LABEL_ALARM_READ,
    Permission.MAINTENANCE_READ,
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

# How far an entry of the trail is proven is for who checks the books or answers for them, not for who keeps them.
_COMMISSION_READS = {
    Permission.COMMISSION_READ,
    Permission.DISCLOSURE_READ,
    Permission.LEDGER_READ,
    Permission.MODEL_READ,
    Permission.SESSION_OWN,
    Permission.SUMMARY_READ,
}

# Who may read beyond his scope in an emergency: whoever answers for weapons or orders them, when one of his turns up
# elsewhere, and the inspector who follows a trail. Never the commission: what a force shows it is the force's own
# setting, which would be worth nothing if a written reason got past it.
_EMERGENCY = {Permission.EMERGENCY_END, Permission.EMERGENCY_OPEN, Permission.EMERGENCY_READ}

# What is missing where weapons are issued all the same, and why the right to draw was withdrawn, concern whoever
# answers for the man and whoever stands above him: these two read a reason, and nobody else, not who keeps the
# weapons, and not who administers the accounts and sees no weapon.
_DRAWING = {
    Permission.AUTHORISATION_READ,
    Permission.OVERRIDE_ACKNOWLEDGE,
    Permission.OVERRIDE_READ,
    Permission.SUSPENSION_READ,
    Permission.SUSPENSION_RECORD,
}

# Whoever reads what a program may want to read may let one read it for him.
_TOKENS = {Permission.TOKEN_CREATE, Permission.TOKEN_OWN}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ORDERING_AUTHORITY: frozenset(
        _READS
        | _DRAWING
        | _EMERGENCY
        | _TOKENS
        | {
            Permission.ACKNOWLEDGEMENT_SET,
            Permission.DISCLOSURE_READ,
            Permission.DISCLOSURE_SET,
            Permission.DEROGATION_GRANT,
            Permission.DISPOSAL_PROPOSE,
            Permission.EMERGENCY_ACKNOWLEDGE,
            Permission.ERASURE_ORDER,
            Permission.ERASURE_READ,
            # The authority above settles what the commander reported himself: who reports does not decide.
            Permission.INCIDENT_CLOSE,
            Permission.FILE_KEEP,
            Permission.INCIDENT_OPEN,
            Permission.LABEL_ALARM_CLOSE,
            Permission.LEDGER_BUNDLE,
            Permission.ORDER_CONFIRM,
            Permission.TRANSFER_CANCEL,
            Permission.TRANSFER_ORDER,
            Permission.MAINTENANCE_PLAN,
            Permission.REFORM_DECIDE,
        }
    ),
    Role.ACCOUNTANT: frozenset(
        _READS
        | _TOKENS
        | {
            Permission.DEVICE_MANAGE,
            Permission.DISCLOSURE_READ,
            # The decision is the authority's, signed on paper; who keeps the books enters it.
            Permission.ENTITLEMENT_SET,
            Permission.FILE_KEEP,
            Permission.INCIDENT_OPEN,
            Permission.LABEL_MAKE,
            Permission.PAPER_RECORD,
            Permission.PHOTO_RECORD,
            Permission.WEAPON_REGISTER,
        }
    ),
    Role.STOREKEEPER: frozenset(
        _READS
        | _TOKENS
        | {
            Permission.ACKNOWLEDGEMENT_RECORD,
            Permission.ASSIGNMENT_RECORD,
            Permission.DEVICE_REPORT,
            Permission.FILE_KEEP,
            Permission.INCIDENT_OPEN,
            Permission.ISSUE_RECORD,
            Permission.LABEL_MAKE,
            Permission.MUSTER_RECORD,
            Permission.NOMINAL_LIST_RECORD,
            Permission.ORDER_RECORD,
            Permission.PAPER_RECORD,
            Permission.PHOTO_RECORD,
            Permission.RELIEF_RECORD,
            Permission.RETURN_RECORD,
            Permission.STOCKTAKE_COUNT,
            Permission.TRANSFER_DISPATCH,
            Permission.TRANSFER_RECEIVE,
            Permission.WEAPON_REGISTER,
            Permission.REFORM_PROPOSE,
            # He keeps the store that weapons leave for the workshop, and takes them back.
            Permission.WORKSHOP_RECORD,
        }
    ),
    Role.ARMOURER: frozenset(
        _READS
        | _TOKENS
        | {
            Permission.DEVICE_REPORT,
            Permission.FILE_KEEP,
            Permission.INCIDENT_OPEN,
            Permission.MAINTENANCE_RECORD,
            Permission.MUSTER_RECORD,
            Permission.PHOTO_RECORD,
            Permission.REFORM_PROPOSE,
            Permission.STOCKTAKE_COUNT,
        }
    ),
    Role.UNIT_COMMANDER: frozenset(
        _READS
        | _DRAWING
        | _EMERGENCY
        | _TOKENS
        | {
            Permission.ACKNOWLEDGEMENT_SET,
            Permission.ASSIGNMENT_RECORD,
            Permission.AUTHORISATION_GIVE,
            Permission.CONTRACT_RECORD,
            Permission.DEVICE_MANAGE,
            Permission.DISCLOSURE_READ,
            Permission.DISCLOSURE_SET,
            Permission.DEROGATION_GRANT,
            Permission.DISPOSAL_APPROVE,
            Permission.EMERGENCY_ACKNOWLEDGE,
            Permission.ERASURE_APPROVE,
            Permission.ERASURE_READ,
            Permission.INCIDENT_CLOSE,
            Permission.FILE_KEEP,
            Permission.INCIDENT_OPEN,
            # Who makes labels does not judge an alarm about one.
            Permission.LABEL_ALARM_CLOSE,
            Permission.LEDGER_BUNDLE,
            Permission.ORDER_CONFIRM,
            Permission.LEDGER_READ,
            Permission.MUSTER_RECORD,
            Permission.NOMINAL_LIST_RECORD,
            Permission.RELIEF_RECORD,
            Permission.STOCKTAKE_CLOSE,
            Permission.STOCKTAKE_OPEN,
            Permission.TRANSFER_APPROVE,
            Permission.TRANSFER_CANCEL,
            Permission.MAINTENANCE_PLAN,
            Permission.REFORM_DECIDE,
        }
    ),
    Role.AUDITOR: frozenset(
        _READS
        | _EMERGENCY
        | _TOKENS
        | {
            Permission.ATTEMPT_READ,
            Permission.AUTHORISATION_READ,
            # The laptop that he counts with in a store without network.
            Permission.DEVICE_REPORT,
            Permission.DISCLOSURE_READ,
            Permission.ERASURE_READ,
            Permission.LEDGER_BUNDLE,
            # A copy of every event is the whole register: the commission, which sees what a force shows, has none.
            Permission.LEDGER_MIRROR,
            Permission.LEDGER_READ,
            Permission.MUSTER_RECORD,
            Permission.OVERRIDE_READ,
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
            Permission.CONTRACT_RECORD,
            Permission.ORGANISATION_READ,
            Permission.ORGANISATION_RECORD,
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
        Permission.ERASURE_APPROVE,
        Permission.ERASURE_ORDER,
        Permission.INCIDENT_CLOSE,
        Permission.INCIDENT_OPEN,
        Permission.LEDGER_BUNDLE,
        Permission.ORGANISATION_RECORD,
        Permission.POSTING_MANAGE,
        Permission.REPORT_EXPORT,
        Permission.SUMMARY_PUBLISH,
        # Medical and disciplinary reasons are shown to a person, never to a program.
        Permission.SUSPENSION_READ,
        Permission.TOKEN_CREATE,
    }
)

# Functions that read or speak for a whole country, whatever unit they are given at: they are given at its top alone, by
# whoever administers that.
NATIONAL_ROLES: frozenset[Role] = frozenset({Role.COMMISSION_READER, Role.COMMISSION_OFFICER, Role.OVERSIGHT})


def roles_with(permission: Permission) -> list[str]:
    """Return the stored names of the roles that hold a permission."""
    return [role.value for role, held in PERMISSIONS.items() if permission in held]


CONSTRAINTS: dict[str, tuple[type[DomainError], str]] = {
    "pk_account": (Conflict, "request.id_reused"),
    "pk_person": (Conflict, "request.id_reused"),
    "pk_posting": (Conflict, "request.id_reused"),
    "uq_account_country_login": (Conflict, "account.login_taken"),
    "uq_person_country_force_code_matricule": (Conflict, "person.matricule_taken"),
    "uq_unit_country_uuid": (Conflict, "request.id_reused"),
    "SW008": (Conflict, "person.still_answers"),
    "fk_person_country_force_code": (Unacceptable, "force.not_found"),
    "posting_national_at_the_top": (Refused, "posting.national_role"),
    "fk_unit_country_force_code": (Unacceptable, "force.not_found"),
    "ck_posting_ends_not_before_start": (Unacceptable, "posting.ends_before_start"),
}
