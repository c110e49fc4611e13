"""What tests of register import share: the program run as a member of the cast, and what staging kept."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from program import PASSWORD, give_account
from salw.core.db import Row, run
from starter import run_program
from world import World


@dataclass(frozen=True)
class Desk:
    """Somebody at a terminal: the program, run with his account."""

    account: str
    environment: Mapping[str, str]
    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `salw` with these arguments to its end."""
        environment = {**os.environ, **self.environment, "SALW_ACCOUNT": self.account, "SALW_PASSWORD": PASSWORD}
        return run_program(*arguments, environment=environment, cwd=self.folder)

    def register(
        self, world: World, file: Path, mapping: Path, *options: str, store: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Import a register into Alpha's store (or the store named)."""
        where = store or str(world.store_alpha)
        return self.run("register", "import", str(file), "--mapping", str(mapping), "--store", where, *options)


def sit_down(world: World, job: str, urls: Mapping[str, str], folder: Path) -> Desk:
    """Give a member an account with a password that is known, and return him at his terminal."""
    return Desk(give_account(world, job), {"SALW_DATABASE_URL": urls["salw_app"]}, folder)


def answered(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what a command said with --json."""
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def staged(world: World, file_id: str) -> list[Row]:
    """Return every row of a file as staging kept it, with the serial of the weapon it became."""
    with world.transaction() as db:
        return run(
            db,
            "select r.line, r.raw, r.status, r.flags, r.refusals, r.weapon_id, w.serial, w.unidentified, "
            "w.registry_number from register_row r left join weapon w on (w.country, w.id) = (r.country, r.weapon_id) "
            "where r.file_id = %(file)s order by r.line",
            {"file": file_id},
        )


def weapons_of(world: World) -> int:
    """Return how many weapons this world has on its books."""
    with world.transaction() as db:
        rows = run(db, "select count(*) as n from custody where unit_id = any(%(u)s)", {"u": list(world.units)})
    return int(rows[0]["n"])
