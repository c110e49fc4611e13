"""The program `salw` in a process of its own, as a person types it, and an account to type it with."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from salw.access.operations.accounts import create_account
from salw.access.operations.passwords import hash_password
from salw.core import clock
from salw.core.ids import new_id
from salw.core.settings import URL_SETTINGS
from starter import run_program
from world import World

PASSWORD = "un mot de passe d'essai"


def salw(
    urls: Mapping[str, str], *words: str, cwd: Path | None = None, shown: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `salw WORDS` on the database of `urls`, with the password of `give_account` at hand.

    `shown` is where a shell sends what it prints, such as `>/dev/full`.
    """
    environment = {
        **bare_environment(),
        **{f"SALW_{URL_SETTINGS[role].upper()}": url for role, url in urls.items()},
        "SALW_PASSWORD": PASSWORD,
    }
    if not shown:
        return run_program(*words, environment=environment, cwd=cwd)
    command = ["sh", "-c", f'exec "$@" {shown}', "sh", sys.executable, "-m", "salw_cli.main", *words]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)


def bare_environment() -> dict[str, str]:
    """Return the environment of whoever runs the tests, without a setting of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SALW_")}


def give_account(world: World, job: str, *, demo: bool = True) -> str:
    """Give one of the cast an account with a password, and return its log-in name.

    Unless told otherwise it is a demonstration account, for which the password is enough: what second factors do has
    tests of its own.
    """
    login = f"{job}-{new_id().hex}"
    with world.transaction() as db:
        create_account(
            db,
            actor=world.founder,
            now=clock.now(),
            account_id=new_id(),
            person_id=world[job].person_id,
            login=login,
            password_hash=_hash(),
            demo=demo,
        )
    return f"{login}@{world.country}"


@cache
def _hash() -> str:
    """Return the hash of `PASSWORD`, made once."""
    return hash_password(PASSWORD)
