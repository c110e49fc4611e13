"""Says in a line why a command ended early, whatever it raised, and with which exit code."""

import sys
from getpass import GetPassWarning

import psycopg
import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from salw.constraints import CONSTRAINTS
from salw.core.engine import EmbeddedError
from salw.core.errors import DomainError
from salw.core.http import database_refusal
from salw.core.language import translate
from salw.core.settings import SettingsError
from salw.intake.register.findings import explain, visible
from salw_cli.files import told
from salw_cli.run import RunError
from salw_cli.usage import line_of, line_of_body

EXIT_REFUSED = 1  # a rule said no, or the input cannot be right
EXIT_USAGE = 2  # the words of the command are wrong (typer's own)
EXIT_UNAVAILABLE = 3  # settings or database are not as they must be

# What a database says that is down, refuses us, or has not got our schema yet.
UNAVAILABLE = (
    psycopg.OperationalError,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedTable,
    psycopg.errors.InsufficientPrivilege,
)
NO_PASSWORD = "program.no_password"  # noqa: S105 - a code, no password
MALFORMED = "request.malformed"
NOT_READY = "program.database_not_ready"


def tell(error: Exception) -> int:
    """Print the line on standard error and return the exit code. Raises the error itself where it is none of ours."""
    line, status = _line_and_status(error)
    if line:
        print(line, file=sys.stderr)
    return status


def _line_and_status(error: Exception) -> tuple[str, int]:
    match error:
        case typer.TyperException():
            # A group without a command: its help was shown already.
            shown = type(error).__name__ == "NoArgsIsHelpError"
            return "" if shown else visible(line_of(error)), error.exit_code
        case GetPassWarning():
            return f"{translate(NO_PASSWORD, 'fr')} [{NO_PASSWORD}]", EXIT_USAGE
        case DomainError():
            return _refused(error)
        case ValidationError():
            wrong = line_of_body(error)
            if wrong is None:
                raise error
            return visible(f"{wrong} [{MALFORMED}]"), EXIT_REFUSED
        case DBAPIError() | psycopg.Error():
            original = error.orig if isinstance(error, DBAPIError) else error
            if not isinstance(original, UNAVAILABLE):
                return _refused(database_refusal(error, CONSTRAINTS))
            reason = visible(str(original).strip().splitlines()[0])
            return f"{translate(NOT_READY, 'fr', reason=reason)} [{NOT_READY}]", EXIT_UNAVAILABLE
        case OSError():
            return visible(told(error)), EXIT_USAGE
        case RunError():
            return str(error), error.status
        case SettingsError() | EmbeddedError():
            return str(error), EXIT_UNAVAILABLE
    raise error


def _refused(error: DomainError) -> tuple[str, int]:
    return visible(f"{explain(error.code, 'fr', error.details)} [{error.code}]"), EXIT_REFUSED
