"""The program asking for the second factor, as a person at a terminal meets it."""

import base64
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from entrance import as_owner
from program import PASSWORD, bare_environment, give_account
from proving import code_of, wrong_code
from salw.access.factors.rules import recovery_hash, seal, secret_text
from salw.access.log_in_rules import bucket
from salw.core.ids import new_id, random_bytes
from starter import run_program
from world import World

KEY, SECRET, PAPER = bytes(range(32)), bytes(range(20)), "K7M3-ZP0W-QXAB-C4D5"


@dataclass
class Terminal:
    """A person with a generator of codes and a paper, at the program."""

    account: str
    urls: Mapping[str, str]
    world: World
    folder: Path

    def make_sheet(self, typed: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Make a label sheet, typing this where the code is asked for."""
        environment = {
            **bare_environment(),
            "SALW_DATABASE_URL": self.urls["salw_app"],
            "SALW_FACTOR_KEY": base64.b64encode(KEY).decode(),
            "SALW_PASSWORD": PASSWORD,
            **settings,
        }
        self.world.register(1)
        words = ("labels", "sheet", "--store", str(self.world.store_alpha), "--account", self.account)
        out = self.folder / f"{new_id()}.pdf"
        return run_program(*words, "--out", str(out), environment=environment, typed=typed + "\n")


@pytest.fixture
def terminal(world: World, urls: Mapping[str, str], owner_engine: Engine, tmp_path: Path) -> Terminal:
    account, factor = give_account(world, "keeper", demo=False), new_id()
    (row,) = as_owner(owner_engine, "select id from account where login = %(l)s", l=account.split("@")[0])
    as_owner(
        owner_engine,
        "insert into factor (country, id, account_id, kind, name, created_at, confirmed_at, sealed_secret, last_step) "
        "values ('BF', %(id)s, %(account)s, 'totp', 'téléphone', now(), now(), %(sealed)s, 0)",
        id=factor,
        account=row["id"],
        sealed=seal(KEY, SECRET, random_bytes(12), country="BF", factor_id=factor),
    )
    as_owner(
        owner_engine,
        "insert into recovery_code (country, account_id, code_hash, created_at) values ('BF', %(a)s, %(h)s, now())",
        a=row["id"],
        h=recovery_hash("BF", row["id"], PAPER),
    )
    return Terminal(account, urls, world, tmp_path)


def test_the_code_of_the_phone_opens_once(terminal: Terminal) -> None:
    code = code_of(secret_text(SECRET))
    told = terminal.make_sheet(code)
    assert told.returncode == 0, told.stderr
    assert "Code à usage unique" in told.stderr
    again = terminal.make_sheet(code)
    assert (again.returncode, again.stderr.strip().endswith("[session.wrong_proof]")) == (1, True)


def test_a_code_of_the_paper_opens_once(terminal: Terminal) -> None:
    told = terminal.make_sheet(PAPER.lower())
    assert told.returncode == 0, told.stderr
    assert terminal.make_sheet(PAPER).returncode == 1


def test_a_wrong_code_is_counted_as_on_the_pages(terminal: Terminal, owner_engine: Engine) -> None:
    told = terminal.make_sheet(wrong_code(secret_text(SECRET)))
    assert told.stderr.strip().endswith("[session.wrong_proof]")
    (account,) = as_owner(owner_engine, "select id from account where login = %(l)s", l=terminal.account.split("@")[0])
    # Five programs take longer to start than the wait after the fifth: its end is moved, and the count is the pages'.
    counted = as_owner(
        owner_engine,
        "update attempt_count set waits_until = now() + interval '1 hour' where kind = 'factor' and bucket = %(b)s "
        "returning attempts",
        b=bucket(str(account["id"])),
    )
    assert [row["attempts"] for row in counted] == [1]
    told = terminal.make_sheet(code_of(secret_text(SECRET)))
    assert (told.returncode, told.stderr.strip().endswith("[session.too_many_attempts]")) == (1, True)


def test_without_the_key_of_second_factors_no_code_is_asked_for(terminal: Terminal) -> None:
    told = terminal.make_sheet("", SALW_FACTOR_KEY="")
    assert (told.returncode, "[settings.factor_key_missing]" in told.stderr) == (3, True)
    assert "Code" not in told.stderr
