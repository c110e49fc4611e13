"""The program `salw`: puts the commands of the other files together and says what went wrong in a line."""

import sys
import warnings
from getpass import GetPassWarning
from pathlib import Path
from typing import NoReturn

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
from salw_cli import db, demo, desk_reports, labels, ledger, register, service, stocktake, summary, users, witness
from salw_cli.connection import use_token_file
from salw_cli.files import told
from salw_cli.run import RunError
from salw_cli.usage import line_of, line_of_body

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def program(
    token_file: Path | None = typer.Option(
        None,
        "--token-file",
        exists=True,
        dir_okay=False,
        help="Fichier d'un jeton d'accès, pour agir sans compte ni mot de passe (sinon SALW_TOKEN).",
    ),
) -> None:
    """Registre des armes légères et de petit calibre."""
    use_token_file(token_file)


app.add_typer(db.app, name="db")
app.add_typer(register.app, name="register")
app.add_typer(desk_reports.app, name="report")
app.command("serve")(service.serve)
app.command("demo")(demo.demo)
app.add_typer(summary.app, name="summary")
app.add_typer(labels.app, name="labels")
app.add_typer(stocktake.app, name="stocktake")
app.add_typer(ledger.app, name="ledger")
app.add_typer(witness.app, name="witness")
app.add_typer(users.app, name="users")

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


def main() -> None:
    """Run the command; a refusal is one line on standard error and an exit code that means something."""
    # A password that nobody could type unseen is not asked for: the warning ends the program with a line instead.
    warnings.simplefilter("error", GetPassWarning)
    try:
        ended = app(prog_name="salw", standalone_mode=False)
    except typer.Abort:
        sys.exit(EXIT_REFUSED)
    except typer.TyperException as error:
        _explain(error)
    except GetPassWarning:
        print(f"{translate(NO_PASSWORD, 'fr')} [{NO_PASSWORD}]", file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except DomainError as error:
        _refuse(error)
    except ValidationError as error:
        line = line_of_body(error)
        if line is None:
            raise
        print(visible(f"{line} [{MALFORMED}]"), file=sys.stderr)
        sys.exit(EXIT_REFUSED)
    except (DBAPIError, psycopg.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(original, UNAVAILABLE):
            _refuse(database_refusal(error, CONSTRAINTS))
        reason = str(original).strip().splitlines()[0]
        print(f"{translate(NOT_READY, 'fr', reason=visible(reason))} [{NOT_READY}]", file=sys.stderr)
        sys.exit(EXIT_UNAVAILABLE)
    except OSError as error:
        print(visible(told(error)), file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except RunError as error:
        print(error, file=sys.stderr)
        sys.exit(error.status)
    except (SettingsError, EmbeddedError) as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_UNAVAILABLE)
    # Typer gives back the status of what it ended itself: the help, an interruption.
    sys.exit(ended if isinstance(ended, int) else 0)


def _explain(error: typer.TyperException) -> NoReturn:
    # A group without a command: its help was shown already.
    if type(error).__name__ != "NoArgsIsHelpError":
        print(visible(line_of(error)), file=sys.stderr)
    sys.exit(error.exit_code)


def _refuse(error: DomainError) -> NoReturn:
    print(visible(f"{explain(error.code, 'fr', error.details)} [{error.code}]"), file=sys.stderr)
    sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
