"""The program `salw`: runs the command that is given, and has said in a line what went wrong."""

import sys
import warnings
from getpass import GetPassWarning
from importlib import import_module
from pathlib import Path

import typer

from salw_cli.commands import Commands

app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False)
EXIT_ABORTED = 1


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
    if token_file is not None:
        import_module("salw_cli.connection").use_token_file(token_file)


def main() -> None:
    """Run the command; a refusal is one line on standard error and an exit code that means something."""
    # A password that nobody could type unseen is not asked for: the warning ends the program with a line instead.
    warnings.simplefilter("error", GetPassWarning)
    try:
        ended = app(prog_name="salw", standalone_mode=False)
    except typer.Abort:
        sys.exit(EXIT_ABORTED)
    except Exception as error:  # noqa: BLE001 - what is none of ours is raised again
        # What tells them knows every rule and every constraint: it is read where something went wrong, alone.
        sys.exit(import_module("salw_cli.refusals").tell(error))
    # Typer gives back the status of what it ended itself: the help, an interruption.
    sys.exit(ended if isinstance(ended, int) else 0)


if __name__ == "__main__":
    main()
